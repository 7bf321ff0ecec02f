/** An element with properties and children; text is text, never HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export const clock = (ms: number): string =>
  new Date(ms).toLocaleTimeString([], {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });

/** With the date and milliseconds, in the reader's own zone. */
export function moment(ms: number): string {
  const local = new Date(ms - 60_000 * new Date(ms).getTimezoneOffset());
  return local.toISOString().replace('T', ' ').slice(0, 23);
}

/** A table; a cell is text or an element. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (Node | string)[])[],
): HTMLTableElement {
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, name)))),
    element(
      'tbody',
      {},
      ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
    ),
  );
}

/** A colour of the page's style, for what is drawn on a canvas. */
export const styleColor = (name: string): string =>
  getComputedStyle(document.body).getPropertyValue(name).trim();

/**
 * Puts new content in the place of the old one. What bears the same `data-key` stays open where it was open, and keeps
 * the focus.
 */
export function replaceKeeping(place: HTMLElement, parts: readonly Node[]): void {
  const find = (key: string | undefined): HTMLElement | SVGElement | undefined =>
    key === undefined
      ? undefined
      : [...place.querySelectorAll<HTMLElement | SVGElement>('[data-key]')].find(
          (one) => one.dataset.key === key,
        );
  const open = [...place.querySelectorAll<HTMLDetailsElement>('details[open]')].map(
    ({ dataset }) => dataset.key,
  );
  const active = document.activeElement;
  const focused = place.contains(active)
    ? active?.closest<HTMLElement | SVGElement>('[data-key]')?.dataset.key
    : undefined;
  place.replaceChildren(...parts);
  for (const key of open) {
    const details = find(key);
    if (details instanceof HTMLDetailsElement) details.open = true;
  }
  const next = find(focused);
  (next instanceof HTMLDetailsElement ? next.querySelector('summary') : next)?.focus();
}

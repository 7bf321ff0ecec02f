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

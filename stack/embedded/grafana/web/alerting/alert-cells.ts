// What the tables of alerts have in common.
import { element } from '../dom.ts';
import type { Labels } from './alerting-data.ts';

/** A state as a word in its colour: `firing`, `active`, `suppressed`. */
export const stateBadge = (state: string): HTMLElement =>
  element('span', { className: `state state-${state.replace(/\W/g, '')}` }, state);

/** `severity="critical"`, one after another; the name of the alert stands elsewhere. */
export function labelList(labels: Labels): HTMLElement {
  const list = element('ul', { className: 'labels' });
  for (const [name, value] of Object.entries(labels).sort()) {
    if (name !== 'alertname') list.append(element('li', {}, `${name}="${value}"`));
  }
  return list;
}

/** The summary, a link for each annotation that is an address, and the others on demand. */
export function annotationCell(annotations: Labels, key: string): HTMLElement {
  const { summary = '', ...others } = annotations;
  const cell = element('div', {}, summary);
  const rest: [string, string][] = [];
  const links = element('p', { className: 'links' });
  for (const [name, value] of Object.entries(others).sort()) {
    if (/^https?:\/\/\S+$/.test(value)) links.append(element('a', { href: value }, linkName(name)));
    else rest.push([name, value]);
  }
  if (links.childElementCount > 0) cell.append(links);
  if (rest.length > 0) {
    const more = element(
      'details',
      {},
      element('summary', {}, 'Annotations'),
      element(
        'dl',
        {},
        ...rest.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
      ),
    );
    more.dataset.key = `annotations ${key}`;
    cell.append(more);
  }
  return cell;
}

/** `runbook_url`: Runbook. */
function linkName(annotation: string): string {
  const name = annotation.replace(/_?url$/i, '').replace(/_/g, ' ') || annotation;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A button that names what it is about for whoever hears it out of its row. */
export function rowButton(text: string, about: string, onclick: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', onclick }, text);
  button.setAttribute('aria-label', `${text} ${about}`);
  button.dataset.key = `${text} ${about}`;
  return button;
}

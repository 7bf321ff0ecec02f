// The last queries, kept by the browser.
import { element } from './dom.ts';

export interface PastQuery {
  readonly source: string;
  readonly query: string;
}

const key = 'explore-queries';
export const mostKept = 20;

/** The newest first. What cannot be read is as if it were not there. */
export function readQueries(store: Pick<Storage, 'getItem'>): PastQuery[] {
  try {
    const kept: unknown = JSON.parse(store.getItem(key) ?? '[]');
    return (Array.isArray(kept) ? (kept as Partial<PastQuery>[]) : []).flatMap((one) =>
      typeof one?.source === 'string' && typeof one.query === 'string'
        ? [{ source: one.source, query: one.query }]
        : [],
    );
  } catch {
    return [];
  }
}

/** Puts a query in front; one that was asked before moves there. */
export function rememberQuery(store: Pick<Storage, 'getItem' | 'setItem'>, asked: PastQuery): void {
  const others = readQueries(store).filter(
    ({ source, query }) => source !== asked.source || query !== asked.query,
  );
  try {
    store.setItem(key, JSON.stringify([asked, ...others].slice(0, mostKept)));
  } catch {
    // The browser keeps nothing: the page works without.
  }
}

/** A list that opens; what is chosen is asked again. */
export function historyView(
  nameOf: (source: string) => string | undefined,
  choose: (chosen: PastQuery) => void,
): HTMLDetailsElement {
  const list = element('ol');
  const view = element('details', { className: 'history' }, element('summary', {}, 'Query history'), list);
  view.ontoggle = () => {
    if (!view.open) return;
    const known = readQueries(localStorage).filter(({ source }) => nameOf(source) !== undefined);
    list.replaceChildren(
      ...known.map((one) => {
        const onclick = () => {
          view.open = false;
          choose(one);
        };
        const button = element('button', { type: 'button', onclick }, element('code', {}, one.query));
        return element('li', {}, element('span', {}, nameOf(one.source) ?? ''), ' ', button);
      }),
    );
    if (known.length === 0) list.replaceChildren(element('li', {}, 'No query was run yet.'));
  };
  return view;
}

import type { Mark, Range } from '../data.ts';
import { newestSeries } from '../newest.ts';
import type { Series } from '../series.ts';
import type { PanelView } from '../view.ts';

/** What a panel is given besides itself. */
export interface Surroundings {
  /** The address that shows a trace; undefined when no data source has traces. */
  readonly traceAddress: (id: string, source?: string) => string | undefined;
  /** The dashboard for another range of time, in milliseconds. */
  readonly zoom: (from: number, to: number) => void;
}

/** Asks for what the panel shows and draws it. Throws NothingFound, or an Error in the data source's words. */
export type Refresh = (range: Range, marks: readonly Mark[] | Promise<readonly Mark[]>) => Promise<void>;

/** Fills an empty element and returns how to refresh it. */
export type Draw = (panel: PanelView, host: HTMLElement, surroundings: Surroundings) => Refresh;

/** Every query was answered, and none with data. */
export class NothingFound extends Error {}

/** The series of all queries of a panel. Throws NothingFound when there are none. */
export async function seriesOf({ targets }: PanelView, range: Range): Promise<Series[]> {
  const found = (await Promise.all(targets.map((target) => newestSeries(target, range)))).flat();
  const some = found.filter(({ values }) => values.length > 0);
  if (some.length === 0) throw new NothingFound();
  return some;
}

/** The address that a panel's link leads to for a series, in the range of time that is shown. */
export function linkOf(
  { link }: PanelView,
  labels: Readonly<Record<string, string>>,
  { from, to }: Range,
): string | undefined {
  if (link === undefined) return undefined;
  let complete = true;
  const address = link.url
    .replace(/\$\{__field\.labels\.(\w+)\}/g, (_, name: string) => {
      complete &&= labels[name] !== undefined;
      return encodeURIComponent(labels[name] ?? '');
    })
    .replace(/\$\{__url_time_range\}/, `from=${Math.round(from)}&to=${Math.round(to)}`);
  return complete ? address : undefined;
}

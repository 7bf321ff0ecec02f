import { fetchLines, fetchTraces, type LogLine } from '../data.ts';
import { clock, element, moment, tableOf } from '../dom.ts';
import type { SourceView } from '../view.ts';
import { sayValue } from './numbers.ts';
import { type Draw, NothingFound, type Surroundings, seriesOf } from './panel.ts';

/** The last value of each series with its labels as columns; for Jaeger the traces that were found. */
export const drawTable: Draw = (panel, host, surroundings) => async (range) => {
  const [first] = panel.targets;
  if (first?.source.type === 'jaeger') {
    const found = (await Promise.all(panel.targets.map((target) => fetchTraces(target, range)))).flat();
    if (found.length === 0) throw new NothingFound();
    host.replaceChildren(
      tableOf(
        ['Start', 'Trace', 'Duration', 'Spans', 'Errors'],
        found
          .sort((a, b) => b.startMs - a.startMs)
          .map(({ id, root, startMs, durationMs, spans, errors }) => [
            clock(startMs),
            element('a', { href: surroundings.traceAddress(id, first.source.uid) ?? '' }, root || id),
            `${durationMs < 10 ? durationMs.toFixed(1) : Math.round(durationMs)} ms`,
            String(spans),
            String(errors),
          ]),
      ),
    );
    return;
  }
  const series = await seriesOf(panel, range);
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].filter(
    (name) => name !== '__name__',
  );
  const multiple = series.some(({ values }) => values.at(-1) !== 1);
  host.replaceChildren(
    tableOf(
      [...names, ...(multiple ? ['Value'] : [])],
      series.map(({ labels, values }) => [
        ...names.map((name) => labels[name] ?? ''),
        ...(multiple ? [sayValue(panel, values.at(-1)!).text] : []),
      ]),
    ),
  );
};

/** Log lines, the newest first; each opens into its fields. */
export const drawLogs: Draw = (panel, host, surroundings) => {
  const list = element('ol', { className: 'lines' });
  host.append(list);
  return async (range) => {
    const found = await Promise.all(
      panel.targets.map(async (target) =>
        (await fetchLines(target, range)).map((line) => ({ ...line, source: target.source })),
      ),
    );
    const lines = found.flat().sort((a, b) => (BigInt(a.ns) < BigInt(b.ns) ? 1 : -1));
    if (lines.length === 0) throw new NothingFound();
    // What somebody reads stays as it is: lines that are still there keep their element.
    const old = new Map([...list.children].map((item) => [(item as HTMLElement).dataset.key, item]));
    list.replaceChildren(
      ...lines.slice(0, panel.targets[0]?.limit).map((line) => {
        const key = `${line.ns} ${line.line}`;
        const item = old.get(key);
        old.delete(key);
        return item ?? lineItem(line, line.source, key, surroundings);
      }),
    );
  };
};

/** A line with its time; it opens into its labels, and leads to its trace. */
export function lineItem(
  { ns, line, labels }: LogLine,
  source: SourceView,
  key: string,
  { traceAddress }: Surroundings,
): HTMLElement {
  const level = labels.level ?? labels.detected_level ?? 'unknown';
  const time = element('time', {}, moment(Number(BigInt(ns) / 1_000_000n)));
  const summary = element('summary', {}, time, element('code', {}, line));
  const details = element('details', {}, summary);
  details.ontoggle = () => {
    // Only for a line that is opened: there may be hundreds.
    if (!details.open || details.childElementCount > 1) return;
    details.append(tableOf(['Field', 'Value'], Object.entries(labels).sort()));
  };
  const item = element('li', { className: `level-${level.replace(/\W/g, '')}` }, details);
  item.dataset.key = key;
  const trace = source.traces === undefined ? undefined : new RegExp(source.traces.pattern).exec(line)?.[1];
  const href = traceAddress(trace ?? labels.trace_id ?? '', source.traces?.uid);
  if (href !== undefined) item.append(element('a', { href }, 'Trace'));
  return item;
}

/** Text as it stands: no markup of a dashboard is carried out. */
export const drawText: Draw = (panel, host) => async () => {
  host.replaceChildren(element('p', { className: 'text' }, panel.content));
};

import type { MetricMetadata, MetricType } from '../scrape/exposition/exposition.ts';
import type { Head } from '../storage/head.ts';
import { isStaleMarker } from '../storage/staleness.ts';
import { messageOf } from './api-error.ts';
import { matcherSets } from './parameters.ts';
import { renderValue } from './render.ts';
import { plainError, type Routing, send } from './routing.ts';
import { compareLabels } from './series-routes.ts';

export interface FederateContext {
  readonly head: Head;
  readonly lookbackMs: number;
  externalLabels(): Readonly<Record<string, string>>;
  metadata(name: string): MetricMetadata | undefined;
}

const escapeText = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const textTypes: Partial<Record<MetricType, string>> = { counter: 'counter', gauge: 'gauge' };

/** `/federate`: the newest sample of each matching series, in the text format. */
export function addFederation(routing: Routing, context: FederateContext): void {
  routing.plain(['GET'], '/federate', (request, response) => {
    const parameters = new URL(request.url, 'http://localhost').searchParams;
    let sets: ReturnType<typeof matcherSets>;
    try {
      sets = matcherSets(parameters.getAll('match[]'));
    } catch (error) {
      plainError(response, 400, messageOf(error));
      return;
    }
    const now = Date.now();
    const lines: string[] = [];
    const external = Object.entries(context.externalLabels()).sort(([a], [b]) => (a < b ? -1 : 1));
    let lastName = '';
    const found = sets.length === 0 ? [] : context.head.matching(sets, now - context.lookbackMs, now);
    for (const series of found.sort((a, b) => compareLabels(a.labels, b.labels))) {
      const { timestamps, values } = series.read(now - context.lookbackMs, now);
      const last = timestamps.length - 1;
      if (last < 0 || isStaleMarker(values, last)) continue;
      const name = series.labels.get('__name__');
      if (name === '') continue;
      if (name !== lastName) {
        lines.push(`# TYPE ${name} ${textTypes[context.metadata(name)?.type ?? 'unknown'] ?? 'untyped'}`);
        lastName = name;
      }
      const pairs = series.labels.pairs
        .filter(([label]) => label !== '__name__')
        .map(([label, value]) => `${label}="${escapeText(value)}"`);
      // An empty instance says that there was none: otherwise the one who asks would put its own.
      if (!series.labels.has('instance')) pairs.push('instance=""');
      for (const [label, value] of external)
        if (!series.labels.has(label)) pairs.push(`${label}="${escapeText(value)}"`);
      lines.push(
        `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${renderValue(values[last]!)} ${timestamps[last]}`,
      );
    }
    send(
      response,
      200,
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
      lines.map((line) => `${line}\n`).join(''),
    );
  });
}

// A trace as a waterfall, and the ways from it to logs and metrics.
import { exploreUrl } from '../pages/explore-url.ts';
import { element, moment, tableOf } from './dom.ts';
import { seriesColor } from './format.ts';
import type { SpanRow } from './spans.ts';
import type { ExploreSource } from './view.ts';

/** `-1m`, `30s` in milliseconds. */
function shiftOf(text: string): number {
  const read = /^([+-]?\d+)(ms|s|m|h)$/.exec(text);
  return read === null ? 0 : Number(read[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[read[2] as 's'];
}

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;

/** The spans of a trace, each as long as it took; a click opens its attributes. */
export function traceView(id: string, spans: readonly SpanRow[], source: ExploreSource): HTMLElement {
  const end = Math.max(...spans.map(({ offsetMs, durationMs }) => offsetMs + durationMs), 0.001);
  const services = [...new Set(spans.map(({ service }) => service))];
  const table = tableOf(
    ['Span', 'Duration', 'From start to end'],
    spans.map((span) => {
      const bar = element('div', { className: 'bar' });
      bar.style.left = `${(100 * span.offsetMs) / end}%`;
      bar.style.width = `${Math.max(0.3, (100 * span.durationMs) / end)}%`;
      bar.style.background = span.failed ? '#e02f44' : seriesColor(services.indexOf(span.service) + 2);
      const name = element(
        'details',
        {},
        element('summary', {}, `${span.service}: ${span.name}${span.failed ? ' (failed)' : ''}`),
      );
      name.style.marginLeft = `${span.depth}rem`;
      name.ontoggle = () => {
        if (!name.open || name.childElementCount > 1) return;
        const fields = [...span.attributes, ...Object.entries(span.resource)];
        name.append(tableOf(['Attribute', 'Value'], fields), metricLinks(span, source));
      };
      return [name, milliseconds(span.durationMs), element('div', { className: 'track' }, bar)];
    }),
  );
  table.className = 'waterfall';
  const first = spans[0]!;
  return element(
    'div',
    {},
    element(
      'p',
      {},
      `Trace ${id} · ${moment(first.startMs)} · ${milliseconds(end)} · ${spans.length} spans · ${services.join(', ')} `,
      ...logsLink(id, first, end, source),
    ),
    table,
  );
}

function logsLink(id: string, first: SpanRow, durationMs: number, { logs }: ExploreSource): Node[] {
  if (logs === undefined) return [];
  const query = logs.query.replaceAll(/\$\{__(?:span\.traceId|trace\.traceId)\}/g, id);
  const href = exploreUrl({ uid: logs.datasourceUid, type: 'loki' }, query, {
    from: String(Math.floor(first.startMs + shiftOf(logs.spanStartTimeShift))),
    to: String(Math.ceil(first.startMs + durationMs + shiftOf(logs.spanEndTimeShift))),
    range: true,
  });
  return [element('a', { href }, 'Logs of this trace')];
}

function metricLinks(span: SpanRow, { metrics }: ExploreSource): HTMLElement {
  const labels = (metrics?.tags ?? []).flatMap(({ key, value }) => {
    const found = span.resource[key] ?? span.attributes.find(([name]) => name === key)?.[1];
    return found === undefined ? [] : [`${value ?? key}=${JSON.stringify(found)}`];
  });
  const links = labels.length === 0 ? [] : (metrics?.queries ?? []);
  return element(
    'p',
    {},
    ...links.flatMap(({ name, query }) => {
      const filled = query.replaceAll(/\$__tags\b/g, labels.join(', '));
      const href = exploreUrl({ uid: metrics!.datasourceUid, type: 'prometheus' }, filled, {
        from: String(Math.floor(span.startMs - 120_000)),
        to: String(Math.ceil(span.startMs + span.durationMs + 120_000)),
        range: true,
      });
      return [element('a', { href }, name), ' '];
    }),
  );
}

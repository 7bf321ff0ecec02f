// Asking data sources through Grafana's proxy, and what comes back as series, lines and traces.
import { legendOf, numberOf, type Series } from './series.ts';
import { type SpanRow, spanRows, type TraceAnswer } from './spans.ts';
import type { TargetView } from './view.ts';

export interface Range {
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

export interface LogLine {
  /** Nanoseconds, as text: more digits than a number holds. */
  readonly ns: string;
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface TraceRow {
  readonly id: string;
  readonly root: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
}

export interface Exemplar {
  /** Seconds. */
  readonly time: number;
  readonly value: number;
  readonly traceId: string;
}

type Labels = Record<string, string>;
interface PrometheusAnswer {
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric?: Labels;
      readonly stream?: Labels;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number | string, string])[];
    }[];
  };
}

/** The address of a data source's path, through Grafana's proxy. */
export const proxyAddress = (uid: string, path: string): string =>
  `/api/datasources/proxy/uid/${encodeURIComponent(uid)}${path}`;

/** GET through the proxy. Throws an Error in the data source's own words. */
export function ask<Answer>(uid: string, path: string, parameters: Record<string, string>): Promise<Answer> {
  return send<Answer>(uid, `${path}?${new URLSearchParams(parameters)}`);
}

/** Any request through the proxy; an empty answer is undefined. Throws an Error in the data source's own words. */
export async function send<Answer>(uid: string, path: string, request?: RequestInit): Promise<Answer> {
  const response = await fetch(proxyAddress(uid, path), request);
  const text = await response.text();
  if (text === '' && response.ok) return undefined as Answer;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error(text.slice(0, 500) || response.statusText);
  }
  if (!response.ok) throw new Error(errorWords(body) ?? text.slice(0, 500));
  return body as Answer;
}

/** Prometheus and Loki say `error`, Jaeger `error.message`, Grafana `message`, Alertmanager `message` or a bare string. */
export function errorWords(body: unknown): string | undefined {
  const { error, message } = Object(body) as { error?: unknown; message?: unknown };
  const words =
    typeof body === 'string' ? body : ((Object(error) as { message?: unknown }).message ?? error ?? message);
  return typeof words === 'string' ? words : undefined;
}

/** The series of a PromQL query or a LogQL metric query. */
export async function fetchSeries(target: TargetView, range: Range): Promise<Series[]> {
  const { source, query, legend, instant } = target;
  const isLoki = source.type === 'loki';
  const unit = isLoki ? 1e6 : 1e-3;
  const time = (ms: number): string => (isLoki ? String(Math.round(ms) * unit) : String(ms * unit));
  const prefix = isLoki ? '/loki/api/v1' : '/api/v1';
  const answer = instant
    ? await ask<PrometheusAnswer>(source.uid, `${prefix}/query`, { query, time: time(range.to) })
    : await ask<PrometheusAnswer>(source.uid, `${prefix}/query_range`, {
        query,
        ...alignedRange(range, time),
        step: String(range.stepSeconds),
      });
  const { resultType, result } = answer.data;
  // A number without labels is the answer to an expression of numbers.
  const series =
    resultType === 'scalar' ? [{ value: result as unknown as readonly [number, string] }] : result;
  return series.map(({ metric = {}, value, values }: (typeof result)[number]) => {
    const points = values ?? (value === undefined ? [] : [value]);
    return {
      name: legendOf(metric, legend),
      labels: metric,
      times: points.map(([at]) => Number(at)),
      values: points.map(([, text]) => numberOf(text)),
    };
  });
}

/** On whole steps: a refresh moves the graph and does not change what was drawn. */
function alignedRange(
  { from, to, stepSeconds }: Range,
  time: (ms: number) => string,
): { start: string; end: string } {
  const step = 1000 * stepSeconds;
  return { start: time(Math.floor(from / step) * step), end: time(Math.floor(to / step) * step) };
}

export async function fetchLines({ source, query, limit }: TargetView, range: Range): Promise<LogLine[]> {
  const answer = await ask<PrometheusAnswer>(source.uid, '/loki/api/v1/query_range', {
    query,
    start: `${Math.round(range.from)}000000`,
    end: `${Math.round(range.to)}000000`,
    limit: String(limit),
    direction: 'backward',
  });
  return answer.data.result
    .flatMap(({ stream = {}, values = [] }) =>
      values.map(([ns, line]) => ({ ns: String(ns), line, labels: stream })),
    )
    .sort((a, b) => (a.ns.padStart(20, '0') < b.ns.padStart(20, '0') ? 1 : -1));
}

interface Summaries {
  readonly summaries?: readonly {
    readonly traceId: string;
    readonly rootServiceName?: string;
    readonly rootOperationName?: string;
    readonly minStartTimeUnixNano?: string;
    readonly maxEndTimeUnixNano?: string;
    readonly spanCount?: number;
    readonly errorSpanCount?: number;
  }[];
}

/** Traces by a service and its conditions: `gateway error=true minDuration=300ms`. */
export async function fetchTraces({ source, query, limit }: TargetView, range: Range): Promise<TraceRow[]> {
  const [service = '', ...conditions] = query.split(/\s+/);
  const attributes: Labels = {};
  const durations: Labels = {};
  for (const condition of conditions) {
    const [name = '', value = ''] = condition.split('=');
    if (name === 'minDuration') durations['query.durationMin'] = value;
    else if (name === 'maxDuration') durations['query.durationMax'] = value;
    else attributes[name] = value;
  }
  const { summaries = [] } = await ask<Summaries>(source.uid, '/api/v3/trace-summaries', {
    'query.serviceName': service,
    ...durations,
    ...(Object.keys(attributes).length === 0 ? {} : { 'query.attributes': JSON.stringify(attributes) }),
    'query.startTimeMin': new Date(range.from).toISOString(),
    'query.startTimeMax': new Date(range.to).toISOString(),
    'query.searchDepth': String(limit),
  });
  return summaries.map((one) => {
    const start = BigInt(one.minStartTimeUnixNano ?? 0);
    return {
      id: one.traceId,
      root: [one.rootServiceName, one.rootOperationName].filter(Boolean).join(': '),
      startMs: Number(start / 1_000_000n),
      durationMs: Number(BigInt(one.maxEndTimeUnixNano ?? 0) - start) / 1e6,
      spans: one.spanCount ?? 0,
      errors: one.errorSpanCount ?? 0,
    };
  });
}

/** The spans of one trace. */
export async function fetchTrace(uid: string, id: string): Promise<SpanRow[]> {
  const answer = await ask<{ result?: TraceAnswer }>(uid, `/api/v3/traces/${encodeURIComponent(id)}`, {});
  return spanRows(answer.result ?? {});
}

/** Traces that stand behind a metric. */
export async function fetchExemplars({ source, query }: TargetView, range: Range): Promise<Exemplar[]> {
  const answer = await ask<{
    data?: readonly { exemplars?: readonly { labels: Labels; value: string; timestamp: number }[] }[];
  }>(source.uid, '/api/v1/query_exemplars', {
    query,
    start: String(range.from / 1000),
    end: String(range.to / 1000),
  });
  return (answer.data ?? []).flatMap(({ exemplars = [] }) =>
    exemplars.map(({ labels, value, timestamp }) => ({
      time: timestamp,
      value: Number(value),
      traceId: labels.trace_id ?? labels.traceID ?? '',
    })),
  );
}

/** The values of a label, for a list to choose from. */
export async function fetchLabelValues(uid: string, selector: string, label: string): Promise<string[]> {
  const parameters: Labels = selector === '' ? {} : { 'match[]': selector };
  return (await ask<{ data: string[] }>(uid, `/api/v1/label/${encodeURIComponent(label)}/values`, parameters))
    .data;
}

export interface Mark {
  /** Milliseconds. */
  readonly time: number;
  readonly text: string;
  readonly color: string;
}

/** Annotations of these kinds, each with all tags of its kind: one request for all of them. */
export async function fetchMarks(
  kinds: readonly { readonly color: string; readonly tags: readonly string[] }[],
  { from, to }: Pick<Range, 'from' | 'to'>,
): Promise<Mark[]> {
  if (kinds.length === 0) return [];
  const parameters = new URLSearchParams({
    from: String(Math.round(from)),
    to: String(Math.round(to)),
    matchAny: 'true',
    limit: String(100 * kinds.length),
  });
  for (const tag of new Set(kinds.flatMap(({ tags }) => tags))) parameters.append('tags', tag);
  const response = await fetch(`/api/annotations?${parameters}`);
  if (!response.ok) return [];
  const found = (await response.json()) as { time: number; text: string; tags: string[] }[];
  return kinds.flatMap(({ color, tags }) =>
    found
      .filter((one) => tags.every((tag) => one.tags.includes(tag)))
      .map(({ time, text }) => ({ time, text, color })),
  );
}

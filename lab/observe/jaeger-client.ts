import { z } from 'zod';
import { HttpJson } from './http-json.ts';
import { ObserveError } from './observe-error.ts';
import { otlpTraces, type Span, spansOf } from './otlp.ts';

type Cancel = { readonly signal?: AbortSignal };

export interface TraceSearch extends Cancel {
  readonly service: string;
  readonly operation?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly endMs: number;
  readonly minDurationMs?: number;
  /** At most this many traces. */
  readonly limit?: number;
}

const result = z.object({ result: otlpTraces });

/** Jaeger's query API v3 over HTTP: OTLP JSON. */
export class JaegerClient {
  readonly #http: HttpJson;

  constructor(baseUrl: string) {
    this.#http = new HttpJson('Jaeger', baseUrl);
  }

  async services({ signal }: Cancel = {}): Promise<string[]> {
    const schema = z.object({ services: z.array(z.string()).default([]) });
    return (await this.#http.json('/api/v3/services', schema, { signal })).services;
  }

  /** The traces of a search, each with all of its spans. Jaeger answers 404 when nothing matches: that is none. */
  async findTraces(search: TraceSearch): Promise<ReadonlyMap<string, readonly Span[]>> {
    const limit = search.limit ?? 100;
    const query = {
      'query.service_name': search.service,
      'query.operation_name': search.operation,
      'query.attributes': search.attributes === undefined ? undefined : JSON.stringify(search.attributes),
      'query.start_time_min': new Date(search.startMs).toISOString(),
      'query.start_time_max': new Date(search.endMs).toISOString(),
      'query.duration_min': search.minDurationMs === undefined ? undefined : `${search.minDurationMs}ms`,
      // The newer name and the older one: a server reads the one it knows.
      'query.search_depth': limit,
      'query.num_traces': limit,
    };
    return groupByTrace(
      await this.#spans('/api/v3/traces', { query, timeoutMs: 15_000, signal: search.signal }),
    );
  }

  /** The service graph of an interval: who called whom, and how often, by the traces that Jaeger has. */
  async dependencies(
    { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
    { signal }: Cancel = {},
  ): Promise<{ parent: string; child: string; callCount: number }[]> {
    const schema = z.object({
      data: z
        .array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() }))
        .nullish()
        .transform((data) => data ?? []),
    });
    const query = { endTs: Math.round(endMs), lookback: Math.round(endMs - startMs) };
    const path = '/api/dependencies';
    return (await this.#http.json(path, schema, { query, timeoutMs: 15_000, signal })).data;
  }

  /** All spans of one trace; none when Jaeger does not know it. */
  async trace(traceId: string, { signal }: Cancel = {}): Promise<readonly Span[]> {
    return this.#spans(`/api/v3/traces/${encodeURIComponent(traceId)}`, { signal });
  }

  async #spans(path: string, options: Parameters<HttpJson['json']>[2]): Promise<Span[]> {
    try {
      return spansOf((await this.#http.json(path, result, options)).result);
    } catch (error) {
      if (error instanceof ObserveError && error.status === 404) return [];
      throw error;
    }
  }

  link(search: Pick<TraceSearch, 'service' | 'minDurationMs'>): string {
    const minDuration = search.minDurationMs === undefined ? undefined : `${search.minDurationMs}ms`;
    return this.#http.url('/search', { service: search.service, minDuration, lookback: '15m', limit: 20 });
  }

  traceLink(traceId: string): string {
    return this.#http.url(`/trace/${traceId}`);
  }
}

function groupByTrace(spans: readonly Span[]): Map<string, Span[]> {
  const traces = new Map<string, Span[]>();
  for (const span of spans) {
    const trace = traces.get(span.traceId);
    if (trace === undefined) traces.set(span.traceId, [span]);
    else trace.push(span);
  }
  return traces;
}

import { z } from 'zod';
import { HttpJson } from './http-json.ts';
import { ObserveError } from './observe-error.ts';
import { type InstantSample, parseSample } from './prometheus-client.ts';

const labels = z.record(z.string(), z.string());
const streams = z.object({
  resultType: z.literal('streams'),
  // A third member carries structured metadata.
  result: z.array(
    z.object({ stream: labels, values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())) }),
  ),
});
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) })),
});
const queryAnswer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [streams, vector]),
});

export interface LogLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly timestampMs: number;
  readonly line: string;
}

type Cancel = { readonly signal?: AbortSignal };

/** Loki's HTTP API, as far as checks need it. */
export class LokiClient {
  readonly #http: HttpJson;

  constructor(baseUrl: string) {
    this.#http = new HttpJson('Loki', baseUrl);
  }

  /** The lines of a log query between two moments, newest first, at most `limit`. */
  async lines(
    logql: string,
    range: { readonly startMs: number; readonly endMs: number; readonly limit?: number } & Cancel,
  ): Promise<LogLine[]> {
    const { data } = await this.#http.json('/loki/api/v1/query_range', queryAnswer, {
      query: {
        query: logql,
        start: nanoseconds(range.startMs),
        end: nanoseconds(range.endMs),
        limit: range.limit ?? 1000,
        direction: 'backward',
      },
      signal: range.signal,
    });
    if (data.resultType !== 'streams') {
      throw new ObserveError(
        'shape',
        `this query gives a ${data.resultType}, log lines are needed: ${logql}`,
      );
    }
    return data.result
      .flatMap(({ stream, values }) =>
        values.map(([time, line]) => ({ labels: stream, timestampMs: Number(time) / 1e6, line })),
      )
      .sort((a, b) => b.timestampMs - a.timestampMs);
  }

  /** An instant metric query (`count_over_time` and the like). */
  async query(logql: string, options: Cancel & { readonly timeMs?: number } = {}): Promise<InstantSample[]> {
    const { data } = await this.#http.json('/loki/api/v1/query', queryAnswer, {
      query: { query: logql, time: options.timeMs === undefined ? undefined : nanoseconds(options.timeMs) },
      signal: options.signal,
    });
    if (data.resultType !== 'vector') {
      throw new ObserveError(
        'shape',
        `this query gives ${data.resultType}, a metric query is needed: ${logql}`,
      );
    }
    return data.result.map(({ metric, value: [seconds, text] }) => ({
      labels: metric,
      timestampMs: seconds * 1000,
      value: parseSample(text),
    }));
  }

  /** The value of a metric query that gives one series; 0 when no line matched, as Loki then gives no series. */
  async count(logql: string, options: Cancel & { readonly timeMs?: number } = {}): Promise<number> {
    const samples = await this.query(logql, options);
    if (samples.length > 1) {
      throw new ObserveError('shape', `this query gives ${samples.length} series, one is needed: ${logql}`);
    }
    return samples[0]?.value ?? 0;
  }

  /** What a log query costs: bytes and lines that Loki read for it, and how long it took, by its own statistics. */
  async cost(
    logql: string,
    range: { readonly startMs: number; readonly endMs: number } & Cancel,
  ): Promise<{ readonly bytes: number; readonly lines: number; readonly seconds: number }> {
    const schema = z.object({
      data: z.object({
        stats: z.object({
          summary: z.object({
            totalBytesProcessed: z.coerce.number(),
            totalLinesProcessed: z.coerce.number(),
            execTime: z.coerce.number(),
          }),
        }),
      }),
    });
    const { data } = await this.#http.json('/loki/api/v1/query_range', schema, {
      query: {
        query: logql,
        start: nanoseconds(range.startMs),
        end: nanoseconds(range.endMs),
        limit: 5000,
        direction: 'backward',
      },
      signal: range.signal,
    });
    const { totalBytesProcessed, totalLinesProcessed, execTime } = data.stats.summary;
    return { bytes: totalBytesProcessed, lines: totalLinesProcessed, seconds: execTime };
  }

  async labelValues(label: string, { signal }: Cancel = {}): Promise<string[]> {
    const schema = z.object({ status: z.literal('success'), data: z.array(z.string()).optional() });
    const path = `/loki/api/v1/label/${encodeURIComponent(label)}/values`;
    return (await this.#http.json(path, schema, { signal })).data ?? [];
  }
}

/** Nanoseconds since the epoch do not fit a double; whole milliseconds with six zeros do not need to. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds)}000000`;
}

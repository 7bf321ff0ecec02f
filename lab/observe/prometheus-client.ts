import { z } from 'zod';
import { HttpJson } from './http-json.ts';
import { ObserveError } from './observe-error.ts';

const labels = z.record(z.string(), z.string());
const point = z.tuple([z.number(), z.string()]);

const answer = <Data extends z.ZodType>(data: Data) =>
  z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).optional() });

const queryData = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: point })) }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labels, values: z.array(point) })),
  }),
  z.object({ resultType: z.literal('scalar'), result: point }),
  z.object({ resultType: z.literal('string'), result: point }),
]);

const alertData = z.object({
  alerts: z.array(
    z.object({
      labels,
      annotations: labels,
      state: z.enum(['pending', 'firing', 'inactive']),
      activeAt: z.string().optional(),
      value: z.string(),
    }),
  ),
});

const ruleData = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      /** Seconds. */
      interval: z.number(),
      rules: z.array(
        z.object({
          name: z.string(),
          type: z.enum(['alerting', 'recording']),
          query: z.string(),
          /** The `for` of an alert, in seconds. */
          duration: z.number().optional(),
          /** The `keep_firing_for` of an alert, in seconds. */
          keepFiringFor: z.number().optional(),
          labels: labels.default({}),
          health: z.string(),
          state: z.string().optional(),
          lastError: z.string().optional(),
        }),
      ),
    }),
  ),
});

const targetData = z.object({
  activeTargets: z.array(
    z.object({
      labels,
      health: z.enum(['up', 'down', 'unknown']),
      lastError: z.string(),
      scrapeUrl: z.string(),
    }),
  ),
});

export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timestampMs: number;
  /** May be NaN or infinite, as Prometheus says it. */
  readonly value: number;
}

export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly timestampMs: number; readonly value: number }[];
}

export type PrometheusAlert = z.output<typeof alertData>['alerts'][number];
export type PrometheusRule = z.output<typeof ruleData>['groups'][number]['rules'][number] & {
  /** How often its group is evaluated. */
  readonly groupIntervalSeconds: number;
};
export type PrometheusTarget = z.output<typeof targetData>['activeTargets'][number];

type Cancel = { readonly signal?: AbortSignal };

/** Prometheus's HTTP API v1, as far as checks need it. */
export class PrometheusClient {
  readonly #http: HttpJson;

  constructor(baseUrl: string) {
    this.#http = new HttpJson('Prometheus', baseUrl);
  }

  /** An instant query. A scalar comes back as one sample without labels. */
  async query(promql: string, options: Cancel & { readonly timeMs?: number } = {}): Promise<InstantSample[]> {
    const form: Record<string, string> = { query: promql };
    if (options.timeMs !== undefined) form.time = (options.timeMs / 1000).toFixed(3);
    const { data } = await this.#http.json('/api/v1/query', answer(queryData), {
      form,
      signal: options.signal,
    });
    switch (data.resultType) {
      case 'vector':
        return data.result.map(({ metric, value }) => sample(metric, value));
      case 'scalar':
        return [sample({}, data.result)];
      default:
        throw new ObserveError(
          'shape',
          `this query gives a ${data.resultType}, a vector or scalar is needed: ${promql}`,
        );
    }
  }

  /** The value of a query that gives exactly one series; undefined when it gives none. More than one is an error. */
  async value(
    promql: string,
    options: Cancel & { readonly timeMs?: number } = {},
  ): Promise<number | undefined> {
    const samples = await this.query(promql, options);
    if (samples.length > 1) {
      throw new ObserveError('shape', `this query gives ${samples.length} series, one is needed: ${promql}`);
    }
    return samples[0]?.value;
  }

  /** The raw samples of a range selector (`metric[1m]`): what was scraped, and when. */
  async samples(
    selector: string,
    options: Cancel & { readonly timeMs?: number } = {},
  ): Promise<RangeSeries[]> {
    const form: Record<string, string> = { query: selector };
    if (options.timeMs !== undefined) form.time = (options.timeMs / 1000).toFixed(3);
    const { data } = await this.#http.json('/api/v1/query', answer(queryData), {
      form,
      signal: options.signal,
    });
    if (data.resultType !== 'matrix')
      throw new ObserveError('shape', `${selector} selects no range of samples`);
    return data.result.map(rangeSeries);
  }

  async queryRange(
    promql: string,
    range: { readonly startMs: number; readonly endMs: number; readonly stepSeconds: number } & Cancel,
  ): Promise<RangeSeries[]> {
    const form = {
      query: promql,
      start: (range.startMs / 1000).toFixed(3),
      end: (range.endMs / 1000).toFixed(3),
      step: String(range.stepSeconds),
    };
    const { data } = await this.#http.json('/api/v1/query_range', answer(queryData), {
      form,
      signal: range.signal,
    });
    if (data.resultType !== 'matrix')
      throw new ObserveError('shape', `a range query gave a ${data.resultType}`);
    return data.result.map(rangeSeries);
  }

  async alerts({ signal }: Cancel = {}): Promise<PrometheusAlert[]> {
    return (await this.#http.json('/api/v1/alerts', answer(alertData), { signal })).data.alerts;
  }

  async rules({ signal }: Cancel = {}): Promise<PrometheusRule[]> {
    const { data } = await this.#http.json('/api/v1/rules', answer(ruleData), { signal });
    return data.groups.flatMap((group) =>
      group.rules.map((rule) => ({ ...rule, groupIntervalSeconds: group.interval })),
    );
  }

  async targets({ signal }: Cancel = {}): Promise<PrometheusTarget[]> {
    return (await this.#http.json('/api/v1/targets', answer(targetData), { signal })).data.activeTargets;
  }

  /** The configuration that is in force, as YAML. */
  async config({ signal }: Cancel = {}): Promise<string> {
    const schema = answer(z.object({ yaml: z.string() }));
    return (await this.#http.json('/api/v1/status/config', schema, { signal })).data.yaml;
  }

  async version({ signal }: Cancel = {}): Promise<string> {
    const schema = answer(z.object({ version: z.string() }));
    return (await this.#http.json('/api/v1/status/buildinfo', schema, { signal })).data.version;
  }

  /** Opens the query in Prometheus's own page. */
  link(promql: string): string {
    return this.#http.url('/query', { 'g0.expr': promql, 'g0.tab': 'graph', 'g0.range_input': '15m' });
  }

  alertsLink(): string {
    return this.#http.url('/alerts');
  }
}

function sample(metric: Record<string, string>, [seconds, text]: readonly [number, string]): InstantSample {
  return { labels: metric, timestampMs: seconds * 1000, value: parseSample(text) };
}

function rangeSeries({
  metric,
  values,
}: {
  metric: Record<string, string>;
  values: readonly (readonly [number, string])[];
}): RangeSeries {
  return {
    labels: metric,
    points: values.map(([seconds, text]) => ({ timestampMs: seconds * 1000, value: parseSample(text) })),
  };
}

/** Prometheus writes `NaN`, `+Inf` and `-Inf` where JSON has no number. */
export function parseSample(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

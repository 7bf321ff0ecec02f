import type { LokiConfig } from '../config/config.ts';
import type { Evaluation } from '../engine/evaluation.ts';
import { type LogStreamResult, runLogQuery } from '../engine/log-query.ts';
import { evaluateMetric, sortOrder } from '../engine/metric-query.ts';
import { QueryError } from '../engine/query-error.ts';
import { compareLabels, newSeries, type Series } from '../engine/series.ts';
import { newStatistics, type QueryStatistics } from '../engine/statistics.ts';
import type { LogExpression, MetricExpression } from '../logql/ast.ts';
import { parseQuery } from '../logql/parser.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, difference } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import { formatFloat } from '../units/go-text.ts';
import { HttpError } from './http-error.ts';
import {
  type Bounds,
  checkRange,
  defaultStep,
  parseBounds,
  parseDirection,
  parseInstant,
  parseLimit,
  parseStep,
} from './parameters.ts';
import type { ApiRequest } from './request.ts';
import { statsOf } from './stats.ts';

const defaultLimit = 100;
const maxPoints = 11_000;
/** How far back ingesters are asked (querier.query_ingesters_within). */
const ingesterWindowMs = 3 * 3600 * 1000;
/** Series of a range aggregation before they are grouped: far above what is useful, far below what is fatal. */
const maxInnerSeries = 100_000;

/** Answers /query and /query_range. */
export class QueryApi {
  readonly #config: LokiConfig;
  readonly #store: LogStore;
  readonly #now: () => number;

  constructor(config: LokiConfig, store: LogStore, now: () => number) {
    this.#config = config;
    this.#store = store;
    this.#now = now;
  }

  range({ parameters, headers }: ApiRequest): string {
    const bounds = parseBounds(parameters, this.#now());
    const limit = parseLimit(parameters, 'limit', defaultLimit);
    const direction = parseDirection(parameters);
    if (difference(bounds.end, bounds.start) <= 0) checkRange(bounds, 0);
    const step = parameters.get('step');
    const stepNs = step === null || step === '' ? defaultStep(bounds) : parseStep(step);
    if (stepNs <= 0) {
      throw new HttpError(
        400,
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    if (difference(bounds.end, bounds.start) / stepNs > maxPoints) {
      throw new HttpError(
        400,
        'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
      );
    }
    const interval = parameters.get('interval');
    const intervalNs = interval === null || interval === '' ? 0 : parseStep(interval);
    if (intervalNs < 0) throw new HttpError(400, 'interval must be >= 0');
    const expression = parseQuery(parameters.get('query') ?? '');
    checkRange(bounds, this.#config.limits_config.max_query_length);
    const statistics = newStatistics();
    const began = performance.now();
    if (expression.kind === 'log') {
      this.#checkLimit(limit);
      const categorize = (headers['x-loki-response-encoding-flags'] ?? '')
        .toString()
        .split(',')
        .includes('categorize-labels');
      const streams = this.#log(
        expression,
        { ...bounds, limit, direction, intervalNs, categorize },
        statistics,
      );
      const result = streams.map((stream) => streamJson(stream)).join(',');
      const flags = categorize ? '"encodingFlags":["categorize-labels"],' : '';
      return answer('streams', `[${result}]`, statistics, began, this.#isRecent(bounds.end), flags);
    }
    const aligned = align(bounds, stepNs);
    const steps = Math.floor(difference(aligned.end, aligned.start) / stepNs) + 1;
    const series = this.#metric(expression, { start: aligned.start, stepNs, steps }, statistics);
    statistics.entriesReturned = series.length;
    const result = series
      .sort((left, right) => compareLabels(left.labels, right.labels))
      .map((one) => matrixJson(one, aligned.start, stepNs))
      .join(',');
    return answer('matrix', `[${result}]`, statistics, began, this.#isRecent(bounds.end));
  }

  instant({ parameters }: ApiRequest): string {
    const at = parseInstant(parameters, this.#now());
    parseLimit(parameters, 'limit', defaultLimit);
    parseDirection(parameters);
    const expression = parseQuery(parameters.get('query') ?? '');
    if (expression.kind === 'log') {
      throw new HttpError(
        400,
        'log queries are not supported as an instant query type, please change your query to a range query type',
      );
    }
    const statistics = newStatistics();
    const began = performance.now();
    const value = evaluateMetric(
      expression,
      this.#evaluation({ start: at, stepNs: 1, steps: 1 }, statistics),
    );
    if (typeof value === 'number') {
      return answer('scalar', `[${seconds(at)},"${formatFloat(value)}"]`, statistics, began, false);
    }
    this.#checkSeries(value);
    const order = sortOrder(expression);
    const sorted = value
      .filter(({ present }) => present[0] === 1)
      .sort((left, right) => compareLabels(left.labels, right.labels));
    if (order !== undefined) {
      const sign = order === 'ascending' ? 1 : -1;
      sorted.sort((left, right) => sign * (left.values[0]! - right.values[0]!));
    }
    statistics.entriesReturned = sorted.length;
    const result = sorted
      .map(
        ({ labels, values }) =>
          `{"metric":${labelsJson(labels)},"value":[${seconds(at)},"${formatFloat(values[0]!)}"]}`,
      )
      .join(',');
    return answer('vector', `[${result}]`, statistics, began, statistics.chunks > 0 && this.#isRecent(at));
  }

  #isRecent(end: Instant): boolean {
    return end.seconds * 1000 > this.#now() - ingesterWindowMs;
  }

  #log(
    expression: LogExpression,
    options: Bounds & {
      limit: number;
      direction: 'forward' | 'backward';
      intervalNs: number;
      categorize: boolean;
    },
    statistics: QueryStatistics,
  ): LogStreamResult[] {
    return runLogQuery(this.#store, expression, {
      ...options,
      deadlineMs: this.#now() + this.#config.limits_config.query_timeout,
      now: this.#now,
      statistics,
    });
  }

  #evaluation(over: Pick<Evaluation, 'start' | 'stepNs' | 'steps'>, statistics: QueryStatistics): Evaluation {
    return {
      ...over,
      store: this.#store,
      now: this.#now,
      deadlineMs: this.#now() + this.#config.limits_config.query_timeout,
      statistics,
      checkSamples: (series) => {
        if (series > maxInnerSeries) throw tooManySeries(this.#config.limits_config.max_query_series);
      },
    };
  }

  #metric(
    expression: MetricExpression,
    over: Pick<Evaluation, 'start' | 'stepNs' | 'steps'>,
    statistics: QueryStatistics,
  ): Series[] {
    const value = evaluateMetric(expression, this.#evaluation(over, statistics));
    if (typeof value === 'number') {
      const series = newSeries([], over.steps);
      series.values.fill(value);
      series.present.fill(1);
      return [series];
    }
    const visible = value.filter(({ present }) => present.includes(1));
    this.#checkSeries(visible);
    return visible;
  }

  #checkSeries(series: readonly Series[]): void {
    const limit = this.#config.limits_config.max_query_series;
    if (limit > 0 && series.length > limit) throw tooManySeries(limit);
  }

  #checkLimit(limit: number): void {
    const max = this.#config.limits_config.max_entries_limit_per_query;
    if (max > 0 && limit > max) {
      throw new HttpError(
        400,
        `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${max})`,
      );
    }
  }
}

function tooManySeries(limit: number): QueryError {
  return new QueryError(
    400,
    `maximum number of series (${limit}) reached for a single query; consider reducing query cardinality by adding ` +
      'more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), ' +
      'count() or topk()',
  );
}

/** Metric queries are moved to multiples of their step: the start down, the end up. */
function align({ start, end }: Bounds, stepNs: number): Bounds {
  const down = remainder(start, stepNs);
  const up = remainder(end, stepNs);
  return {
    start: addNanoseconds(start, -down),
    end: up === 0 ? end : addNanoseconds(end, stepNs - up),
  };
}

function remainder({ seconds: whole, nanoseconds }: Instant, stepNs: number): number {
  const total = BigInt(whole) * 1_000_000_000n + BigInt(nanoseconds);
  return Number(total % BigInt(stepNs));
}

/** Seconds with milliseconds, as Prometheus's model.Time writes itself. */
function seconds(at: Instant): string {
  const milliseconds = Math.floor(at.nanoseconds / 1e6);
  if (milliseconds === 0) return String(at.seconds);
  return `${at.seconds}.${String(milliseconds).padStart(3, '0')}`.replace(/0+$/, '');
}

export function labelsJson(labels: Iterable<readonly [string, string]>): string {
  let json = '';
  for (const [name, value] of labels) {
    json += `${json === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  return `{${json}}`;
}

export function streamJson({ labels, entries }: LogStreamResult): string {
  const values = entries.map(({ time, line, categories }) => {
    const head = `["${time}",${JSON.stringify(line)}`;
    if (categories === undefined) return `${head}]`;
    const parts: string[] = [];
    if (categories.structuredMetadata.length > 0) {
      parts.push(`"structuredMetadata":${labelsJson(categories.structuredMetadata)}`);
    }
    if (categories.parsed.length > 0) parts.push(`"parsed":${labelsJson(categories.parsed)}`);
    return `${head},{${parts.join(',')}}]`;
  });
  return `{"stream":${labelsJson(labels)},"values":[${values.join(',')}]}`;
}

function matrixJson({ labels, values, present }: Series, start: Instant, stepNs: number): string {
  const points: string[] = [];
  for (let step = 0; step < values.length; step++) {
    if (present[step] !== 1) continue;
    points.push(`[${seconds(addNanoseconds(start, step * stepNs))},"${formatFloat(values[step]!)}"]`);
  }
  return `{"metric":${labelsJson(labels)},"values":[${points.join(',')}]}`;
}

function answer(
  resultType: string,
  result: string,
  statistics: QueryStatistics,
  began: number,
  recent: boolean,
  flags = '',
): string {
  const stats = JSON.stringify(statsOf(statistics, (performance.now() - began) / 1000, recent));
  return `{"status":"success","data":{"resultType":"${resultType}",${flags}"result":${result},"stats":${stats}}}`;
}

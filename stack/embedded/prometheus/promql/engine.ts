import { Labels } from '../labels/labels.ts';
import type { Queryable, SeriesSamples } from '../storage/queryable.ts';
import { Annotations } from './annotations.ts';
import { PromqlExecutionError, PromqlInvalidQueryError } from './errors.ts';
import type { Block } from './eval/block.ts';
import { hasDuplicates, mergeRows, sameLabelset } from './eval/block.ts';
import type { QueryContext } from './eval/context.ts';
import { Budget } from './eval/context.ts';
import { Evaluator } from './eval/evaluator.ts';
import { matrixOf } from './eval/matrix.ts';
import { makeSteps } from './eval/steps.ts';
import type { Expr } from './parser/ast.ts';
import { unwrapParens } from './parser/ast.ts';
import { documentedType, typeOf } from './parser/check.ts';
import { parseExpr } from './parser/parse.ts';
import type { MatrixResult, MatrixSeries, QueryResult, QueryStats, VectorSample } from './result.ts';

/** The engine's limits and its feature flags; every flag is off by default, as in the real server. */
export interface EngineOptions {
  /** How far back an instant selector looks for a sample. Default 5 minutes. */
  readonly lookbackMs?: number;
  /** Samples that a query may hold at one time. Default 50 million. */
  readonly maxSamples?: number;
  /** Default 2 minutes. */
  readonly timeoutMs?: number;
  /** The step of `[1h:]`, the evaluation interval of the server. Default 1 minute. */
  readonly subqueryStepMs?: number;
  /** `--enable-feature=promql-experimental-functions` */
  readonly experimentalFunctions?: boolean;
  /** `--enable-feature=promql-delayed-name-removal` */
  readonly delayedNameRemoval?: boolean;
  /** `--enable-feature=promql-duration-expr` */
  readonly durationExpressions?: boolean;
  /** `--enable-feature=promql-extended-range-selectors`: `anchored` and `smoothed` */
  readonly extendedRangeSelectors?: boolean;
  /** `--enable-feature=promql-binop-fill-modifiers`: `fill`, `fill_left`, `fill_right` */
  readonly fillModifiers?: boolean;
  /** `--enable-feature=use-start-timestamps` */
  readonly startTimestamps?: boolean;
}

/** One query's own settings, over the engine's. */
export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly lookbackMs?: number | undefined;
  readonly maxSamples?: number | undefined;
  /** How much may be computed before `PromqlTooHeavyError`, see `Budget.work`. Default: anything. */
  readonly maxWork?: number | undefined;
}

/**
 * A PromQL engine. Evaluation is synchronous: it ends at its deadline by itself, and a signal counts when it was
 * aborted before the query began. Who must not be held up gives `maxWork`, and has what is heavier done by another thread.
 */
export interface Engine {
  /** @throws PromqlParseError */
  parse(text: string): Expr;
  /** @throws PromqlParseError, PromqlExecutionError, PromqlTimeoutError, PromqlCanceledError */
  instantQuery(queryable: Queryable, text: string, timeMs: number, options?: QueryOptions): QueryResult;
  /** @throws PromqlParseError, PromqlInvalidQueryError, PromqlExecutionError, PromqlTimeoutError, PromqlCanceledError */
  rangeQuery(
    queryable: Queryable,
    text: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options?: QueryOptions,
  ): MatrixResult;
}

export const defaultLookbackMs = 300_000;
const defaultMaxSamples = 50_000_000;
const defaultTimeoutMs = 120_000;
const defaultSubqueryStepMs = 60_000;

export function createEngine(engineOptions: EngineOptions = {}): Engine {
  const makeContext = (
    queryable: Queryable,
    text: string,
    range: { startMs: number; endMs: number; stepMs: number; isRangeQuery: boolean },
    options: QueryOptions,
  ): QueryContext => {
    const timeoutMs = options.timeoutMs ?? engineOptions.timeoutMs ?? defaultTimeoutMs;
    const maxSamples = options.maxSamples ?? engineOptions.maxSamples ?? defaultMaxSamples;
    const budget = new Budget(maxSamples, performance.now() + timeoutMs, options.signal, options.maxWork);
    budget.check();
    return {
      queryable,
      annotations: new Annotations(text),
      lookbackMs: options.lookbackMs || engineOptions.lookbackMs || defaultLookbackMs,
      subqueryStepMs: engineOptions.subqueryStepMs ?? defaultSubqueryStepMs,
      delayedNameRemoval: engineOptions.delayedNameRemoval === true,
      startTimestamps: engineOptions.startTimestamps === true,
      queryStartMs: range.startMs,
      queryEndMs: range.endMs,
      queryStepMs: range.stepMs,
      isRangeQuery: range.isRangeQuery,
      budget,
    };
  };

  return {
    parse: (text) => parseExpr(text, engineOptions),

    instantQuery(queryable, text, timeMs, options = {}) {
      const expr = parseExpr(text, engineOptions);
      const range = { startMs: timeMs, endMs: timeMs, stepMs: 0, isRangeQuery: false };
      const context = makeContext(queryable, text, range, options);
      const evaluator = new Evaluator(context, makeSteps(timeMs, timeMs, 1));
      const started = performance.now();
      const inner = unwrapParens(expr);
      if (inner.kind === 'matrix' || inner.kind === 'subquery') {
        const series = finishMatrix(matrixOf(evaluator, inner));
        return { type: 'matrix', series, ...common(context, evaluator, started) };
      }
      const value = evaluator.evaluate(expr);
      const closing = common(context, evaluator, started);
      if (value.type === 'scalar') return { type: 'scalar', timeMs, value: value.values[0]!, ...closing };
      if (value.type === 'string') return { type: 'string', timeMs, value: value.value, ...closing };
      return { type: 'vector', timeMs, samples: finishVector(value.block, timeMs), ...closing };
    },

    rangeQuery(queryable, text, startMs, endMs, stepMs, options = {}) {
      const expr = parseExpr(text, engineOptions);
      const type = typeOf(expr);
      if (type !== 'vector' && type !== 'scalar') {
        throw new PromqlInvalidQueryError(
          `invalid expression type "${documentedType(type)}" for range query, must be Scalar or instant Vector`,
        );
      }
      const context = makeContext(queryable, text, { startMs, endMs, stepMs, isRangeQuery: true }, options);
      const started = performance.now();
      const evaluator = new Evaluator(context, makeSteps(startMs, endMs, stepMs));
      if (evaluator.steps.count === 0)
        return { type: 'matrix', series: [], ...common(context, evaluator, started) };
      const value = evaluator.evaluate(expr);
      const block: Block =
        value.type === 'vector'
          ? value.block
          : {
              steps: evaluator.steps.count,
              labels: [Labels.empty],
              dropName: [false],
              values: value.type === 'scalar' ? value.values : new Float64Array(0),
              present: new Uint8Array(evaluator.steps.count).fill(1),
            };
      const series = finishMatrix(toSeries(mergeRows(withNamesDropped(block)), evaluator));
      return { type: 'matrix', series, ...common(context, evaluator, started) };
    },
  };
}

function common(
  { annotations, budget }: QueryContext,
  { samplesRead, steps }: Evaluator,
  started: number,
): { annotations: ReturnType<Annotations['result']>; stats: QueryStats } {
  let total = 0;
  for (const count of samplesRead) total += count;
  return {
    annotations: annotations.result(),
    stats: {
      totalQueryableSamples: total,
      peakSamples: budget.peak,
      get totalQueryableSamplesPerStep(): [number, number][] {
        return Array.from(samplesRead, (count, step) => [steps.startMs + step * steps.stepMs, count]);
      },
      evalTotalMs: performance.now() - started,
    },
  };
}

/** Drops the names whose removal was put off. */
function withNamesDropped(block: Block): Block {
  if (!block.dropName.includes(true)) return block;
  const labels = block.labels.map((row, index) => (block.dropName[index] === true ? row.withoutName() : row));
  return { ...block, labels };
}

function finishVector(block: Block, timeMs: number): VectorSample[] {
  const { labels, values, present } = withNamesDropped(block);
  if (hasDuplicates(labels)) throw new PromqlExecutionError(sameLabelset);
  const samples: VectorSample[] = [];
  for (const [row, rowLabels] of labels.entries()) {
    if (present[row] === 1) samples.push({ labels: rowLabels, timeMs, value: values[row]! });
  }
  return samples;
}

function toSeries(block: Block, { steps }: Evaluator): SeriesSamples[] {
  const { count } = steps;
  return block.labels.map((labels, row) => {
    const from = row * count;
    let size = 0;
    for (let step = 0; step < count; step++) size += block.present[from + step]!;
    const timestamps = new Float64Array(size);
    const values = new Float64Array(size);
    let next = 0;
    for (let step = 0; step < count; step++) {
      if (block.present[from + step] === 0) continue;
      timestamps[next] = steps.startMs + step * steps.stepMs;
      values[next] = block.values[from + step]!;
      next++;
    }
    return { labels, timestamps, values };
  });
}

function finishMatrix(series: readonly SeriesSamples[]): MatrixSeries[] {
  const kept = series.filter(({ timestamps }) => timestamps.length > 0);
  if (hasDuplicates(kept.map(({ labels }) => labels))) throw new PromqlExecutionError(sameLabelset);
  return kept.sort((a, b) => Labels.compare(a.labels, b.labels));
}

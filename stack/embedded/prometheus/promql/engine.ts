import type { Queryable } from '../storage/queryable.ts';
import { PromqlExecutionError } from './errors.ts';
import type { MatrixResult, QueryResult } from './result.ts';

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
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly lookbackMs?: number;
  readonly maxSamples?: number;
}

/**
 * A PromQL engine. Evaluation is synchronous: it ends at its deadline by itself, and a signal counts only
 * when it is aborted before or by another thread of control between two evaluations.
 *
 * @throws PromqlParseError, PromqlInvalidQueryError, PromqlExecutionError, PromqlTimeoutError, PromqlCanceledError
 */
export interface Engine {
  instantQuery(queryable: Queryable, text: string, timeMs: number, options?: QueryOptions): QueryResult;
  rangeQuery(
    queryable: Queryable,
    text: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options?: QueryOptions,
  ): MatrixResult;
}

export function createEngine(options: EngineOptions = {}): Engine {
  void options;
  return {
    instantQuery(): QueryResult {
      throw new PromqlExecutionError('the evaluator is not built yet');
    },
    rangeQuery(): MatrixResult {
      throw new PromqlExecutionError('the evaluator is not built yet');
    },
  };
}

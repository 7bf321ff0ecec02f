import type { Labels } from '../labels/labels.ts';

/** Texts as Prometheus's HTTP API renders them, positions included: `PromQL info: … (1:6)`. */
export interface ResultAnnotations {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export interface VectorSample {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number;
}

export interface MatrixSeries {
  readonly labels: Labels;
  /** Milliseconds since the epoch, ascending. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** How much was read; the shape of `stats=all` in the HTTP API builds on it. */
export interface QueryStats {
  /** Samples read from the storage over all steps. */
  readonly totalQueryableSamples: number;
  readonly peakSamples: number;
  /** Samples by step, for `stats=all`. */
  readonly totalQueryableSamplesPerStep: readonly (readonly [timeMs: number, count: number])[];
  readonly evalTotalMs: number;
}

interface Common {
  readonly annotations: ResultAnnotations;
  readonly stats: QueryStats;
}

export interface VectorResult extends Common {
  readonly type: 'vector';
  readonly timeMs: number;
  /** Sorted by nothing in particular except after sort(), topk() and their kin. */
  readonly samples: readonly VectorSample[];
}

export interface MatrixResult extends Common {
  readonly type: 'matrix';
  /** Sorted by labels. */
  readonly series: readonly MatrixSeries[];
}

export interface ScalarResult extends Common {
  readonly type: 'scalar';
  readonly timeMs: number;
  readonly value: number;
}

export interface StringResult extends Common {
  readonly type: 'string';
  readonly timeMs: number;
  readonly value: string;
}

export type QueryResult = VectorResult | MatrixResult | ScalarResult | StringResult;

import type { Labels } from '../labels/labels.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  /** Whether a label value (the empty string when absent) matches. Regular expressions are anchored at both ends. */
  matches(value: string): boolean;
}

/** The samples of one series, ascending in time. Staleness markers are included, see `staleness.ts`. */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** Since when each sample's counter has been counting (OpenMetrics' created time), NaN where unknown. */
  readonly startTimestamps?: Float64Array;
}

/** What the PromQL engine reads from; the storage, or a test's own data, implements it. */
export interface Queryable {
  /**
   * The matching series with their samples of `[minMs, maxMs]`, both ends included. `read` hears of the number of
   * samples of each series and may throw, which ends the reading.
   */
  select(
    matchers: readonly Matcher[],
    minMs: number,
    maxMs: number,
    read?: (samples: number) => void,
  ): SeriesSamples[];
}

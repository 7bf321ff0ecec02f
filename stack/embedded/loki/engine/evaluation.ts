import type { Instant } from '../pipeline/stage.ts';
import type { LogStore } from '../storage/store.ts';
import type { QueryStatistics } from './statistics.ts';

/** What a metric query is evaluated over: `steps` moments from `start` on, `stepNs` apart. */
export interface Evaluation {
  readonly store: LogStore;
  readonly start: Instant;
  readonly stepNs: number;
  readonly steps: number;
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly statistics: QueryStatistics;
  /** Throws when a range aggregation has so many series that the server would suffer. */
  checkSamples(series: number): void;
}

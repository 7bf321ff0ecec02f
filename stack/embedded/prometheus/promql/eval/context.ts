import type { Queryable } from '../../storage/queryable.ts';
import type { Annotations } from '../annotations.ts';
import {
  PromqlCanceledError,
  PromqlTimeoutError,
  PromqlTooHeavyError,
  PromqlTooManySamplesError,
} from '../errors.ts';

/** What all parts of one query share: settings, limits and counters. */
export interface QueryContext {
  readonly queryable: Queryable;
  readonly annotations: Annotations;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly delayedNameRemoval: boolean;
  readonly startTimestamps: boolean;
  /** The query's own range, for `start()`, `end()`, `range()` and `step()`. */
  readonly queryStartMs: number;
  readonly queryEndMs: number;
  readonly queryStepMs: number;
  readonly isRangeQuery: boolean;
  readonly budget: Budget;
}

/** Counts the samples held and the work done, and watches the clock. */
export class Budget {
  readonly #maxSamples: number;
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #workLeft: number;
  held = 0;
  peak = 0;

  /** `deadline` is on the clock of `performance.now()`; `maxWork` in cells, see `work`. */
  constructor(
    maxSamples: number,
    deadline: number,
    signal: AbortSignal | undefined,
    maxWork = Number.POSITIVE_INFINITY,
  ) {
    this.#maxSamples = maxSamples;
    this.#workLeft = maxWork;
    this.#deadline = deadline;
    this.#signal = signal;
  }

  /** @throws PromqlTooManySamplesError */
  hold(samples: number): void {
    this.held += samples;
    if (this.held > this.#maxSamples) throw new PromqlTooManySamplesError();
    if (this.held > this.peak) this.peak = this.held;
  }

  /**
   * Counts work: one for each value that is computed, one for each four samples that are read. It is counted, and not
   * timed, so that the same query is always as heavy.
   *
   * @throws PromqlTooHeavyError
   */
  work(cells: number): void {
    this.#workLeft -= cells;
    if (this.#workLeft < 0) throw new PromqlTooHeavyError();
  }

  /** Counts samples that are read from the storage. */
  readonly read = (samples: number): void => this.work(samples / 4);

  /** Refuses arrays that would not fit, or be too much work, before they are made. */
  checkCells(cells: number): void {
    if (cells > this.#workLeft) throw new PromqlTooHeavyError();
    if (cells > Math.max(this.#maxSamples, 50_000_000)) throw new PromqlTooManySamplesError();
  }

  /** @throws PromqlTimeoutError, PromqlCanceledError */
  check(): void {
    if (this.#signal?.aborted === true) throw new PromqlCanceledError();
    if (performance.now() > this.#deadline) throw new PromqlTimeoutError();
  }
}

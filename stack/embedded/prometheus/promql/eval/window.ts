/** The samples of one series in one range, `[low, high)` of its arrays, and where the range lies. Reused at each step. */
export interface Window {
  timestamps: Float64Array;
  values: Float64Array;
  startTimestamps: Float64Array | undefined;
  low: number;
  high: number;
  /** The step's time. */
  timeMs: number;
  /** The range is left-open: `(rangeStart, rangeEnd]`. */
  rangeStart: number;
  rangeEnd: number;
  rangeMs: number;
  anchored: boolean;
  smoothed: boolean;
  /** The scalar arguments at this step. */
  scalars: number[];
  /** Where in the whole series a value is below the one before: a counter's resets. */
  resets: readonly number[];
  /** The first of `resets` that may still lie in a window; windows only move on. */
  nextReset: number;
  /** Set by the function when the series has no result at this step. */
  absent: boolean;
  /** Set by the function when start timestamps overlap. */
  overlap: boolean;
}

export type RangeFunction = (window: Window) => number;

/** The index of the first timestamp above `time` in `[low, high)`, or `high`. */
export function firstAfter(timestamps: Float64Array, time: number, low: number, high: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (timestamps[middle]! > time) to = middle;
    else from = middle + 1;
  }
  return from;
}

const none: readonly number[] = [];

/** The indexes of the values that are below the one before. */
export function resetsOf(values: Float64Array): readonly number[] {
  let found: number[] | undefined;
  for (let index = 1; index < values.length; index++) {
    if (values[index]! >= values[index - 1]!) continue;
    if (values[index]! < values[index - 1]!) {
      if (found === undefined) found = [index];
      else found.push(index);
    }
  }
  return found ?? none;
}

/** Marks the window as having no result. */
export function absent(window: Window): number {
  window.absent = true;
  return 0;
}

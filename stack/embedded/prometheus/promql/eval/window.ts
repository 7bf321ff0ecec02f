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
  /** No value of the series is below the one before: a counter without resets. */
  monotonic: boolean;
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

/** Whether no value is below the one before it. */
export function isMonotonic(values: Float64Array): boolean {
  for (let index = 1; index < values.length; index++) if (values[index]! < values[index - 1]!) return false;
  return true;
}

/** Marks the window as having no result. */
export function absent(window: Window): number {
  window.absent = true;
  return 0;
}

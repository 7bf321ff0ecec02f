import type { Window } from './window.ts';
import { absent } from './window.ts';

/** Linear between two samples. A counter that fell in between restarted at zero. */
export function interpolate(
  time: number,
  t1: number,
  v1: number,
  t2: number,
  v2: number,
  isCounter: boolean,
): number {
  const from = isCounter && v2 < v1 ? 0 : v1;
  return from + ((v2 - from) * (time - t1)) / (t2 - t1);
}

/** As Go's sort.Search over `[0, count)`, from `low`: the first index whose timestamp is beyond (or at) the time. */
export function search(
  timestamps: Float64Array,
  low: number,
  count: number,
  time: number,
  orEqual: boolean,
): number {
  let from = 0;
  let to = Math.max(count, 0);
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = timestamps[low + middle]!;
    if (at > time || (orEqual && at === time)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The rate between the values at the very ends of the range: taken from the last sample before (anchored) or interpolated (smoothed). */
export function extendedRate(window: Window, isCounter: boolean, isRate: boolean): number {
  const { timestamps, values, low, high, rangeStart, rangeEnd, smoothed } = window;
  let last = high - low - 1;
  let first = Math.max(0, search(timestamps, low, last, rangeStart, false) - 1);
  if (smoothed) last = search(timestamps, low, last, rangeEnd, true);
  const time = (index: number): number => timestamps[low + index]!;
  const value = (index: number): number => values[low + index]!;
  if (time(last) <= rangeStart || (smoothed && time(first) > rangeEnd)) return absent(window);
  const left =
    smoothed && time(first) < rangeStart
      ? interpolate(rangeStart, time(first), value(first), time(first + 1), value(first + 1), isCounter)
      : value(first);
  const right =
    smoothed && last > 0 && time(last) > rangeEnd
      ? interpolate(rangeEnd, time(last - 1), value(last - 1), time(last), value(last), isCounter)
      : value(last);
  let result = right - left;
  if (isCounter) {
    if (time(first) <= rangeStart) first++;
    if (time(last) >= rangeEnd) last--;
    let correction = 0;
    let previous = left;
    for (let index = first; index <= last; index++) {
      if (value(index) < previous) correction += previous;
      previous = value(index);
    }
    if (right < previous) correction += previous;
    result += correction;
  }
  return isRate ? result / (window.rangeMs / 1000) : result;
}

/** Where counting starts for changes() and resets(): at the last sample before an anchored range. Negative: no result. */
export function firstIndex(window: Window): number {
  const { timestamps, low, high, rangeStart } = window;
  if (!window.anchored) return low;
  if (timestamps[high - 1]! <= rangeStart) return -1;
  return low + Math.max(0, search(timestamps, low, high - low - 1, rangeStart, false) - 1);
}

import { extendedRate } from './extended-rate.ts';
import type { RangeFunction, Window } from './window.ts';
import { absent } from './window.ts';

export const rate: RangeFunction = (window) => extrapolatedRate(window, true, true);
export const increase: RangeFunction = (window) => extrapolatedRate(window, true, false);
export const delta: RangeFunction = (window) => extrapolatedRate(window, false, false);
export const irate: RangeFunction = (window) => instantValue(window, true);
export const idelta: RangeFunction = (window) => instantValue(window, false);

/**
 * The increase over the range, extrapolated to its ends where the samples come close to them (within 1.1 times their
 * mean distance), and never below a counter's zero. The order of the operations is Prometheus's, to the last bit.
 */
function extrapolatedRate(window: Window, isCounter: boolean, isRate: boolean): number {
  if (window.anchored || window.smoothed) return extendedRate(window, isCounter, isRate);
  const { timestamps, values, startTimestamps, low, high, rangeStart, rangeEnd } = window;
  const last = high - 1;
  const firstTime = timestamps[low]!;
  const lastTime = timestamps[last]!;
  const firstValue = values[low]!;
  const intervals = last - low;
  let result = values[last]! - firstValue;
  if (isCounter && startTimestamps === undefined) {
    const { resets } = window;
    let next = window.nextReset;
    while (next < resets.length && resets[next]! <= low) next++;
    window.nextReset = next;
    for (; next < resets.length && resets[next]! < high; next++) result += values[resets[next]! - 1]!;
  } else if (isCounter) {
    let previous = firstValue;
    for (let index = low + 1; index < high; index++) {
      const value = values[index]!;
      if (value < previous || isStartReset(window, startTimestamps!, timestamps, index)) result += previous;
      previous = value;
    }
  }
  let toStart = (firstTime - rangeStart) / 1000;
  let toEnd = (rangeEnd - lastTime) / 1000;
  let sampled = (lastTime - firstTime) / 1000;
  const average = intervals > 0 ? sampled / intervals : 0;
  const threshold = average * 1.1;
  const started = isCounter && startTimestamps !== undefined ? startTimestamps[low]! : Number.NaN;
  if (started > rangeStart && started < firstTime) {
    // The counter began within the range, at zero: no need to guess.
    toStart = 0;
    sampled = (lastTime - started) / 1000;
    result += firstValue;
  } else if (intervals === 0) {
    return absent(window);
  } else {
    if (toStart >= threshold) toStart = average / 2;
    if (isCounter && result > 0 && firstValue >= 0) {
      const toZero = sampled * (firstValue / result);
      if (toZero < toStart) toStart = toZero;
    }
  }
  if (toEnd >= threshold) toEnd = average / 2;
  let factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
  if (isRate) factor /= window.rangeMs / 1000;
  return result * factor;
}

/** Whether the counter restarted between two samples, told by their start timestamps (NaN: unknown). */
export function isStartReset(
  window: Window,
  starts: Float64Array,
  timestamps: Float64Array,
  index: number,
): boolean {
  const start = starts[index]!;
  const previousStart = starts[index - 1]!;
  const previousTime = timestamps[index - 1]!;
  if (Number.isNaN(start)) return false;
  if (start < previousTime && start !== previousStart) window.overlap = true;
  if (start >= timestamps[index]! || start < previousTime) return false;
  if (start > previousTime) return true;
  // The start is the previous sample's time: a reset for a delta series, which knows its previous start.
  return previousStart < previousTime;
}

function instantValue(window: Window, isRate: boolean): number {
  const { timestamps, values, startTimestamps, low, high } = window;
  if (high - low < 2) return absent(window);
  const last = high - 1;
  const interval = timestamps[last]! - timestamps[last - 1]!;
  if (interval === 0) return absent(window);
  const value = values[last]!;
  const previous = values[last - 1]!;
  const reset =
    isRate &&
    (value < previous ||
      (startTimestamps !== undefined && isStartReset(window, startTimestamps, timestamps, last)));
  const change = reset ? value : value - previous;
  return isRate ? change / (interval / 1000) : change;
}

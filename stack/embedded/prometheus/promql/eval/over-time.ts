import { PromqlExecutionError } from '../errors.ts';
import { firstIndex } from './extended-rate.ts';
import { isInfinite, KahanSum } from './kahan.ts';
import { quantile } from './quantile.ts';
import { isStartReset } from './rate.ts';
import type { RangeFunction, Window } from './window.ts';
import { absent } from './window.ts';

export const sumOverTime: RangeFunction = ({ values, low, high }) => {
  let sum = 0;
  let compensation = 0;
  for (let index = low; index < high; index++) {
    const increment = values[index]!;
    const total = sum + increment;
    if (isInfinite(total)) compensation = 0;
    else if (Math.abs(sum) >= Math.abs(increment)) compensation += sum - total + increment;
    else compensation += increment - total + sum;
    sum = total;
  }
  return isInfinite(sum) ? sum : sum + compensation;
};

/** The sum by the count while the sum does not overflow, then the incremental mean. */
export const avgOverTime: RangeFunction = ({ values, low, high }) => {
  let sum = values[low]!;
  let mean = sum;
  let compensation = 0;
  let count = 1;
  let incremental = false;
  const kahan = new KahanSum();
  for (let index = low + 1; index < high; index++) {
    count++;
    const value = values[index]!;
    if (!incremental) {
      kahan.sum = sum;
      kahan.compensation = compensation;
      kahan.add(value);
      if (!isInfinite(kahan.sum)) {
        sum = kahan.sum;
        compensation = kahan.compensation;
        continue;
      }
      incremental = true;
      mean = sum / (count - 1);
      compensation /= count - 1;
    }
    const weight = (count - 1) / count;
    kahan.sum = weight * mean;
    kahan.compensation = weight * compensation;
    kahan.add(value / count);
    mean = kahan.sum;
    compensation = kahan.compensation;
  }
  return incremental ? mean + compensation : sum / count + compensation / count;
};

export const countOverTime: RangeFunction = ({ low, high }) => high - low;
export const presentOverTime: RangeFunction = () => 1;
export const firstOverTime: RangeFunction = ({ values, low }) => values[low]!;
export const lastOverTime: RangeFunction = ({ values, high }) => values[high - 1]!;
export const tsOfFirstOverTime: RangeFunction = ({ timestamps, low }) => timestamps[low]! / 1000;
export const tsOfLastOverTime: RangeFunction = ({ timestamps, high }) => timestamps[high - 1]! / 1000;

/** The index of the extreme value; NaN gives way to any number. */
function extreme({ values, low, high }: Window, better: (value: number, best: number) => boolean): number {
  let best = low;
  for (let index = low; index < high; index++) {
    if (better(values[index]!, values[best]!) || Number.isNaN(values[best]!)) best = index;
  }
  return best;
}

export const maxOverTime: RangeFunction = ({ values, low, high }) => {
  let best = values[low]!;
  for (let index = low; index < high; index++) {
    const value = values[index]!;
    if (value > best || Number.isNaN(best)) best = value;
  }
  return best;
};

export const minOverTime: RangeFunction = ({ values, low, high }) => {
  let best = values[low]!;
  for (let index = low; index < high; index++) {
    const value = values[index]!;
    if (value < best || Number.isNaN(best)) best = value;
  }
  return best;
};

export const tsOfMaxOverTime: RangeFunction = (window) =>
  window.timestamps[extreme(window, (value, best) => value >= best)]! / 1000;
export const tsOfMinOverTime: RangeFunction = (window) =>
  window.timestamps[extreme(window, (value, best) => value <= best)]! / 1000;

export const quantileOverTime: RangeFunction = ({ values, low, high, scalars }) =>
  quantile(scalars[0]!, values.slice(low, high));

export const madOverTime: RangeFunction = ({ values, low, high }) => {
  for (let index = low; index < high; index++) if (Number.isNaN(values[index])) return Number.NaN;
  const median = quantile(0.5, values.slice(low, high));
  return quantile(
    0.5,
    values.slice(low, high).map((value) => Math.abs(value - median)),
  );
};

/** Welford's variance with compensated sums. */
export const stdvarOverTime: RangeFunction = ({ values, low, high }) => {
  const mean = new KahanSum();
  const squares = new KahanSum();
  let count = 0;
  for (let index = low; index < high; index++) {
    const value = values[index]!;
    count++;
    const difference = value - mean.value;
    mean.add(difference / count);
    squares.add(difference * (value - mean.value));
  }
  return squares.value / count;
};

export const stddevOverTime: RangeFunction = (window) => Math.sqrt(stdvarOverTime(window));

export const changes: RangeFunction = (window) => {
  const { values, high } = window;
  const first = firstIndex(window);
  if (first < 0) return absent(window);
  let count = 0;
  for (let index = first + 1; index < high; index++) {
    const value = values[index]!;
    const previous = values[index - 1]!;
    if (value !== previous && !(Number.isNaN(value) && Number.isNaN(previous))) count++;
  }
  return count;
};

export const resets: RangeFunction = (window) => {
  const { timestamps, values, startTimestamps, high } = window;
  const first = firstIndex(window);
  if (first < 0) return absent(window);
  let count = 0;
  for (let index = first + 1; index < high; index++) {
    const restarted =
      startTimestamps !== undefined && isStartReset(window, startTimestamps, timestamps, index);
    if (values[index]! < values[index - 1]! || restarted) count++;
  }
  return count;
};

/** Least squares; the intercept is at `interceptTime`. */
function linearRegression(
  { timestamps, values, low, high }: Window,
  interceptTime: number,
): { slope: number; intercept: number } {
  const sumX = new KahanSum();
  const sumY = new KahanSum();
  const sumXY = new KahanSum();
  const sumX2 = new KahanSum();
  const first = values[low]!;
  let constant = true;
  let count = 0;
  for (let index = low; index < high; index++) {
    const y = values[index]!;
    if (constant && index > low && y !== first) constant = false;
    count++;
    const x = (timestamps[index]! - interceptTime) / 1e3;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumX2.add(x * x);
  }
  if (constant) {
    return isInfinite(first) ? { slope: Number.NaN, intercept: Number.NaN } : { slope: 0, intercept: first };
  }
  const x = sumX.value;
  const y = sumY.value;
  const covariance = sumXY.value - (x * y) / count;
  const variance = sumX2.value - (x * x) / count;
  const slope = covariance / variance;
  return { slope, intercept: y / count - (slope * x) / count };
}

export const deriv: RangeFunction = (window) => {
  if (window.high - window.low < 2) return absent(window);
  // Near the values in use, for accuracy.
  return linearRegression(window, window.timestamps[window.low]!).slope;
};

export const predictLinear: RangeFunction = (window) => {
  if (window.high - window.low < 2) return absent(window);
  const { slope, intercept } = linearRegression(window, window.timeMs);
  return slope * window.scalars[0]! + intercept;
};

/** Holt-Winters: level and trend, each smoothed by its factor. */
export const doubleExponentialSmoothing: RangeFunction = (window) => {
  const { values, low, high, scalars } = window;
  const [smoothing = 0, trend = 0] = scalars;
  for (const [name, factor] of [
    ['smoothing', smoothing],
    ['trend', trend],
  ] as const) {
    if (factor <= 0 || factor >= 1) {
      throw new PromqlExecutionError(
        `invalid ${name} factor. Expected: 0 < ${name === 'trend' ? 'tf' : 'sf'} < 1, got: ${factor.toFixed(6)}`,
      );
    }
  }
  if (high - low < 2) return absent(window);
  let previous = 0;
  let level = values[low]!;
  let slope = values[low + 1]! - level;
  for (let index = low + 1; index < high; index++) {
    const x = smoothing * values[index]!;
    if (index > low + 1) slope = trend * (level - previous) + (1 - trend) * slope;
    const y = (1 - smoothing) * (level + slope);
    previous = level;
    level = x + y;
  }
  return level;
};

/** Computes one value from the samples of a window: `values[from..to)` at `times` (nanoseconds); never empty. */
export type RangeFunction = (
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  from: number,
  to: number,
) => number;

function sum(values: ArrayLike<number>, from: number, to: number): number {
  let total = 0;
  for (let index = from; index < to; index++) total += values[index]!;
  return total;
}

/** Welford's method, as Loki computes it. */
function variance(values: ArrayLike<number>, from: number, to: number): number {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let index = from; index < to; index++) {
    count++;
    const delta = values[index]! - mean;
    mean += delta / count;
    squares += delta * (values[index]! - mean);
  }
  return squares / count;
}

/** A quantile by linear interpolation between the closest ranks; outside [0, 1] it is infinite. */
export function quantile(q: number, values: number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  values.sort((left, right) => left - right);
  const rank = q * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}

/**
 * rate_counter. Loki takes Prometheus's extrapolation but counts the range in milliseconds and the samples in
 * nanoseconds, so that it hardly extrapolates; measured against it, and kept.
 */
function counterRate(rangeNs: number): RangeFunction {
  return (times, values, from, to) => {
    if (to - from < 2) return 0;
    const first = values[from]!;
    let result = values[to - 1]! - first;
    let last = 0;
    for (let index = from; index < to; index++) {
      if (values[index]! < last) result += last;
      last = values[index]!;
    }
    let toStart = rangeNs / 1e6 / 1000;
    const sampled = (times[to - 1]! - times[from]!) / 1000;
    const average = sampled / (to - from - 1);
    if (result > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / result));
    const threshold = average * 1.1;
    const extrapolated =
      sampled + (toStart < threshold ? toStart : average / 2) + (0 < threshold ? 0 : average / 2);
    return (result * (extrapolated / sampled)) / (rangeNs / 1e9);
  };
}

/** The function of a range aggregation. Sources: Loki's range_vector.go. */
export function rangeFunction(operation: string, rangeNs: number, parameter: number): RangeFunction {
  const seconds = rangeNs / 1e9;
  switch (operation) {
    case 'count_over_time':
      return (_times, _values, from, to) => to - from;
    case 'rate':
    case 'bytes_rate':
      return (_times, values, from, to) => sum(values, from, to) / seconds;
    case 'bytes_over_time':
    case 'sum_over_time':
      return (_times, values, from, to) => sum(values, from, to);
    case 'rate_counter':
      return counterRate(rangeNs);
    case 'avg_over_time':
      return (_times, values, from, to) => {
        let mean = 0;
        for (let index = from; index < to; index++) {
          const count = index - from + 1;
          mean += values[index]! / count - mean / count;
        }
        return mean;
      };
    case 'max_over_time':
      return (_times, values, from, to) => {
        let max = values[from]!;
        for (let index = from + 1; index < to; index++) {
          if (values[index]! > max || Number.isNaN(max)) max = values[index]!;
        }
        return max;
      };
    case 'min_over_time':
      return (_times, values, from, to) => {
        let min = values[from]!;
        for (let index = from + 1; index < to; index++) {
          if (values[index]! < min || Number.isNaN(min)) min = values[index]!;
        }
        return min;
      };
    case 'stdvar_over_time':
      return (_times, values, from, to) => variance(values, from, to);
    case 'stddev_over_time':
      return (_times, values, from, to) => Math.sqrt(variance(values, from, to));
    case 'quantile_over_time':
      return (_times, values, from, to) => quantile(parameter, Array.prototype.slice.call(values, from, to));
    case 'first_over_time':
      return (_times, values, from) => values[from]!;
    case 'last_over_time':
      return (_times, values, _from, to) => values[to - 1]!;
    case 'absent_over_time':
      return () => 1;
    default:
      throw new Error(`unknown range aggregation ${operation}`);
  }
}

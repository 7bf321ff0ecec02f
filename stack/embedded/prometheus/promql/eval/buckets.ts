export interface Bucket {
  readonly upperBound: number;
  /** Cumulative. */
  count: number;
}

/** Differences below this share are rounding, not a fault of the histogram. */
const tolerance = 1e-12;
const smallestNormal = 2 ** -1022;

/** Relative equality, as Prometheus's util/almost. */
export function almostEqual(a: number, b: number, epsilon: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < epsilon * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < epsilon;
}

/** Joins buckets of the same bound. They come sorted. */
function coalesce(buckets: readonly Bucket[]): Bucket[] {
  const result: Bucket[] = [];
  for (const bucket of buckets) {
    const last = result.at(-1);
    if (last !== undefined && last.upperBound === bucket.upperBound) last.count += bucket.count;
    else result.push({ ...bucket });
  }
  return result;
}

/** Makes the counts rise: silently where they fall by rounding, and told where they fall by more. */
function forceMonotonic(buckets: Bucket[]): boolean {
  let forced = false;
  let previous = buckets[0]!.count;
  for (const bucket of buckets.slice(1)) {
    if (bucket.count === previous) continue;
    if (almostEqual(previous, bucket.count, tolerance)) bucket.count = previous;
    else if (bucket.count < previous) {
      bucket.count = previous;
      forced = true;
    } else previous = bucket.count;
  }
  return forced;
}

/** The φ-quantile of a classic histogram, linear within a bucket; the lowest bucket begins at zero. Sorted buckets. */
export function bucketQuantile(
  q: number,
  sorted: readonly Bucket[],
): { value: number; forcedMonotonic: boolean } {
  const plain = (value: number): { value: number; forcedMonotonic: boolean } => ({
    value,
    forcedMonotonic: false,
  });
  if (Number.isNaN(q)) return plain(Number.NaN);
  if (q < 0) return plain(Number.NEGATIVE_INFINITY);
  if (q > 1) return plain(Number.POSITIVE_INFINITY);
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return plain(Number.NaN);
  const buckets = coalesce(sorted);
  const forcedMonotonic = forceMonotonic(buckets);
  const last = buckets.length - 1;
  const observations = buckets[last]!.count;
  if (buckets.length < 2 || observations === 0) return plain(Number.NaN);
  let rank = q * observations;
  let index = 0;
  let high = last;
  while (index < high) {
    const middle = (index + high) >> 1;
    if (buckets[middle]!.count >= rank) high = middle;
    else index = middle + 1;
  }
  if (index === last) return { value: buckets[last - 1]!.upperBound, forcedMonotonic };
  const { upperBound } = buckets[index]!;
  if (index === 0 && upperBound <= 0) return { value: upperBound, forcedMonotonic };
  let start = 0;
  let { count } = buckets[index]!;
  if (index > 0) {
    const before = buckets[index - 1]!;
    start = before.upperBound;
    count -= before.count;
    rank -= before.count;
  }
  return { value: start + (upperBound - start) * (rank / count), forcedMonotonic };
}

/** The share of observations between two values. Sorted buckets. */
export function bucketFraction(lower: number, upper: number, sorted: readonly Bucket[]): number {
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return Number.NaN;
  const buckets = coalesce(sorted);
  const { count } = buckets.at(-1)!;
  if (count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets, count) - rankOf(lower, buckets, count)) / count;
}

/** How many observations lie below the value. */
function rankOf(value: number, buckets: readonly Bucket[], count: number): number {
  let rank = 0;
  let lowerBound = buckets[0]!.upperBound > 0 ? 0 : Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    const { upperBound } = bucket;
    if (lowerBound >= value) return Math.min(rank, count);
    if (upperBound > value) {
      // An infinite bucket tells nothing of what lies where within it.
      if (lowerBound === Number.NEGATIVE_INFINITY) return Math.min(bucket.count, count);
      return Math.min(
        rank + ((bucket.count - rank) * (value - lowerBound)) / (upperBound - lowerBound),
        count,
      );
    }
    rank = bucket.count;
    lowerBound = upperBound;
  }
  return count;
}

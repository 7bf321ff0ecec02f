import { bounds } from './binomial.ts';

/**
 * The value that a share of all values does not exceed, by the nearest rank: always one of the values.
 *
 * `sorted`: ascending and not empty; `share`: 0 to 1.
 */
export function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values, so no quantile');
  return value;
}

/**
 * Between which of these values the quantile of all that they were drawn from lies, in 95 of 100 draws: how many of them
 * lie below it is binomial, whatever the distribution. With few values it is wide, and ends at the largest.
 */
export function quantileBounds(sorted: readonly number[], share: number): { low: number; high: number } {
  const { low, high } = bounds(share, sorted.length, 2);
  const at = (rank: number): number => sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.NaN;
  return { low: at(low), high: at(high + 1) };
}

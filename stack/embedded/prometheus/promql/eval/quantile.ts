import { formatG } from '../format-float.ts';
import type { QueryContext } from './context.ts';

/** Ascending with NaN first, as Prometheus sorts for quantiles. */
export function ascending(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a - b;
}

/** The φ-quantile of sorted or unsorted values, interpolated linearly. Sorts the array in place. */
export function quantile(q: number, values: number[] | Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  values.sort(ascending);
  const rank = q * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}

export function isBadQuantile(q: number): boolean {
  return Number.isNaN(q) || q < 0 || q > 1;
}

/** Warns of a quantile that no quantile is. */
export function warnQuantile(context: QueryContext, q: number, position: number): void {
  if (q >= 0 && q <= 1) return;
  context.annotations.warn(`quantile value should be between 0 and 1, got ${formatG(q)}`, position);
}

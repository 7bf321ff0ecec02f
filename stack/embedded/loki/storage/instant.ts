import type { Instant } from '../pipeline/stage.ts';

const billion = 1_000_000_000n;

/** Splits nanoseconds since the epoch. */
export function instantOf(nanoseconds: bigint): Instant {
  let seconds = nanoseconds / billion;
  let rest = nanoseconds % billion;
  if (rest < 0n) {
    seconds -= 1n;
    rest += billion;
  }
  return { seconds: Number(seconds), nanoseconds: Number(rest) };
}

export function toNanoseconds({ seconds, nanoseconds }: Instant): bigint {
  return BigInt(seconds) * billion + BigInt(nanoseconds);
}

/** `left - right` in nanoseconds: exact up to 104 days. */
export function difference(left: Instant, right: Instant): number {
  return (left.seconds - right.seconds) * 1e9 + (left.nanoseconds - right.nanoseconds);
}

export function addNanoseconds(instant: Instant, delta: number): Instant {
  const total = instant.nanoseconds + (delta % 1e9);
  const carry = Math.floor(total / 1e9);
  return {
    seconds: instant.seconds + Math.trunc(delta / 1e9) + carry,
    nanoseconds: total - carry * 1e9,
  };
}

/** Nanoseconds since the epoch as digits. */
export function formatNanoseconds({ seconds, nanoseconds }: Instant): string {
  if (seconds < 0) return String(toNanoseconds({ seconds, nanoseconds }));
  if (seconds === 0) return String(nanoseconds);
  return `${seconds}${String(nanoseconds).padStart(9, '0')}`;
}

/** Writes a time as Go's RFC3339 (whole seconds) or RFC3339Nano. */
export function formatRfc3339(
  instant: Instant,
  precision: 'seconds' | 'nanoseconds' = 'nanoseconds',
): string {
  const base = new Date(instant.seconds * 1000).toISOString().slice(0, 19);
  const digits = String(instant.nanoseconds).padStart(9, '0').replace(/0+$/, '');
  return precision === 'seconds' || digits === '' ? `${base}Z` : `${base}.${digits}Z`;
}

/**
 * A point in time to the nanosecond, in two numbers that a double holds exactly: seconds since 1970, negative before,
 * and the nanoseconds after them.
 */
export interface Instant {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The first moment of year 1: Go's zero time. */
export const zeroInstant: Instant = { seconds: -62_135_596_800, nanoseconds: 0 };

/** What JavaScript counts time in; a fraction of a millisecond is kept to the nanosecond. */
export function instantOfMilliseconds(milliseconds: number): Instant {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

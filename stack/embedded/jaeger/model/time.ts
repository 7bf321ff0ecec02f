/** `Math.min` knows no bigint. */
export function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** `Math.max` knows no bigint. */
export function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

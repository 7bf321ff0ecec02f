/** A time as Go's JSON has it: RFC 3339 without needless zeros; what never was is the year one. */
export function rfc3339(timeMs: number | undefined): string {
  if (timeMs === undefined) return '0001-01-01T00:00:00Z';
  return new Date(timeMs).toISOString().replace(/\.?0*Z$/, 'Z');
}

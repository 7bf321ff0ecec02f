/** A range of time as an address carries it: each end is `now`, `now-15m`, a date or milliseconds. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

const unitMilliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** One end of a range in milliseconds; NaN when it cannot be read. */
export function instantOf(text: string, now = Date.now()): number {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text.trim());
  if (relative !== null) {
    return now - Number(relative[1] ?? 0) * unitMilliseconds[(relative[2] ?? 's') as 's'];
  }
  return /^\d+$/.test(text.trim()) ? Number(text) : Date.parse(text);
}

/** How long a range is; an hour where it cannot be read or is empty. */
export function secondsBetween({ from, to }: TimeRange): number {
  const now = Date.now();
  const seconds = Math.round((instantOf(to, now) - instantOf(from, now)) / 1000);
  return seconds > 0 ? seconds : 3600;
}

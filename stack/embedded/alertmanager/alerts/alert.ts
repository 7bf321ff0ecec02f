import { fingerprint, type LabelSet } from '../labels/label-set.ts';

/** One alert as the provider keeps it; times in milliseconds since 1970. */
export interface Alert {
  readonly fingerprint: string;
  readonly labels: LabelSet;
  readonly annotations: LabelSet;
  readonly generatorURL: string;
  readonly startsAt: number;
  /** 0 in a snapshot of a group: still firing. */
  readonly endsAt: number;
  readonly updatedAt: number;
  /** The end is a guess: resolve_timeout after the last update. */
  readonly timeout: boolean;
}

export function createAlert(alert: Omit<Alert, 'fingerprint'>): Alert {
  return { ...alert, fingerprint: fingerprint(alert.labels) };
}

export function isResolved(alert: Alert, now: number): boolean {
  return alert.endsAt !== 0 && alert.endsAt <= now;
}

/** Joins two reports of the same alert whose activity overlaps: the earliest start, the younger one's content. */
export function mergeAlerts(a: Alert, b: Alert, now: number): Alert {
  const [older, younger] = b.updatedAt < a.updatedAt ? [b, a] : [a, b];
  let endsAt = younger.endsAt;
  if (isResolved(younger, now)) {
    if (isResolved(older, now) && older.endsAt > endsAt) endsAt = older.endsAt;
  } else if (older.endsAt > endsAt && !older.timeout) endsAt = older.endsAt;
  return { ...younger, startsAt: Math.min(older.startsAt, younger.startsAt), endsAt };
}

/** What the minutes are judged by; ISO times, `resolvedAt` null while it is open. */
export interface IncidentTime {
  readonly severity: string;
  readonly declaredAt: string;
  readonly resolvedAt: string | null;
}

/** How one minute was for users: `unknown` before anybody looked. */
export type MinuteState = 'up' | 'degraded' | 'down' | 'unknown';

export interface Uptime {
  /** Oldest first, the running minute last. */
  readonly minutes: readonly { readonly startMs: number; readonly state: MinuteState }[];
  /** Share of the known minutes in which the service was not down, in percent; undefined where none is known. */
  readonly percent: number | undefined;
}

const minuteMs = 60_000;

/**
 * The last minutes by the incidents that were open in them. A complete outage and a major function that is impaired
 * (SEV1, SEV2) are down, what is less is degraded.
 */
export function uptimeOf(
  { incidents }: { readonly incidents: readonly IncidentTime[] },
  { nowMs, knownSinceMs, minutes: count = 60 }: { nowMs: number; knownSinceMs: number; minutes?: number },
): Uptime {
  const lastMs = Math.floor(nowMs / minuteMs) * minuteMs;
  const minutes = Array.from({ length: count }, (_, index) => {
    const startMs = lastMs - (count - 1 - index) * minuteMs;
    const open = incidents.filter(
      ({ declaredAt, resolvedAt }) =>
        Date.parse(declaredAt) < startMs + minuteMs &&
        (resolvedAt === null || Date.parse(resolvedAt) >= startMs),
    );
    const state: MinuteState = open.some(({ severity }) => severity === 'SEV1' || severity === 'SEV2')
      ? 'down'
      : open.length > 0
        ? 'degraded'
        : startMs + minuteMs <= knownSinceMs
          ? 'unknown'
          : 'up';
    return { startMs, state };
  });
  const known = minutes.filter(({ state }) => state !== 'unknown');
  const up = known.filter(({ state }) => state !== 'down');
  return { minutes, percent: known.length === 0 ? undefined : (100 * up.length) / known.length };
}

import type { Interval, LedgerSlice } from '../traffic/ledger.ts';
import { isError } from '../traffic/ledger.ts';

/** When a user is harmed: what the client counts as too slow, and how much of it is too much. */
export const slowFromMs = 500;
export const harmfulSlowRatio = 0.05;
export const harmfulErrorRatio = 0.02;
/** Seconds that are judged together: one alone holds too few requests for a share. */
const windowSeconds = 5;
const fewestRequests = 20;
/** Two stretches that lie closer together are one, and one that is shorter than that is none. Seconds. */
const joinWithinSeconds = 5;
const shortestSeconds = 5;

interface Second {
  requests: number;
  errors: number;
  slow: number;
}

/**
 * When users were harmed, by the client's own record: over five seconds, more than one request in twenty took half a
 * second or longer, or more than one in fifty failed. This is the truth that alerting is measured by; no telemetry, no
 * alert and no fault is asked. A time without enough requests harms nobody. Milliseconds since the epoch.
 */
export function harmfulStretches(slices: readonly LedgerSlice[]): Interval[] {
  const seconds = new Map<number, Second>();
  for (const { second, statuses, latencies } of slices) {
    const sum = seconds.get(second) ?? { requests: 0, errors: 0, slow: 0 };
    for (const [status, count] of Object.entries(statuses)) {
      sum.requests += count;
      if (isError(status)) sum.errors += count;
    }
    for (const [ms, count] of latencies) if (ms >= slowFromMs) sum.slow += count;
    seconds.set(second, sum);
  }
  const stretches: { from: number; to: number }[] = [];
  for (const second of [...seconds.keys()].sort((a, b) => a - b)) {
    if (!isHarmful(seconds, second)) continue;
    const last = stretches.at(-1);
    if (last !== undefined && second - last.to <= joinWithinSeconds) last.to = second + 1;
    else stretches.push({ from: second, to: second + 1 });
  }
  return stretches
    .filter(({ from, to }) => to - from >= shortestSeconds)
    .map(({ from, to }) => ({ fromMs: from * 1000, toMs: to * 1000 }));
}

/** Whether somebody was harmed in this second, and too many in the five around it. */
function isHarmful(seconds: ReadonlyMap<number, Second>, second: number): boolean {
  const own = seconds.get(second);
  if (own === undefined || own.slow + own.errors === 0) return false;
  const half = Math.floor(windowSeconds / 2);
  const sum: Second = { requests: 0, errors: 0, slow: 0 };
  for (let at = second - half; at <= second + half; at++) {
    const one = seconds.get(at);
    if (one === undefined) continue;
    sum.requests += one.requests;
    sum.errors += one.errors;
    sum.slow += one.slow;
  }
  if (sum.requests < fewestRequests) return false;
  return sum.slow / sum.requests > harmfulSlowRatio || sum.errors / sum.requests > harmfulErrorRatio;
}

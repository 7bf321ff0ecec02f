import type { Interval } from '../../traffic/ledger.ts';
import { isAsWanted } from './phase.ts';
import type { CheckResult } from './run-check.ts';

/** What the machine did in a short stretch of time. */
export interface MachineSample {
  /** Epoch milliseconds of its end. */
  readonly atMs: number;
  readonly lengthMs: number;
  /** The longest that this program's event loop stood still. */
  readonly lagMs: number;
  /** The share of the time in which something that could run waited for a processor (Linux PSI), or null where the system does not tell. */
  readonly cpuPressure: number | null;
}

/**
 * From when on a stretch counts as starved, and how much of an interval has to be. Measured on two cores, see
 * lab/docs/flakes.md: with the machine to itself the lab under load has a median pressure of 0.37, reaches 0.9 in 1 of
 * 20 samples and never stands still for 100 ms. The worst of many values needs less: a quarter of the window that it was
 * taken over, which is nine of its 34 samples where two are usual.
 */
export const starvationLimits = { lagMs: 500, cpuPressure: 0.9, share: 0.5, worstShare: 0.25 } as const;

export interface Starvation {
  readonly starvedMs: number;
  readonly measuredMs: number;
  readonly worstLagMs: number;
  readonly worstCpuPressure: number | null;
  readonly starved: boolean;
}

/** How starved the machine was in an interval. Pure: the samples decide, nothing else. */
export function starvationIn(
  samples: readonly MachineSample[],
  { fromMs, toMs }: Interval,
  share: number = starvationLimits.share,
): Starvation {
  const inside = samples.filter((one) => one.atMs > fromMs && one.atMs - one.lengthMs < toMs);
  const isStarved = (one: MachineSample): boolean =>
    one.lagMs >= starvationLimits.lagMs || (one.cpuPressure ?? 0) >= starvationLimits.cpuPressure;
  const sum = (chosen: readonly MachineSample[]): number =>
    Math.round(chosen.reduce((total, one) => total + one.lengthMs, 0));
  const pressures = inside.flatMap((one) => (one.cpuPressure === null ? [] : [one.cpuPressure]));
  const measuredMs = sum(inside);
  const starvedMs = sum(inside.filter(isStarved));
  return {
    starvedMs,
    measuredMs,
    worstLagMs: Math.round(Math.max(0, ...inside.map((one) => one.lagMs))),
    worstCpuPressure: pressures.length === 0 ? null : Number(Math.max(...pressures).toFixed(2)),
    starved: measuredMs > 0 && starvedMs / measuredMs >= share,
  };
}

/** What a value of this moment was taken over: the window, and the scrapes at its ends. */
const windowBefore = (atMs: number, windowSeconds: number): Interval => ({
  fromMs: atMs - 1000 * windowSeconds - 2_000,
  toMs: atMs,
});

/**
 * An unwanted verdict that was measured while the machine was starved says nothing about the lab: it becomes an error,
 * with the figures. What is as wanted stays as it is.
 */
export function excuseStarvation(
  result: CheckResult,
  samples: readonly MachineSample[],
  windowSeconds: number,
): CheckResult {
  if (isAsWanted(result) || result.verdict === 'error') return result;
  const startedMs = Date.parse(result.at);
  const lookedAtMs = result.phase === 'invariant' ? result.withinSeconds * 1000 : windowSeconds * 1000;
  const found =
    result.worstAt === undefined
      ? starvationIn(samples, { fromMs: startedMs - lookedAtMs, toMs: startedMs + result.ms })
      : starvationIn(
          samples,
          windowBefore(Date.parse(result.worstAt), windowSeconds),
          starvationLimits.worstShare,
        );
  if (!found.starved) return result;
  const pressure =
    found.worstCpuPressure === null
      ? ''
      : `, CPU pressure up to ${Math.round(found.worstCpuPressure * 100)} %`;
  return {
    ...result,
    verdict: 'error',
    note: `the machine was starved for ${(found.starvedMs / 1000).toFixed(1)} of ${(found.measuredMs / 1000).toFixed(1)} s (event loop still for up to ${found.worstLagMs} ms${pressure}); measured ${result.verdict}, ${result.observed ?? 'nothing'}`,
  };
}

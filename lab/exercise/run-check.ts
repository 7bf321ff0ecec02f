import type { Pace } from '../../stack/pace.ts';
import { describeExpectation, formatValue, meets } from './expectation.ts';
import type { Check, CheckPhase, ExerciseContext, Measured, Pillar, Seconds } from './model.ts';

/** `error`: could not be measured. It never counts as passed. */
export type Verdict = 'passed' | 'failed' | 'error' | 'skipped';

export interface CheckResult {
  readonly id: string;
  readonly claim: string;
  readonly pillar: Pillar;
  readonly phase: CheckPhase;
  readonly query: string;
  readonly verdict: Verdict;
  /** The measured value with its unit, or null when there was none. */
  readonly observed: string | null;
  readonly observedValue: number | null;
  readonly expected: string;
  /** What lies behind the number, or why there is none. */
  readonly note?: string;
  readonly withinSeconds: number;
  readonly ms: number;
  readonly link: string;
  readonly next: string;
  readonly invariant: boolean;
}

/**
 * How long a check is looked at. `await`: until it passes, or its deadline. `settle`: until it can be measured at all;
 * the control, which wants to see it fail, and not for lack of data. `reject`: until it does not pass; decoys.
 */
export type CheckMode = 'await' | 'settle' | 'reject';

export function secondsAt(seconds: Seconds, pace: Pace): number {
  return typeof seconds === 'function' ? seconds(pace) : seconds;
}

interface Attempt {
  readonly verdict: 'passed' | 'failed' | 'error';
  readonly value?: number;
  readonly note?: string;
}

/** Runs a check to its verdict. Never throws, but for an abort. */
export async function runCheck(
  check: Check,
  phase: CheckPhase,
  context: ExerciseContext,
  mode: CheckMode = 'await',
): Promise<CheckResult> {
  const { clock, pace, signal } = context;
  const withinSeconds = secondsAt(check.withinSeconds, pace);
  const startedAt = clock.now();
  const query = typeof check.query === 'function' ? check.query(context) : check.query;
  const finish = (verdict: Verdict, value: number | undefined, note: string | undefined): CheckResult => ({
    id: check.id,
    claim: check.claim,
    pillar: check.pillar,
    phase,
    query,
    verdict,
    observed: value === undefined ? null : formatValue(value, check.expect.unit),
    observedValue: value === undefined || !Number.isFinite(value) ? null : value,
    expected: describeExpectation(check.expect),
    ...(note === undefined ? {} : { note }),
    withinSeconds,
    ms: Math.round(clock.now() - startedAt),
    link: check.link(context),
    next: check.next,
    invariant: check.invariant !== undefined,
  });

  const reason = check.skip?.(context);
  if (reason !== undefined) return finish('skipped', undefined, reason);

  const holdMs = secondsAt(check.holdsForSeconds ?? 0, pace) * 1000;
  const deadline = startedAt + withinSeconds * 1000;
  const pollMs = pollInterval(pace);
  let heldSince: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const now = clock.now();
    const attempt = await tryOnce(check, context);
    signal.throwIfAborted();
    if (mode === 'settle' && attempt.verdict !== 'error')
      return finish(attempt.verdict, attempt.value, attempt.note);
    if (mode === 'reject' && attempt.verdict !== 'passed')
      return finish(attempt.verdict, attempt.value, attempt.note);
    if (attempt.verdict === 'passed' && mode === 'await') {
      heldSince ??= now;
      if (now - heldSince >= holdMs) return finish('passed', attempt.value, attempt.note);
    } else {
      heldSince = undefined;
    }
    // A value that has begun to hold before the deadline may finish holding after it.
    if (clock.now() >= deadline && heldSince === undefined)
      return finish(attempt.verdict, attempt.value, attempt.note);
    await clock.sleep(pollMs, signal);
  }
}

/** Twice per scrape, as seldom as every five seconds. */
export function pollInterval(pace: Pace): number {
  return Math.min(5_000, (pace.scrapeIntervalSeconds * 1000) / 2);
}

async function tryOnce(check: Check, context: ExerciseContext): Promise<Attempt> {
  try {
    if (check.guard !== undefined) {
      const evidence = await check.guard.measure(context);
      if (evidence === undefined || Number.isNaN(evidence) || evidence <= 0) {
        return {
          verdict: 'error',
          note: `no evidence: ${check.guard.what} ${evidence === undefined || Number.isNaN(evidence) ? 'could not be seen' : 'are none'}`,
        };
      }
    }
    const { value, note } = normalise(await check.measure(context));
    const about = note === undefined ? {} : { note };
    if (value === undefined) return { verdict: 'error', note: note ?? 'the query returned nothing' };
    if (Number.isNaN(value)) return { verdict: 'error', value, note: note ?? 'the query returned NaN' };
    return { verdict: meets(check.expect, value) ? 'passed' : 'failed', value, ...about };
  } catch (error) {
    context.signal.throwIfAborted();
    return { verdict: 'error', note: error instanceof Error ? error.message : String(error) };
  }
}

function normalise(measured: Measured): { value: number | undefined; note?: string } {
  if (measured === undefined || typeof measured === 'number') return { value: measured };
  return measured.note === undefined
    ? { value: measured.value }
    : { value: measured.value, note: measured.note };
}

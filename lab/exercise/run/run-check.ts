import type { Pace } from '../../../stack/pace.ts';
import { describeExpectation, type Expectation, formatValue, meets } from '../model/expectation.ts';
import type {
  ActInterval,
  Check,
  CheckPhase,
  ExerciseContext,
  Invariant,
  Measured,
  Pillar,
  Seconds,
} from '../model/model.ts';

/** `error`: could not be measured. It never counts as passed, and never as a control or a decoy that failed. */
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
  /** ISO time at which it began to be looked at. */
  readonly at: string;
  readonly ms: number;
  /** ISO time that the value is of, where it is the worst of many. */
  readonly worstAt?: string;
  readonly link: string;
  readonly next: string;
}

/**
 * `confirm`: until it passes and has held, or its deadline. `refute`: until it was measured failing three times in a
 * row, or its deadline; for controls and decoys, where a single flap proves nothing.
 */
export type CheckMode = 'confirm' | 'refute';

/** One measurement that fails may be a flap. */
export const refutedAfter = 3;

export function secondsAt(seconds: Seconds, pace: Pace): number {
  return typeof seconds === 'function' ? seconds(pace) : seconds;
}

interface Attempt {
  readonly verdict: 'passed' | 'failed' | 'error';
  readonly value?: number;
  readonly note?: string;
  readonly atMs?: number;
}

/** Runs a check to its verdict. Never throws, but for an abort. */
export async function runCheck(
  check: Check,
  phase: CheckPhase,
  context: ExerciseContext,
  mode: CheckMode = 'confirm',
  pollMs = pollInterval(context.pace),
): Promise<CheckResult> {
  const { clock, pace, signal } = context;
  const withinSeconds = secondsAt(check.withinSeconds, pace);
  const startedAt = clock.now();
  const finish = (attempt: Attempt | { verdict: 'skipped'; note: string }): CheckResult =>
    resultOf(check, phase, context, attempt, { startedAt, withinSeconds });

  const reason = check.skip?.(context);
  if (reason !== undefined) return finish({ verdict: 'skipped', note: reason });

  const holdMs = secondsAt(check.holdsForSeconds ?? 0, pace) * 1000;
  const deadline = startedAt + withinSeconds * 1000;
  let heldSince: number | undefined;
  let failedInARow = 0;
  for (;;) {
    signal.throwIfAborted();
    const now = clock.now();
    const attempt = await tryOnce(check, context);
    signal.throwIfAborted();
    if (mode === 'refute') {
      failedInARow = attempt.verdict === 'failed' ? failedInARow + 1 : 0;
      if (failedInARow >= refutedAfter) return finish(attempt);
      if (clock.now() >= deadline && failedInARow === 0) return finish(attempt);
    } else {
      heldSince = attempt.verdict === 'passed' ? (heldSince ?? now) : undefined;
      if (heldSince !== undefined && now - heldSince >= holdMs) return finish(attempt);
      // A value that has begun to hold before the deadline may finish holding after it.
      if (clock.now() >= deadline && heldSince === undefined) return finish(attempt);
    }
    await clock.sleep(pollMs, signal);
  }
}

/** Judges an invariant once, over an interval that is over. */
export async function judgeInvariant(
  invariant: Invariant,
  context: ExerciseContext,
  interval: ActInterval,
): Promise<CheckResult> {
  const startedAt = context.clock.now();
  const reason = invariant.skip?.(context);
  const attempt =
    reason === undefined
      ? await judge(invariant.expect, context, () => invariant.measure(context, interval))
      : ({ verdict: 'skipped', note: reason } as const);
  const withinSeconds = Math.round((interval.toMs - interval.fromMs) / 1000);
  return resultOf(invariant, 'invariant', context, attempt, { startedAt, withinSeconds });
}

/** Twice per scrape, as seldom as every five seconds. */
export function pollInterval(pace: Pace): number {
  return Math.min(5_000, (pace.scrapeIntervalSeconds * 1000) / 2);
}

function resultOf(
  check: Omit<Check, 'measure' | 'withinSeconds'>,
  phase: CheckPhase,
  context: ExerciseContext,
  attempt: { verdict: Verdict; value?: number; note?: string; atMs?: number },
  { startedAt, withinSeconds }: { startedAt: number; withinSeconds: number },
): CheckResult {
  const { verdict, value, note, atMs } = attempt;
  return {
    id: check.id,
    claim: check.claim,
    pillar: check.pillar,
    phase,
    query: typeof check.query === 'function' ? check.query(context) : check.query,
    verdict,
    observed: value === undefined ? null : formatValue(value, check.expect.unit),
    observedValue: value === undefined || !Number.isFinite(value) ? null : value,
    expected: describeExpectation(check.expect),
    note,
    withinSeconds,
    at: new Date(startedAt).toISOString(),
    ms: Math.round(context.clock.now() - startedAt),
    worstAt: atMs === undefined ? undefined : new Date(atMs).toISOString(),
    link: check.link(context),
    next: check.next,
  };
}

async function tryOnce(check: Check, context: ExerciseContext): Promise<Attempt> {
  return judge(check.expect, context, async () => {
    if (check.guard !== undefined) {
      const evidence = await check.guard.measure(context);
      if (evidence === undefined || Number.isNaN(evidence) || evidence <= 0) {
        const how = evidence === undefined || Number.isNaN(evidence) ? 'could not be seen' : 'are none';
        return { value: undefined, note: `no evidence: ${check.guard.what} ${how}` };
      }
    }
    return check.measure(context);
  });
}

/** One measurement as a verdict. NaN and infinities count as not measured. */
async function judge(
  expect: Expectation,
  { signal }: ExerciseContext,
  measure: () => Promise<Measured>,
): Promise<Attempt> {
  try {
    const { value, note, atMs } = normalise(await measure());
    if (value === undefined) return { verdict: 'error', note: note ?? 'the query returned nothing' };
    if (!Number.isFinite(value)) {
      return { verdict: 'error', value, note: note ?? `the query returned ${formatValue(value, '')}` };
    }
    return { verdict: meets(expect, value) ? 'passed' : 'failed', value, note, atMs };
  } catch (error) {
    signal.throwIfAborted();
    return { verdict: 'error', note: error instanceof Error ? error.message : String(error) };
  }
}

function normalise(measured: Measured): { value: number | undefined; note?: string; atMs?: number } {
  return measured === undefined || typeof measured === 'number' ? { value: measured } : measured;
}

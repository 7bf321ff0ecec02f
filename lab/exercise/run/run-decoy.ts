import type { Act, Decoy } from '../model/model.ts';
import type { DecoyReport } from '../report/report.ts';
import type { ActSession } from './act-session.ts';
import {
  type CheckResult,
  judgeInvariant,
  pollInterval,
  refutedAfter,
  runCheck,
  secondsAt,
} from './run-check.ts';

/**
 * Really does the wrong thing, lets it work, has it judged, and undoes it. It is rejected when every check that it
 * names was measured failing; a check that could not be measured rejects nothing.
 */
export async function runDecoy(decoy: Decoy, act: Act, session: ActSession): Promise<DecoyReport> {
  const problems: string[] = [];
  const results: CheckResult[] = [];
  const { clock, signal, pace } = session.context();
  const appliedAtMs = clock.now();
  try {
    session.log('phase', `Decoy: ${decoy.description}`, { decoy: decoy.id });
    await decoy.apply(session.actions());
    // As after a repair: what happened while it was being applied is not its doing, such as a page sent by the old routes.
    const inForceAtMs = clock.now();
    await clock.sleep(secondsAt(decoy.givenSeconds, pace) * 1000, signal);
    // Recover checks look at what is true since the "repair"; invariants at the whole time of the decoy.
    const context = session.context({ ...session.timeline, repairedAtMs: inForceAtMs });
    const judge = (): Promise<CheckResult[]> =>
      Promise.all(
        decoy.rejectedBy.map((id) => {
          const check = act.recover.find((one) => one.id === id);
          if (check !== undefined) return runCheck(check, 'recover-control', context, 'refute');
          const invariant = act.invariants.find((one) => one.id === id)!;
          return judgeInvariant(invariant, context, { fromMs: appliedAtMs, toMs: clock.now() });
        }),
      );
    const { judgedWithinSeconds } = decoy;
    const deadline = clock.now() + 1000 * secondsAt(judgedWithinSeconds ?? 0, pace);
    let judged = await judge();
    // Asked again and again it is bound to fail once by chance: then only failures in a row count.
    for (let inARow = 0; judgedWithinSeconds !== undefined; judged = await judge()) {
      inARow = isRejected(judged) ? inARow + 1 : 0;
      if (inARow >= refutedAfter || (inARow === 0 && clock.now() >= deadline)) break;
      await clock.sleep(pollInterval(pace), signal);
    }
    results.push(...judged);
    for (const one of results) {
      if (one.verdict === 'passed') problems.push(`${one.id} accepted it (observed ${one.observed})`);
      if (one.verdict === 'error')
        problems.push(`${one.id} could not be measured (${one.note ?? 'no reason'})`);
    }
  } catch (error) {
    signal.throwIfAborted();
    problems.push(`it could not be tried: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await decoy.undo(session.actions());
  }
  const by = results
    .filter((one) => one.verdict === 'failed')
    .map(({ id, verdict, observed, note }) => ({ check: id, verdict, observed, note }));
  const accepted = results.some((one) => one.verdict === 'passed');
  const rejected = accepted ? false : isRejected(results) ? true : null;
  return { id: decoy.id, rejected, by, problems };
}

function isRejected(results: readonly CheckResult[]): boolean {
  return results.length > 0 && results.every((one) => one.verdict === 'failed');
}

/** A decoy that was never come to. */
export function decoyNotReached({ id }: Decoy, reason: string): DecoyReport {
  return { id, rejected: null, by: [], problems: [reason] };
}

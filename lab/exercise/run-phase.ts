import type { Check, CheckPhase, ExerciseContext } from './model.ts';
import { type CheckMode, type CheckResult, runCheck } from './run-check.ts';

/** Whether an invariant is to hold in this phase; every other check belongs to its own. */
export function belongsTo(check: Check, phase: CheckPhase): boolean {
  if (check.invariant === undefined) return true;
  return phase !== 'control' && check.invariant.includes(phase);
}

/** Runs all checks of a phase side by side: the first failure hides none, and the slowest sets the time. */
export async function runPhase(
  checks: readonly Check[],
  phase: CheckPhase,
  context: ExerciseContext,
  options: { readonly mode?: CheckMode; readonly onResult?: (result: CheckResult) => void } = {},
): Promise<CheckResult[]> {
  const chosen = checks.filter((check) => belongsTo(check, phase));
  return Promise.all(
    chosen.map(async (check) => {
      const result = await runCheck(
        check,
        phase,
        context,
        options.mode ?? (phase === 'control' ? 'settle' : 'await'),
      );
      options.onResult?.(result);
      return result;
    }),
  );
}

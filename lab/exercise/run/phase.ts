import type { CheckPhase } from '../model/model.ts';
import type { CheckResult } from './run-check.ts';

/** The verdict that a phase wants of its checks: in a control they have to fail, everywhere else to pass. */
export function wantedVerdict(phase: CheckPhase): 'passed' | 'failed' {
  return phase === 'control' || phase === 'recover-control' ? 'failed' : 'passed';
}

/** Whether the check has the verdict that its phase wants; one that is skipped wants nothing. */
export function isAsWanted(result: Pick<CheckResult, 'phase' | 'verdict'>): boolean {
  return result.verdict === 'skipped' || result.verdict === wantedVerdict(result.phase);
}

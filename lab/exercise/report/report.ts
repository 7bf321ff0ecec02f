import { cpus, totalmem } from 'node:os';
import type { TrafficSummary } from '../../traffic/tally.ts';
import type { Detection } from '../run/detection.ts';
import type { Act } from '../model/model.ts';
import { isAsWanted } from '../run/phase.ts';
import type { CheckResult } from '../run/run-check.ts';
import type { Starvation } from '../run/starvation.ts';

export type Outcome = 'passed' | 'failed' | 'error';

/** What an act was given instead of its own fault, and what its evidence said to it. */
export interface ProofCell {
  readonly exercise: string;
  readonly act: string;
  readonly given: string;
  /** Passed: the act's evidence did not accept it. Failed: every check passed, so that it tells nothing apart. */
  readonly outcome: Outcome;
  /** The checks that were measured failing: they tell the two apart. */
  readonly toldApartBy: readonly string[];
  /** Checks that passed all the same. */
  readonly fooled: readonly string[];
  readonly problem?: string;
}

/** Whether an exercise could begin where another one had just ended. */
export interface Succession {
  readonly exercise: string;
  readonly after: string;
  readonly outcome: Outcome;
  /** How long its baseline took to hold. */
  readonly ms: number;
  readonly problem?: string;
}

export interface PhaseReport {
  readonly name: string;
  readonly startedAt: string;
  readonly ms: number;
}

export interface TaskReport {
  readonly id: string;
  readonly kind: string;
  /** Whether every wrong answer was rejected; null when it was not reached or could not be judged. */
  readonly wrongRejected: boolean | null;
  readonly solverAccepted: boolean | null;
  readonly solution: string | null;
  /** `--prove`: other right versions that were applied and accepted. */
  readonly alsoAccepted?: readonly string[];
  readonly problems: readonly string[];
}

export interface DecoyReport {
  readonly id: string;
  readonly rejected: boolean | null;
  /** The checks that were measured rejecting it, with what they saw. */
  readonly by: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly observed: string | null;
    readonly note?: string;
  }[];
  readonly problems: readonly string[];
}

/** For one check, the state in which it was measured failing and the one in which it was measured passing. */
export interface Proof {
  readonly check: string;
  readonly failedIn: string | null;
  readonly passedIn: string | null;
}

export interface ActReport {
  readonly id: string;
  readonly title: string;
  readonly phases: readonly PhaseReport[];
  readonly checks: readonly CheckResult[];
  readonly proofs: readonly Proof[];
  readonly tasks: readonly TaskReport[];
  readonly decoys: readonly DecoyReport[];
  readonly detection: Detection | null;
  /** Milliseconds from the break to the notification, to the last task, and to the repair; from there to recovery. */
  readonly timings: {
    readonly detectMs: number | null;
    readonly diagnoseMs: number | null;
    readonly repairMs: number | null;
    readonly recoverMs: number | null;
  };
  readonly traffic: TrafficSummary;
  /** What went wrong besides checks, one line each. */
  readonly problems: readonly string[];
}

export interface ExerciseReport {
  readonly id: string;
  readonly title: string;
  readonly outcome: Outcome;
  readonly runtime: string;
  readonly pace: string;
  /** Where it has variants: the seed, and what it chose. */
  readonly seed?: number;
  readonly variant?: string;
  readonly startedAt: string;
  readonly wallMs: number;
  /** How the machine did meanwhile: what verdicts were corrected by. */
  readonly machine: Omit<Starvation, 'starved'>;
  readonly acts: readonly ActReport[];
  readonly problems: readonly string[];
}

export interface RunReport {
  readonly schemaVersion: 2;
  readonly outcome: Outcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly wallMs: number;
  /** The highest sum over all processes of the lab, the traffic and this program. */
  readonly peakMemoryBytes: number;
  readonly peakMemoryByProcess: Readonly<Record<string, number>>;
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly architecture: string;
    readonly processors: number;
    readonly memoryBytes: number;
  };
  readonly exercises: readonly ExerciseReport[];
  /** `--prove`: every act with breaks that are not its own. */
  readonly proof?: readonly ProofCell[];
  /** `--prove`: whether each exercise could begin where each other had just ended. */
  readonly successions?: readonly Succession[];
}

/** The machine the run happened on, as far as it explains numbers. */
export function describeMachine(): RunReport['machine'] {
  return {
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    processors: cpus().length,
    memoryBytes: totalmem(),
  };
}

/** A failure outweighs an error: it was measured. */
export function combineOutcomes(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.length === 0 || outcomes.includes('failed')) return 'failed';
  return outcomes.includes('error') ? 'error' : 'passed';
}

/**
 * The outcome of one act. Passed only if every check has the verdict that its phase wants, every check was seen in both
 * states, every wrong answer and every decoy was rejected, every solver accepted, and something was checked in each
 * phase. A failure was measured; what could not be measured is an error.
 */
export function judgeAct(
  report: Pick<ActReport, 'checks' | 'proofs' | 'tasks' | 'decoys' | 'problems'>,
): Outcome {
  const unmet = report.checks.filter((check) => !isAsWanted(check));
  const failed =
    unmet.some((check) => check.verdict !== 'error') ||
    report.tasks.some((task) => task.wrongRejected === false || task.solverAccepted === false) ||
    report.decoys.some((decoy) => decoy.rejected === false);
  if (failed) return 'failed';
  const missing = (['baseline', 'control', 'observe', 'recover-control', 'recover'] as const).some(
    (phase) => !report.checks.some((check) => check.phase === phase && check.verdict !== 'skipped'),
  );
  const unreached =
    report.tasks.some((task) => task.solverAccepted === null || task.wrongRejected === null) ||
    report.decoys.some((decoy) => decoy.rejected === null) ||
    report.proofs.some((proof) => proof.failedIn === null || proof.passedIn === null);
  return unmet.length > 0 || unreached || missing || report.problems.length > 0 ? 'error' : 'passed';
}

/** The outcome of all acts together; acts that were not reached make it an error at least. */
export function judgeExercise(
  report: Pick<ExerciseReport, 'acts' | 'problems'>,
  actsWanted: number,
): Outcome {
  const outcome = combineOutcomes(report.acts.map(judgeAct));
  const whole = report.acts.length === actsWanted && report.problems.length === 0;
  return outcome === 'passed' && !whole ? 'error' : outcome;
}

/** The states in which every check of an act was measured failing and passing. */
export function proofsOf(
  act: Pick<Act, 'observe' | 'recover' | 'invariants' | 'decoys'>,
  checks: readonly CheckResult[],
  decoys: readonly DecoyReport[],
): Proof[] {
  const seen = (phase: CheckResult['phase'], id: string, verdict: string): string | null =>
    checks.some((one) => one.phase === phase && one.id === id && one.verdict === verdict) ? phase : null;
  const skipped = new Set(checks.filter((one) => one.verdict === 'skipped').map((one) => one.id));
  return [
    ...act.observe.map(({ id }) => ({
      check: id,
      failedIn: seen('control', id, 'failed'),
      passedIn: seen('observe', id, 'passed'),
    })),
    ...act.invariants.map(({ id, violatedBy }) => ({
      check: id,
      failedIn: decoys.some(
        (decoy) =>
          decoy.id === violatedBy && decoy.by.some((by) => by.check === id && by.verdict === 'failed'),
      )
        ? `decoy ${violatedBy}`
        : null,
      passedIn: seen('invariant', id, 'passed'),
    })),
    ...act.recover.map(({ id }) => ({
      check: id,
      failedIn: seen('recover-control', id, 'failed'),
      passedIn: seen('recover', id, 'passed'),
    })),
  ].filter(({ check }) => !skipped.has(check));
}

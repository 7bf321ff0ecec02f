import { cpus, totalmem } from 'node:os';
import type { TrafficSummary } from '../traffic/tally.ts';
import type { Detection } from './detection.ts';
import type { CheckResult } from './run-check.ts';

export type Outcome = 'passed' | 'failed' | 'error';

export interface PhaseReport {
  readonly name: string;
  readonly startedAt: string;
  readonly ms: number;
}

export interface TaskReport {
  readonly id: string;
  /** Whether every wrong answer was rejected; null when the task was not reached. */
  readonly wrongAnswerRejected: boolean | null;
  readonly solverAccepted: boolean | null;
  readonly solution: string | null;
  readonly problems: readonly string[];
}

export interface DecoyReport {
  readonly id: string;
  readonly rejected: boolean | null;
  /** The checks that rejected it, with what they saw. */
  readonly by: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly observed: string | null;
    readonly note?: string;
  }[];
  readonly problems: readonly string[];
}

export interface ExerciseReport {
  readonly id: string;
  readonly title: string;
  readonly outcome: Outcome;
  readonly runtime: string;
  readonly pace: string;
  readonly startedAt: string;
  readonly wallMs: number;
  readonly phases: readonly PhaseReport[];
  readonly checks: readonly CheckResult[];
  readonly tasks: readonly TaskReport[];
  readonly decoys: readonly DecoyReport[];
  readonly detection: Detection | null;
  /** Milliseconds from the break to the notification, to the last solved task, and from the fix to recovery. */
  readonly timings: {
    readonly detectMs: number | null;
    readonly diagnoseMs: number | null;
    readonly recoverMs: number | null;
  };
  readonly traffic: TrafficSummary;
  /** What went wrong besides checks, one line each. */
  readonly problems: readonly string[];
}

export interface RunReport {
  readonly schemaVersion: 1;
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
 * The outcome of one exercise. Passed only if every check has the verdict that its phase wants (control: failed),
 * every wrong answer and every decoy was rejected, every solver accepted, and something was checked in each phase.
 */
export function judgeExercise(
  report: Pick<ExerciseReport, 'checks' | 'tasks' | 'decoys' | 'problems'>,
): Outcome {
  const wants = (check: CheckResult): boolean =>
    check.verdict === 'skipped' || check.verdict === (check.phase === 'control' ? 'failed' : 'passed');
  const missing = (['baseline', 'control', 'observe', 'recover'] as const).some(
    (phase) => !report.checks.some((check) => check.phase === phase && check.verdict !== 'skipped'),
  );
  const unmet = report.checks.filter((check) => !wants(check));
  const failed =
    unmet.some((check) => check.verdict !== 'error') ||
    report.tasks.some((task) => task.wrongAnswerRejected === false || task.solverAccepted === false) ||
    report.decoys.some((decoy) => decoy.rejected === false);
  if (failed) return 'failed';
  const unreached =
    report.tasks.some((task) => task.solverAccepted === null || task.wrongAnswerRejected === null) ||
    report.decoys.some((decoy) => decoy.rejected === null);
  if (unmet.length > 0 || unreached || missing || report.problems.length > 0) return 'error';
  return 'passed';
}

import type { Pace } from '../../stack/pace.ts';
import type { FaultSpec } from '../faults/fault.ts';
import type { Backends } from '../observe/backends.ts';
import type { Capability, RunningLab } from '../runtime/runtime.ts';
import type { TrafficProfileName } from '../traffic/profiles.ts';
import type { TallySnapshot } from '../traffic/tally.ts';
import type { Clock } from './clock.ts';
import type { Expectation } from './expectation.ts';

export type Pillar = 'metrics' | 'logs' | 'traces' | 'alerts' | 'traffic';
export type CheckPhase = 'baseline' | 'control' | 'observe' | 'recover';

/** When what happened, in milliseconds since the epoch. */
export interface Timeline {
  readonly startedAtMs: number;
  /** When the baseline had held: what came before belongs to earlier breaks. */
  readonly steadyAtMs?: number;
  readonly brokenAtMs?: number;
  readonly fixedAtMs?: number;
}

/** What checks, tasks and solvers may look at: telemetry over public APIs, the client's own count, the clock. */
export interface ExerciseContext {
  readonly lab: RunningLab;
  readonly pace: Pace;
  readonly observe: Backends;
  /** The traffic's own count of its requests; undefined before the first. */
  readonly tally: () => TallySnapshot | undefined;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What decoys and repairs may do besides looking. */
export interface ActionContext extends ExerciseContext {
  /** Journals and injects. */
  inject(spec: FaultSpec): Promise<void>;
  /** Reverts this fault; without one, every fault of the exercise. */
  revert(spec?: FaultSpec): Promise<void>;
  startTraffic(): Promise<void>;
  stopTraffic(): Promise<void>;
}

/** A measured number, and in words what lies behind it. Undefined: there was nothing to measure. */
export type Measured = number | undefined | { readonly value: number | undefined; readonly note?: string };

/** Seconds, or how many they are at the lab's pace. */
export type Seconds = number | ((pace: Pace) => number);

export interface Guard {
  /** What must be there first, such as "requests to api-1". */
  readonly what: string;
  /** Must be above zero: no traffic is no evidence. */
  measure(context: ExerciseContext): Promise<number | undefined>;
}

export interface Check {
  readonly id: string;
  /** A statement that is true or false: "p95 of api-1 exceeds 400 ms". */
  readonly claim: string;
  readonly pillar: Pillar;
  /** In the backend's own language. */
  readonly query: string | ((context: ExerciseContext) => string);
  measure(context: ExerciseContext): Promise<Measured>;
  readonly expect: Expectation;
  readonly guard?: Guard;
  /** Until when it must be met. */
  readonly withinSeconds: Seconds;
  /** For how long it must stay met. */
  readonly holdsForSeconds?: Seconds;
  /**
   * The phases in which it must hold although nothing is to change: users see no errors, untouched replicas stay well.
   * Such a check is no evidence of the break, so that the control does not run it.
   */
  readonly invariant?: readonly ('baseline' | 'observe' | 'recover')[];
  /** Opens the query where a person can look at it. */
  link(context: ExerciseContext): string;
  /** What to do when it fails. */
  readonly next: string;
  /** A reason not to run it here. */
  skip?(context: ExerciseContext): string | undefined;
}

export type TaskKind = 'choice' | 'number' | 'text' | 'trace-id' | 'promql' | 'logql' | 'file' | 'action';

export interface Judgement {
  readonly accepted: boolean;
  /** Why, in words that help and do not give the answer away. */
  readonly because: string;
}

export interface WrongAnswer {
  readonly answer: string | ((context: ExerciseContext) => Promise<string>);
  readonly why: string;
}

export interface Task {
  readonly id: string;
  readonly prompt: string;
  readonly kind: TaskKind;
  readonly choices?: readonly string[];
  /** One to three, each giving more away. */
  readonly hints: readonly string[];
  /** Judges against live telemetry. */
  verify(answer: string, context: ExerciseContext): Promise<Judgement>;
  /** Finds the answer from telemetry alone, as a person would. */
  solve(context: ExerciseContext): Promise<string>;
  /** Plausible and wrong: an unattended run has each of them rejected. */
  readonly wrongAnswers: readonly WrongAnswer[];
}

/** A plausible wrong repair, or a muddled break, that the checks must reject. */
export interface Decoy {
  readonly id: string;
  readonly description: string;
  apply(context: ActionContext): Promise<void>;
  /** Idempotent. */
  undo(context: ActionContext): Promise<void>;
  /** The phase whose checks judge it. */
  readonly judgedBy: 'observe' | 'recover';
  /** The checks that have to reject it. */
  readonly rejectedBy: readonly string[];
  /** How long the wrong repair is given to work before it is judged. */
  readonly givenSeconds: Seconds;
}

export interface FixStep {
  readonly description: string;
  apply(context: ActionContext): Promise<void>;
}

export interface Exercise {
  /** As its folder. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly minutes: number;
  readonly objectives: readonly string[];
  readonly pillars: readonly Pillar[];
  readonly needs?: readonly Capability[];
  readonly traffic: { readonly profile: TrafficProfileName };
  readonly baseline: readonly Check[];
  readonly break: readonly FaultSpec[];
  readonly observe: readonly Check[];
  readonly tasks: readonly Task[];
  readonly decoys: readonly Decoy[];
  readonly fix: readonly FixStep[];
  readonly recover: readonly Check[];
  readonly learnings: readonly string[];
  /** The alert that tells of the break, and how long it takes at the least besides the lab's intervals. */
  readonly detection?: {
    readonly alertname: string;
    readonly instance: string;
    /** Time until the broken signal itself can cross the alert's threshold, and why it takes that. */
    readonly onset: { readonly seconds: Seconds; readonly why: string };
  };
}

import type { Pace } from '../../../stack/pace.ts';
import type { ConfigFile } from '../../configuration/config-file.ts';
import type { EventLog } from '../../events/event-log.ts';
import type { FaultSpec } from '../../faults/fault.ts';
import type { Backends } from '../../observe/backends.ts';
import type { Capability, RunningLab } from '../../runtime/runtime.ts';
import type { Interval, Ledger } from '../../traffic/ledger.ts';
import type { TrafficProfileName } from '../../traffic/profiles.ts';
import type { TallySnapshot } from '../../traffic/tally.ts';
import type { Clock } from './clock.ts';
import type { Expectation } from './expectation.ts';
import type { Progress } from './progress.ts';

export type Pillar = 'metrics' | 'logs' | 'traces' | 'alerts' | 'traffic';

/**
 * `control`: on the healthy system, where observe evidence has to fail. `recover-control`: on the broken one, where
 * recover evidence has to fail. `invariant`: over the whole act.
 */
export type CheckPhase = 'baseline' | 'control' | 'observe' | 'recover-control' | 'recover' | 'invariant';

/** When what happened in this act, in milliseconds since the epoch. */
export interface Timeline {
  readonly startedAtMs: number;
  /** When the baseline had held: what came before belongs to earlier breaks. */
  readonly steadyAtMs?: number;
  readonly brokenAtMs?: number;
  readonly repairedAtMs?: number;
}

/** What checks, tasks and solvers may look at: telemetry over public APIs, the client's own records, the clock. */
export interface ExerciseContext {
  readonly lab: RunningLab;
  readonly pace: Pace;
  readonly observe: Backends;
  /** The client's own record of every request. */
  readonly ledger: Ledger;
  /** The running traffic's own count of its requests; undefined before the first. */
  readonly tally: () => TallySnapshot | undefined;
  readonly events: EventLog;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What decoys, repairs and solvers of actions may do in addition. */
export interface ActionContext extends ExerciseContext {
  /** Journals and injects. */
  inject(spec: FaultSpec): Promise<void>;
  /** Reverts this fault; without one, every fault of the act. */
  revert(spec?: FaultSpec): Promise<void>;
  startTraffic(): Promise<void>;
  stopTraffic(): Promise<void>;
  /** Installs another version of a file and makes its component read it, as `exercise apply` does; all or nothing. */
  install(file: ConfigFile, content: string): Promise<void>;
  /** Gives the component the file that it had while the act was broken. */
  uninstall(file: ConfigFile): Promise<void>;
}

/**
 * A measured number, and in words what lies behind it. Undefined: there was nothing to measure. `atMs`: the moment that
 * the number is of, where it is the worst of many.
 */
export type Measured =
  | number
  | undefined
  | { readonly value: number | undefined; readonly note?: string; readonly atMs?: number };

/** Seconds, or how many they are at the lab's pace. */
export type Seconds = number | ((pace: Pace) => number);

export interface Guard {
  /** What must be there first, such as "requests to api-1". */
  readonly what: string;
  /** Must be above zero: without traffic there is nothing to judge. */
  measure(context: ExerciseContext): Promise<number | undefined>;
}

/** What evidence and invariants have in common. */
interface Claim {
  readonly id: string;
  /** A statement that is true or false: "p95 of api-1 exceeds 400 ms". */
  readonly claim: string;
  readonly pillar: Pillar;
  /** In the backend's own language. */
  readonly query: string | ((context: ExerciseContext) => string);
  readonly expect: Expectation;
  /** Opens the query where a person can look at it. */
  link(context: ExerciseContext): string;
  /** What to do when it fails. */
  readonly next: string;
  /** A reason not to run it here. */
  skip?(context: ExerciseContext): string | undefined;
}

/** Evidence of a state: seen failing in the state that it excludes, and passing in the one that it claims. */
export interface Check extends Claim {
  measure(context: ExerciseContext): Promise<Measured>;
  readonly guard?: Guard;
  /** Until when it must be met. */
  readonly withinSeconds: Seconds;
  /** For how long it must stay met. */
  readonly holdsForSeconds?: Seconds;
  /** Once seen it need not be seen again when the break is restored after a decoy: it counts up from the break. */
  readonly seenOnce?: boolean;
}

/** A part of an act. */
export interface ActInterval extends Interval {
  /** From when on no window of a query sees what was before the part; its beginning where it is left out. */
  readonly windowsFromMs?: number;
}

/**
 * What must not change although something is broken: users see no errors, untouched replicas stay well. Judged once,
 * when the act ends, over its whole interval; the decoy that it names really violates it.
 */
export interface Invariant extends Claim {
  measure(context: ExerciseContext, interval: ActInterval): Promise<Measured>;
  readonly violatedBy: string;
}

export interface Judgement {
  readonly accepted: boolean;
  /** Why, in words that help and do not give the answer away. */
  readonly because: string;
}

export interface WrongAnswer {
  readonly answer: string | ((context: ExerciseContext) => Promise<string>);
  readonly why: string;
}

interface TaskCommon {
  readonly id: string;
  readonly prompt: string;
  /** When it can be answered: while the act is broken (default), or after its repair. */
  readonly when?: 'broken' | 'repaired';
  /** One to three, each giving more away. */
  readonly hints: readonly string[];
}

/** A task that is answered with words: judged against live telemetry, never against a key. */
interface AnswerTask extends TaskCommon {
  /** Finds the answer from telemetry alone, as a person would. */
  solve(context: ExerciseContext): Promise<string>;
  /** Plausible and wrong: an unattended run has each of them rejected. */
  readonly wrongAnswers: readonly WrongAnswer[];
}

export interface TextTask extends AnswerTask {
  readonly kind: 'choice' | 'text' | 'trace-id' | 'promql' | 'logql';
  readonly choices?: readonly string[];
  verify(answer: string, context: ExerciseContext): Promise<Judgement>;
}

/** A number that the task asks for. */
export interface NumberField {
  readonly name: string;
  /** `ms`, `%`, `req/s`; empty for a plain count. */
  readonly unit: string;
  /** What telemetry says at this moment, as the range over the time in which a person reads and types. */
  truth(context: ExerciseContext): Promise<{ readonly low: number; readonly high: number }>;
  /** How far from that range an answer may lie, as a share of its nearer end. */
  readonly tolerance: number;
}

/** Named numbers with units and tolerances; answered as `name=value` each, or in order. */
export interface NumberTask extends AnswerTask {
  readonly kind: 'number';
  readonly fields: readonly NumberField[];
  /** What the right numbers mean; a function where it tells of numbers that only the running lab knows. */
  readonly because: string | ((context: ExerciseContext) => Promise<string>);
}

/** Graded by what it did: bring a replica back by any way, roll back, promote. */
export interface ActionTask extends TaskCommon {
  readonly kind: 'action';
  verify(context: ExerciseContext): Promise<Judgement>;
  /** Does it, as a person would. */
  act(context: ActionContext): Promise<void>;
  /** In words, for a learner who asks for the solution. */
  readonly how: string;
}

/** A version of a file that is wrong: an unattended run really applies each of them. */
export interface WrongContent {
  readonly why: string;
  content(current: string): string;
}

/** Another version of a file that is right as well: `ci --prove` really applies it, and it has to be accepted. */
export interface RightContent {
  readonly how: string;
  content(current: string): string;
}

/**
 * A file that the learner edits in the workspace and applies. Judged by what the lab does with it, never by its text:
 * several versions are right.
 */
export interface FileTask extends TaskCommon {
  readonly kind: 'file';
  readonly file: ConfigFile;
  verify(context: ExerciseContext): Promise<Judgement>;
  /** How long a judgement may take; 45 seconds where it is left out. */
  readonly judgedWithinSeconds?: Seconds;
  /** A right version of the file, made from the one that is in force while the act is broken. */
  solution(current: string): string;
  /** What the solution does, in words. */
  readonly how: string;
  readonly wrongContents: readonly WrongContent[];
  /** Written before the solution was: what others might write. */
  readonly alsoRight?: readonly RightContent[];
}

/** A task that is done rather than answered. */
export type DoneTask = ActionTask | FileTask;

export type Task = TextTask | NumberTask | DoneTask;

/** What an act breaks at this pace. */
export function faultsOf({ break: faults }: Pick<Act, 'break'>, pace: Pace): readonly FaultSpec[] {
  return typeof faults === 'function' ? faults(pace) : faults;
}

/** Whether the task is done rather than answered. */
export function isDone(task: Task): task is DoneTask {
  return task.kind === 'action' || task.kind === 'file';
}

export type TaskKind = Task['kind'];

/** A plausible wrong repair, or a muddled break, that is really tried and has to be rejected. */
export interface Decoy {
  readonly id: string;
  readonly description: string;
  apply(context: ActionContext): Promise<void>;
  /** Idempotent. */
  undo(context: ActionContext): Promise<void>;
  /** Recover checks that have to be measured failing, and invariants that have to be measured violated. */
  readonly rejectedBy: readonly string[];
  /** How long it is given to work before it is judged. */
  readonly givenSeconds: Seconds;
  /** How much longer it goes on at most, until what rejects it has been measured: users have to be harmed first. */
  readonly judgedWithinSeconds?: Seconds;
}

export interface FixStep {
  readonly description: string;
  apply(context: ActionContext): Promise<void>;
}

export interface Repair {
  /** The repair that `exercise fix` and an unattended run do. */
  readonly steps: readonly FixStep[];
  /** Whether it is repaired, by whatever way; by default: no fault of the act is active. */
  done?(context: ExerciseContext): Promise<boolean>;
}

/** The alert that tells of the break, and how long it takes at the least besides the lab's intervals. */
export interface DetectionPlan {
  readonly alertname: string;
  /** Labels that the alert must carry, such as `{instance: 'api-1'}`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Time until the broken signal itself can cross the alert's threshold, and why it takes that. */
  readonly onset: { readonly seconds: Seconds; readonly why: string };
  /** Groups of rules between the scrape and the alert: 2 where the alert reads a recording rule. */
  readonly evaluations: 1 | 2;
}

/** One break and its repair, from a steady state and back to it. */
export interface Act {
  /** Unique within the exercise. */
  readonly id: string;
  readonly title: string;
  /** What a learner is told when it has been broken. */
  readonly summary: string;
  readonly load: TrafficProfileName;
  /** What is broken; a function where its durations follow the pace. */
  readonly break: readonly FaultSpec[] | ((pace: Pace) => readonly FaultSpec[]);
  readonly observe: readonly Check[];
  readonly invariants: readonly Invariant[];
  readonly detection?: DetectionPlan;
  readonly tasks: readonly Task[];
  readonly decoys: readonly Decoy[];
  readonly repair: Repair;
  readonly recover: readonly Check[];
}

/** How a part of an exercise went by the records, as of now. */
export interface PartJudgement {
  /** Of the part's points, 0 to 1. */
  readonly worth: number;
  /** The number and its target: "acknowledged after 12 s; 20 s are allowed". */
  readonly because: string;
  /** It has not happened: while the exercise runs, its clock goes on; at the end it is not recorded. */
  readonly open?: boolean;
}

/** What an exercise is scored by besides its tasks: judged from records, never from memory. */
export interface ScoredPart {
  readonly name: string;
  /** Of the hundred of the whole exercise. */
  readonly points: number;
  judge(context: ExerciseContext, progress: Progress): Promise<PartJudgement> | PartJudgement;
}

/** One of the things that may go wrong in an exercise. Its name is told only when the exercise is over. */
export interface Variant {
  readonly id: string;
  readonly acts: readonly Act[];
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
  /** The steady state from which every act begins. */
  readonly baseline: readonly Check[];
  readonly acts: readonly Act[];
  /**
   * Other things that may go wrong in its place, of which a seed chooses one; the first has the acts above. All read
   * alike to the learner, who finds out which it is.
   */
  readonly variants?: readonly Variant[];
  /** What a seed has made of it; absent where none was asked for. */
  readonly played?: { readonly seed: number; readonly variant: string };
  /** Scored in place of the time to repair; the tasks share the points that these leave. */
  readonly scored?: readonly ScoredPart[];
  readonly learnings: readonly string[];
}

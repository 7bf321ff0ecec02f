import type { Act, ActInterval, Check, CheckPhase, Exercise, ExerciseContext } from '../model/model.ts';
import {
  type ActProgress,
  begin,
  beginAct,
  changeAct,
  currentAct,
  type Progress,
  reach,
} from '../model/progress.ts';
import { ActSession, type ActSessionOptions } from './act-session.ts';
import { isAsWanted } from './phase.ts';
import { type CheckResult, judgeInvariant, runCheck, type Verdict } from './run-check.ts';

/** Called during the phases, to show their progress. */
export interface LifecycleEvents {
  readonly onPhase?: (phase: string, about: string) => void;
  readonly onCheck?: (result: CheckResult) => void;
}

export interface PhaseOutcome {
  readonly phase: CheckPhase;
  readonly results: readonly CheckResult[];
  /** Whether every check has the verdict that its phase wants. */
  readonly held: boolean;
}

/** Where the progress is kept, and who is told. */
export interface LifecycleHow {
  readonly save: (progress: Progress) => void;
  /** What is kept now: another command may have changed it. Left out where no other can. */
  readonly load?: () => Progress | undefined;
  readonly events: LifecycleEvents;
  readonly review?: Review;
  /** How long a check waits between two looks; as the pace wants it where it is left out. Milliseconds. */
  readonly pollMs?: number;
}

/** Lets an unattended run correct a verdict that the machine, and not the lab, is to blame for. */
export type Review = (result: CheckResult) => CheckResult;

/**
 * The way of an exercise, act by act: steady, control, broken, observed, tasks, repaired, recovered. One machine for the
 * learner's commands, each of which takes a step, and for an unattended run, which takes them all. Every step is noted
 * before and after, so that the next command goes on where this one ended.
 */
export class Lifecycle {
  readonly exercise: Exercise;
  readonly #options: ActSessionOptions;
  readonly #save: (progress: Progress) => void;
  readonly #load: LifecycleHow['load'];
  readonly #events: LifecycleEvents;
  readonly #review: Review;
  readonly #pollMs: number | undefined;
  #progress: Progress;
  #session: ActSession;

  private constructor(exercise: Exercise, progress: Progress, options: ActSessionOptions, how: LifecycleHow) {
    this.exercise = exercise;
    this.#options = options;
    this.#save = how.save;
    this.#load = how.load;
    this.#events = how.events;
    this.#review = how.review ?? ((result) => result);
    this.#pollMs = how.pollMs;
    this.#progress = progress;
    this.#session = this.#open();
  }

  static begin(exercise: Exercise, options: ActSessionOptions, how: LifecycleHow): Lifecycle {
    const now = new Date(options.clock.now()).toISOString();
    const progress = begin(exercise.id, exercise.acts[0]!.id, now, exercise.played?.seed);
    const lifecycle = new Lifecycle(exercise, progress, options, how);
    lifecycle.#save(progress);
    return lifecycle;
  }

  static resume(
    exercise: Exercise,
    progress: Progress,
    options: ActSessionOptions,
    how: LifecycleHow,
  ): Lifecycle {
    return new Lifecycle(exercise, progress, options, how);
  }

  get progress(): Progress {
    return this.#progress;
  }

  get session(): ActSession {
    return this.#session;
  }

  get act(): Act {
    return this.#session.act;
  }

  get actProgress(): ActProgress {
    return currentAct(this.#progress);
  }

  /** The act after the one at work, or undefined when it is the last. */
  get next(): Act | undefined {
    const { acts } = this.exercise;
    return acts[acts.findIndex((act) => act.id === this.#progress.act) + 1];
  }

  /** Goes on with the next act. */
  advance(): void {
    const next = this.next;
    if (next === undefined) throw new RangeError(`${this.act.id} is the last act of ${this.exercise.id}`);
    this.change((progress) => beginAct(progress, next.id, this.#now()));
    this.#session = this.#open();
  }

  /**
   * Changes what is remembered, and remembers it: on top of what other commands wrote meanwhile, such as an answer in a
   * second terminal. Where one of them has reset the exercise or gone on to the next act, there is nothing to remember.
   */
  change(change: (progress: Progress) => Progress): void {
    const kept = this.#load === undefined ? this.#progress : this.#load();
    if (kept?.startedAt !== this.#progress.startedAt || kept.act !== this.#progress.act) {
      this.#progress = change(this.#progress);
      return;
    }
    this.#progress = change(kept);
    this.#save(this.#progress);
  }

  /** Load, and the steady state. */
  async steady(): Promise<PhaseOutcome> {
    this.#events.onPhase?.('traffic', `the load "${this.act.load}"`);
    await this.#session.startTraffic();
    // Each check passes at its own moment: the steady state is when all of them hold at the same one.
    let outcome = await this.#run('baseline', this.exercise.baseline, 'is the system well?');
    for (let again = 0; again < 3 && outcome.held && !(await this.#holdsNow(this.exercise.baseline)); again++)
      outcome = await this.#run('baseline', this.exercise.baseline, 'something changed meanwhile: once more');
    if (outcome.held) {
      this.#session.mark('steadyAtMs');
      this.#reach('steady');
    }
    return outcome;
  }

  /** Whether all of these checks are met at this moment. */
  async #holdsNow(checks: readonly Check[]): Promise<boolean> {
    const context = this.context();
    const results = await Promise.all(
      checks.map((check) =>
        runCheck({ ...check, withinSeconds: 0, holdsForSeconds: 0 }, 'baseline', context, 'confirm'),
      ),
    );
    return results.every(isAsWanted);
  }

  /** On the healthy system every check of the break has to fail. */
  async control(): Promise<PhaseOutcome> {
    const outcome = await this.#run(
      'control',
      this.act.observe,
      'on the healthy system every check of the break has to fail',
    );
    if (outcome.held) this.#reach('control');
    return outcome;
  }

  /** Breaks it. */
  async break(): Promise<void> {
    this.#events.onPhase?.('break', 'breaking it');
    await this.#session.break();
    this.#reach('broken', this.#session.timeline.brokenAtMs);
  }

  /** Looks at what another act has broken. */
  brokenBy(other: Lifecycle): void {
    this.#session.mark('brokenAtMs', other.session.timeline.brokenAtMs);
    this.#reach('broken', this.#session.timeline.brokenAtMs);
  }

  async observe(): Promise<PhaseOutcome> {
    const outcome = await this.#run('observe', this.act.observe, 'is the break seen in every pillar?');
    if (outcome.held) this.#reach('observed');
    return outcome;
  }

  /** The checks as they are at this moment: each is asked once, and nothing is noted. */
  async look(phase: 'observe' | 'recover'): Promise<PhaseOutcome> {
    const context = this.context();
    const checks = phase === 'observe' ? this.act.observe : this.act.recover;
    const results = await Promise.all(
      checks.map((check) =>
        runCheck({ ...check, withinSeconds: 0, holdsForSeconds: 0 }, phase, context, 'confirm'),
      ),
    );
    return { phase, results, held: results.every(isAsWanted) };
  }

  /** Whether the broken state is there again, without a word: between decoys. It has held before. */
  async observeQuietly(): Promise<PhaseOutcome> {
    const context = this.context();
    const results = await Promise.all(
      this.act.observe
        .filter((check) => !check.seenOnce)
        .map((check) => runCheck({ ...check, holdsForSeconds: 0 }, 'observe', context, 'confirm')),
    );
    return { phase: 'observe', results, held: results.every(isAsWanted) };
  }

  /** On the broken system every check of the recovery has to fail. */
  recoverControl(): Promise<PhaseOutcome> {
    return this.#run(
      'recover-control',
      this.act.recover,
      'on the broken system every check of the recovery has to fail',
    );
  }

  /** Notes that it was repaired, and how. */
  async repaired(how: string): Promise<void> {
    this.#session.mark('repairedAtMs');
    this.#reach('repaired', this.#session.timeline.repairedAtMs);
    await this.#session.annotateRepair(how);
  }

  async recover(): Promise<PhaseOutcome> {
    const outcome = await this.#run('recover', this.act.recover, 'is the steady state back?');
    if (outcome.held) this.#reach('recovered');
    return outcome;
  }

  /** The last act has recovered. */
  finish(): void {
    this.change((progress) => ({ ...progress, doneAt: this.#now() }));
  }

  /** The act's invariants, over these parts of it; each is judged by its worst part. */
  async invariants(parts: readonly ActInterval[]): Promise<PhaseOutcome> {
    this.#events.onPhase?.('invariants', 'what must not change: did it hold over the whole act?');
    const context = this.context();
    const results = await Promise.all(
      this.act.invariants.map(async (invariant) => {
        const judged = await Promise.all(parts.map((part) => judgeInvariant(invariant, context, part)));
        const worst = judged.reduce((a, b) => (badness[b.verdict] > badness[a.verdict] ? b : a));
        return this.#tell(this.#review(worst));
      }),
    );
    return { phase: 'invariant', results, held: results.every(isAsWanted) };
  }

  context(): ExerciseContext {
    return this.#session.context();
  }

  async #run(phase: CheckPhase, checks: readonly Check[], about: string): Promise<PhaseOutcome> {
    this.#options.signal.throwIfAborted();
    this.#events.onPhase?.(phase, about);
    const context = this.context();
    const mode = phase === 'control' || phase === 'recover-control' ? 'refute' : 'confirm';
    // Side by side: the first failure hides none, and the slowest sets the time.
    const results = await Promise.all(
      checks.map(async (check) =>
        this.#tell(this.#review(await runCheck(check, phase, context, mode, this.#pollMs))),
      ),
    );
    return { phase, results, held: results.every(isAsWanted) };
  }

  #tell(result: CheckResult): CheckResult {
    this.#events.onCheck?.(result);
    return result;
  }

  #reach(phase: ActProgress['phase'], atMs = this.#options.clock.now()): void {
    this.change((progress) => reach(progress, phase, new Date(atMs).toISOString()));
    this.#session.log('phase', `${this.exercise.id}, ${this.act.title}: ${phase}`, { phase });
  }

  #open(): ActSession {
    const { acts } = this.exercise;
    const act = acts.find((one) => one.id === this.#progress.act) ?? acts[0]!;
    const { startedAt, steadyAt, brokenAt, repairedAt } = currentAct(this.#progress);
    return new ActSession(this.exercise, act, this.#options, {
      startedAtMs: Date.parse(startedAt),
      steadyAtMs: steadyAt === undefined ? undefined : Date.parse(steadyAt),
      brokenAtMs: brokenAt === undefined ? undefined : Date.parse(brokenAt),
      repairedAtMs: repairedAt === undefined ? undefined : Date.parse(repairedAt),
    });
  }

  /** Breaks it again where the break ended by its time to live; the act goes on from there. */
  async breakAgain(): Promise<void> {
    await this.#session.break();
    const brokenAt = new Date(this.#session.timeline.brokenAtMs!).toISOString();
    this.change((progress) => changeAct(progress, { brokenAt }));
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

const badness: Readonly<Record<Verdict, number>> = { skipped: 0, passed: 1, error: 2, failed: 3 };

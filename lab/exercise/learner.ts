import { ExerciseNoneOpen, ExercisePhase, TaskUnknown } from '../errors.ts';
import { maxTtlMs } from '../faults/fault.ts';
import { renewFaults } from '../faults/inject.ts';
import { faultId } from '../faults/journal.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { Check, CheckPhase, Exercise, Judgement, Task } from './model.ts';
import { begin, changeTask, isBroken, isOpen, type Progress, reach } from './progress.ts';
import type { CheckResult } from './run-check.ts';
import { runPhase } from './run-phase.ts';
import type { Session } from './session.ts';
import type { Workshop } from './workshop.ts';

/** What the learner's commands report while they work. */
export interface LearnerEvents {
  readonly onStep: (text: string) => void;
  readonly onCheck: (result: CheckResult) => void;
}

export interface PhaseOutcome {
  readonly phase: CheckPhase;
  readonly results: readonly CheckResult[];
  /** Whether every check has the verdict that its phase wants. */
  readonly held: boolean;
}

/** One learner at one exercise: each command reads the progress, does its part and writes it back. */
export class Learner {
  readonly #workshop: Workshop;
  readonly exercise: Exercise;
  readonly #events: LearnerEvents;

  constructor(workshop: Workshop, exercise: Exercise, events: LearnerEvents) {
    this.#workshop = workshop;
    this.exercise = exercise;
    this.#events = events;
  }

  get progress(): Progress | undefined {
    return this.#workshop.progress.read(this.exercise.id);
  }

  /**
   * Begins, or takes up again. Begins: traffic, baseline, control, break. The fault belongs to this process until all
   * is written down, so that an interrupted start leaves a leftover that the next command heals.
   */
  async start(): Promise<{ readonly resumed: boolean; readonly outcomes: readonly PhaseOutcome[] }> {
    const existing = this.progress;
    if (existing !== undefined && isOpen(existing) && existing.brokenAt !== undefined) {
      await this.#resume(existing);
      return { resumed: true, outcomes: [] };
    }
    await this.#workshop.healEverything();
    for (const other of this.#workshop.progress.open()) {
      if (other !== this.exercise.id) this.#workshop.progress.reset(other);
    }
    let progress = begin(this.exercise.id, new Date().toISOString());
    this.#workshop.progress.write(progress);
    const session = this.#workshop.learnerSession(this.exercise, progress);
    const outcomes: PhaseOutcome[] = [];
    try {
      this.#events.onStep(`Starting the traffic "${this.exercise.traffic.profile}"`);
      await session.startTraffic();
      this.#events.onStep('Baseline: is the system well?');
      outcomes.push(await this.#run('baseline', this.exercise.baseline, session));
      if (!outcomes.at(-1)!.held) return await this.#giveUp(outcomes);
      session.markSteady();
      progress = this.#save(reach(progress, 'control'));
      this.#events.onStep('Control: on the healthy system every check of the break has to fail');
      outcomes.push(await this.#run('control', this.exercise.observe, session));
      if (!outcomes.at(-1)!.held) return await this.#giveUp(outcomes);
      this.#events.onStep('Breaking it');
      await session.break();
      const brokenAt = new Date(session.timeline.brokenAtMs ?? Date.now()).toISOString();
      this.#save(reach({ ...progress, brokenAt }, 'broken'));
      this.#workshop.handOver({ kind: 'exercise', id: this.exercise.id });
    } catch (error) {
      await this.reset();
      throw error;
    }
    return { resumed: false, outcomes };
  }

  /** The checks of where the learner is: of the break until it is fixed, of the recovery afterwards. */
  async check(): Promise<PhaseOutcome> {
    let progress = await this.#opened();
    if (isBroken(progress) && !(await this.#stillBroken(progress))) {
      // Repaired by hand, by whatever way the learner found.
      progress = this.#save(reach({ ...progress, fixedAt: new Date().toISOString() }, 'fixed'));
      this.#events.onStep('The break is gone: checking the recovery.');
    }
    const session = this.#workshop.learnerSession(this.exercise, progress);
    if (isBroken(progress)) {
      const outcome = await this.#run('observe', this.exercise.observe, session);
      if (outcome.held) {
        this.#save(this.#withTasks(reach({ ...progress, observedAt: new Date().toISOString() }, 'observed')));
      }
      return outcome;
    }
    const outcome = await this.#run('recover', this.exercise.recover, session);
    if (outcome.held) {
      await session.stopTraffic();
      this.#save(reach({ ...progress, doneAt: new Date().toISOString() }, 'done'));
    }
    return outcome;
  }

  /** The next hint of a task; the first open task when none is named. */
  hint(taskId: string | undefined): { readonly task: Task; readonly number: number; readonly text: string } {
    const progress = this.#required();
    const task = taskId === undefined ? this.#firstOpenTask(progress) : this.task(taskId);
    const seen = progress.tasks[task.id]?.hints ?? 0;
    const number = Math.min(seen + 1, task.hints.length);
    this.#save(changeTask(progress, task.id, (one) => ({ ...one, hints: number })));
    return { task, number, text: task.hints[number - 1]! };
  }

  /** Judges an answer against live telemetry and keeps an accepted one. */
  async answer(taskId: string, given: string): Promise<Judgement> {
    const progress = await this.#openedForTasks();
    const task = this.task(taskId);
    const judgement = await judgeAnswer(
      task,
      given,
      this.#workshop.learnerSession(this.exercise, progress).context(),
    );
    const next = changeTask(this.#required(), task.id, (one) => ({
      ...one,
      attempts: one.attempts + 1,
      ...(judgement.accepted ? { answeredAt: one.answeredAt ?? new Date().toISOString() } : {}),
    }));
    this.#save(this.#withTasks(next));
    return judgement;
  }

  /** Finds a task's answer from telemetry, and keeps that it was shown. */
  async solve(taskId: string | undefined): Promise<{ readonly task: Task; readonly solution: string }> {
    const progress = await this.#openedForTasks();
    const task = taskId === undefined ? this.#firstOpenTask(progress) : this.task(taskId);
    const solution = await task.solve(this.#workshop.learnerSession(this.exercise, progress).context());
    this.#save(changeTask(this.#required(), task.id, (one) => ({ ...one, shown: true })));
    return { task, solution };
  }

  async fix(): Promise<void> {
    const progress = await this.#opened();
    const session = this.#workshop.learnerSession(this.exercise, progress);
    for (const step of this.exercise.fix) this.#events.onStep(step.description);
    await session.fix();
    const fixedAt = new Date(session.timeline.fixedAtMs ?? Date.now()).toISOString();
    this.#save(reach({ ...progress, fixedAt }, 'fixed'));
  }

  /** Back to before the start: no fault, no traffic, no progress. */
  async reset(): Promise<void> {
    await this.#workshop.healEverything();
    this.#workshop.progress.reset(this.exercise.id);
  }

  task(id: string): Task {
    const { tasks } = this.exercise;
    const found =
      tasks.find((task) => task.id === id) ?? (/^\d+$/.test(id) ? tasks[Number(id) - 1] : undefined);
    if (found === undefined)
      throw new TaskUnknown(id, this.exercise.id, tasks.map((task) => task.id).join(', '));
    return found;
  }

  #firstOpenTask(progress: Progress): Task {
    const { tasks } = this.exercise;
    return tasks.find((task) => progress.tasks[task.id]?.answeredAt === undefined) ?? tasks[0]!;
  }

  #required(): Progress {
    const progress = this.progress;
    if (progress === undefined || progress.brokenAt === undefined) {
      const { id } = this.exercise;
      throw new ExercisePhase(
        id,
        'not begun',
        'it has to be started first',
        `Start it: npm run lab -- exercise start ${id}`,
      );
    }
    return progress;
  }

  /** The progress of an exercise at work, with its traffic running and its faults renewed. */
  async #opened(): Promise<Progress> {
    const progress = this.#required();
    const { id } = this.exercise;
    if (!isOpen(progress)) {
      throw new ExercisePhase(
        id,
        'done',
        'nothing is left to do',
        `Begin anew: npm run lab -- exercise reset ${id}`,
      );
    }
    await this.#workshop.healLeftovers();
    await this.#keepAlive(progress);
    return progress;
  }

  async #openedForTasks(): Promise<Progress> {
    const progress = await this.#opened();
    if (!isBroken(progress) || !(await this.#stillBroken(progress))) {
      const { id } = this.exercise;
      throw new ExercisePhase(
        id,
        'repaired',
        'its tasks are about the broken system',
        `Break it again: npm run lab -- exercise reset ${id} && npm run lab -- exercise start ${id}`,
      );
    }
    return progress;
  }

  async #resume(progress: Progress): Promise<void> {
    await this.#workshop.healLeftovers();
    const session = this.#workshop.learnerSession(this.exercise, progress);
    await session.startTraffic();
    if (!isBroken(progress)) return;
    if (await session.isBroken()) {
      await this.#keepAlive(progress);
      return;
    }
    this.#events.onStep('The break had ended by itself; breaking it again');
    await session.break();
    const brokenAt = new Date(session.timeline.brokenAtMs ?? Date.now()).toISOString();
    this.#save({ ...progress, brokenAt });
    this.#workshop.handOver({ kind: 'exercise', id: this.exercise.id });
  }

  async #keepAlive(progress: Progress): Promise<void> {
    const session = this.#workshop.learnerSession(this.exercise, progress);
    await session.startTraffic();
    if (!isBroken(progress)) return;
    const { lab } = this.#workshop;
    const own = (owner: { kind: string; id?: string }): boolean =>
      owner.kind === 'exercise' && owner.id === this.exercise.id;
    await renewFaults({ lab, signal: session.context().signal }, this.#workshop.journal, maxTtlMs, own);
  }

  /** A break that ended by its time to live is no repair: its journal entry is still there. */
  async #stillBroken(progress: Progress): Promise<boolean> {
    const session = this.#workshop.learnerSession(this.exercise, progress);
    if (await session.isBroken()) return true;
    const journalled = new Set(this.#workshop.journal.read().faults.map((entry) => entry.id));
    if (!this.exercise.break.every((spec) => journalled.has(faultId(spec)))) return false;
    const { id } = this.exercise;
    throw new ExercisePhase(
      id,
      'no longer broken',
      'its fault ended by itself, as every fault does after half an hour without a command',
      `Take it up again: npm run lab -- exercise start ${id}`,
    );
  }

  #withTasks(progress: Progress): Progress {
    const all = this.exercise.tasks.every((task) => progress.tasks[task.id]?.answeredAt !== undefined);
    return all && progress.phase === 'observed' ? reach(progress, 'tasks') : progress;
  }

  async #giveUp(
    outcomes: readonly PhaseOutcome[],
  ): Promise<{ resumed: false; outcomes: readonly PhaseOutcome[] }> {
    await this.reset();
    return { resumed: false, outcomes };
  }

  async #run(phase: CheckPhase, checks: readonly Check[], session: Session): Promise<PhaseOutcome> {
    const results = await runPhase(checks, phase, session.context(), { onResult: this.#events.onCheck });
    const wanted = phase === 'control' ? 'failed' : 'passed';
    return {
      phase,
      results,
      held: results.every((one) => one.verdict === wanted || one.verdict === 'skipped'),
    };
  }

  #save(progress: Progress): Progress {
    this.#workshop.progress.write(progress);
    return progress;
  }
}

/** The exercise that a command without an ID is about: the one that is open. */
export function openExerciseId(workshop: Pick<Workshop, 'progress'>, known: readonly string[]): string {
  const open = workshop.progress.open();
  const id = open[0];
  if (id === undefined) throw new ExerciseNoneOpen(known.join(', '));
  return id;
}

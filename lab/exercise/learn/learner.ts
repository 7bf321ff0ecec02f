// Above 400 lines: each step of a learner is one method, and all of them open, judge and keep the same progress.
import { type ContentChange, contentChange } from '../../configuration/workspace.ts';
import { CapabilityMissing, ExerciseNoneOpen, ExercisePhase, TaskUnknown } from '../../errors.ts';
import { assertCapable } from '../../faults/catalogue.ts';
import { maxTtlMs } from '../../faults/fault.ts';
import { describeFault } from '../../faults/heal.ts';
import { renewFaults } from '../../faults/inject.ts';
import { faultId } from '../../faults/journal.ts';
import type { RunningLab } from '../../runtime/runtime.ts';
import type { Workshop } from '../../workshop.ts';
import {
  type Act,
  type DoneTask,
  type Exercise,
  type FileTask,
  faultsOf,
  isDone,
  type Judgement,
  type Task,
} from '../model/model.ts';
import {
  actPhases,
  changeTask,
  currentAct,
  isBroken,
  keepsItsFaults,
  type Progress,
  reach,
} from '../model/progress.ts';
import { judgeAnswer } from '../run/judge-answer.ts';
import { Lifecycle, type LifecycleHow, type PhaseOutcome } from '../run/lifecycle.ts';
import type { CheckResult } from '../run/run-check.ts';
import { type MeasuredPart, measureParts } from './measure-parts.ts';
import { type Score, scoreOf } from './score.ts';
import type { Scores } from './score-store.ts';

/** What the learner's commands report while they work. */
export interface LearnerEvents {
  readonly onStep: (text: string) => void;
  readonly onCheck: (result: CheckResult) => void;
}

export interface StartOutcome {
  readonly resumed: boolean;
  readonly outcomes: readonly PhaseOutcome[];
}

export interface CheckOutcome extends PhaseOutcome {
  /** The invariants of an act that has just recovered. They are shown and do not decide. */
  readonly invariants?: PhaseOutcome;
  /** The act that comes next. */
  readonly nextAct?: Act;
  /** What is left to do after the repair. */
  readonly openTasks?: readonly string[];
}

/** A file of the workspace that differs from the one in force. */
export interface EditedFile extends ContentChange {
  readonly task: FileTask;
  readonly place: string;
}

/** Says at once what this runtime cannot do. */
export function assertExerciseCapable(
  lab: Pick<RunningLab, 'capabilities' | 'kind' | 'pace'>,
  exercise: Exercise,
): void {
  for (const need of exercise.needs ?? []) {
    if (!lab.capabilities.has(need))
      throw new CapabilityMissing(need, lab.kind, `The exercise ${exercise.id} needs it; choose another.`);
  }
  for (const act of exercise.acts) for (const fault of faultsOf(act, lab.pace)) assertCapable(lab, fault);
}

/** One learner at one exercise: each command reads the progress, takes its step and writes it back. */
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

  /** The act at work; the first one where nothing has begun. */
  get act(): Act {
    const id = this.progress?.act;
    return this.exercise.acts.find((act) => act.id === id) ?? this.exercise.acts[0]!;
  }

  /**
   * Begins, goes on with the next act, or takes up again. Begins: load, baseline, control, break. The fault belongs to
   * this process until all is written down, so that an interrupted start leaves a leftover that the next command heals.
   */
  async start(): Promise<StartOutcome> {
    assertExerciseCapable(this.#workshop.lab, this.exercise);
    const existing = this.progress;
    if (existing !== undefined && existing.doneAt === undefined) {
      const { phase } = currentAct(existing);
      const isLast = this.exercise.acts.at(-1) === this.act;
      if (phase === 'recovered' && !isLast) return this.#begin(existing);
      if (actPhases.indexOf(phase) >= actPhases.indexOf('broken')) {
        await this.#resume(existing);
        this.#layFiles();
        return { resumed: true, outcomes: [] };
      }
    }
    return this.#begin(existing?.doneAt === undefined && existing !== undefined ? existing : undefined);
  }

  async #begin(existing: Progress | undefined): Promise<StartOutcome> {
    await this.#restore();
    for (const other of this.#workshop.progress.open()) {
      if (other !== this.exercise.id) this.#workshop.progress.reset(other);
    }
    const lifecycle =
      existing === undefined
        ? Lifecycle.begin(this.exercise, this.#workshop.learnerOptions(), this.#how())
        : this.#lifecycle(existing);
    const before = existing;
    if (existing !== undefined && lifecycle.actProgress.phase === 'recovered') lifecycle.advance();
    const outcomes: PhaseOutcome[] = [];
    const giveUp = async (): Promise<StartOutcome> => {
      await this.#workshop.healEverything();
      if (before === undefined) this.#workshop.progress.reset(this.exercise.id);
      else this.#workshop.progress.write(before);
      return { resumed: false, outcomes };
    };
    try {
      this.#events.onStep(`Starting the load "${lifecycle.act.load}"`);
      this.#events.onStep('Baseline: is the system well?');
      outcomes.push(await lifecycle.steady());
      if (!outcomes.at(-1)!.held) return await giveUp();
      this.#events.onStep('Control: on the healthy system every check of the break has to fail');
      outcomes.push(await lifecycle.control());
      if (!outcomes.at(-1)!.held) return await giveUp();
      this.#events.onStep('Breaking it');
      await lifecycle.break();
      this.#workshop.handOver({ kind: 'exercise', id: this.exercise.id });
      this.#layFiles();
    } catch (error) {
      await giveUp();
      throw error;
    }
    return { resumed: false, outcomes };
  }

  /** The checks of where the learner is: of the break until it is repaired, of the recovery afterwards. */
  async check(): Promise<CheckOutcome> {
    const lifecycle = await this.#opened();
    if (isBroken(lifecycle.progress) && (await this.#isRepaired(lifecycle))) {
      this.#events.onStep('It is repaired: checking the recovery.');
    }
    if (isBroken(lifecycle.progress)) {
      const outcome = await lifecycle.observe();
      if (outcome.held) this.#noteTasks(lifecycle);
      return outcome;
    }
    const outcome = await lifecycle.recover();
    if (!outcome.held) return outcome;
    const { brokenAtMs, startedAtMs } = lifecycle.session.timeline;
    this.#events.onStep('What must not change: did it hold over the whole act?');
    const invariants = await lifecycle.invariants([
      { fromMs: brokenAtMs ?? startedAtMs, toMs: lifecycle.context().clock.now() },
    ]);
    const nextAct = lifecycle.next;
    const openTasks = this.#afterwards(lifecycle);
    if (nextAct === undefined && openTasks.length === 0) await this.#finish(lifecycle);
    return { ...outcome, invariants, openTasks, nextAct };
  }

  /** The checks of the moment, without a step: for who watches. */
  async look(): Promise<PhaseOutcome> {
    const lifecycle = await this.#opened();
    if (isBroken(lifecycle.progress)) await this.#isRepaired(lifecycle);
    return lifecycle.look(isBroken(lifecycle.progress) ? 'observe' : 'recover');
  }

  /** The next hint of a task; the first open task when none is named. */
  hint(taskId: string | undefined): { readonly task: Task; readonly number: number; readonly text: string } {
    const progress = this.#required();
    const task = taskId === undefined ? this.#firstOpenTask(progress) : this.task(taskId);
    const seen = currentAct(progress).tasks[task.id]?.hints ?? 0;
    const number = Math.min(seen + 1, task.hints.length);
    this.#workshop.progress.write(changeTask(progress, task.id, (one) => ({ ...one, hints: number })));
    this.#log('hint', `Hint ${number} of ${task.id}`, { task: task.id, number });
    return { task, number, text: task.hints[number - 1]! };
  }

  /** Judges an answer, or what was done, against live telemetry, and keeps what was accepted. */
  async answer(taskId: string, given: string | undefined): Promise<Judgement> {
    const task = this.task(taskId);
    const lifecycle = await this.#openedFor(task);
    const context = lifecycle.context();
    if (task.kind === 'file') this.#assertApplied(task);
    const judgement = isDone(task)
      ? await task.verify(context)
      : await judgeAnswer(task, given ?? '', context);
    const now = new Date(context.clock.now()).toISOString();
    lifecycle.change((progress) =>
      changeTask(progress, task.id, (one) => ({
        ...one,
        attempts: one.attempts + 1,
        ...(judgement.accepted ? { answeredAt: one.answeredAt ?? now } : {}),
      })),
    );
    this.#log('answer', `${task.id}: ${judgement.accepted ? 'accepted' : 'rejected'}`, {
      task: task.id,
      accepted: judgement.accepted,
    });
    this.#noteTasks(lifecycle);
    const isOver = lifecycle.actProgress.phase === 'recovered' && lifecycle.next === undefined;
    if (isOver && this.#afterwards(lifecycle).length === 0) await this.#finish(lifecycle);
    return judgement;
  }

  /** The tasks of the time after the repair that are not answered. */
  #afterwards({ act, actProgress }: Lifecycle): string[] {
    return act.tasks
      .filter(({ id, when }) => when === 'repaired' && actProgress.tasks[id]?.answeredAt === undefined)
      .map(({ id }) => id);
  }

  async #finish(lifecycle: Lifecycle): Promise<void> {
    const measured = await measureParts(this.exercise, lifecycle.context(), lifecycle.progress, {
      isOver: true,
    });
    // The last answer and the last check may come from two terminals: it is done once.
    if (this.progress?.doneAt !== undefined) return;
    lifecycle.finish();
    const score = scoreOf(this.exercise, lifecycle.progress, measured);
    this.#workshop.scores.note(this.exercise.id, score, lifecycle.progress.doneAt!);
    await this.#restore();
  }

  /** How well the exercise was done, and what was reached before; undefined while it is not done. */
  get score(): { readonly score: Score; readonly scores: Scores | undefined } | undefined {
    const { progress } = this;
    if (progress?.doneAt === undefined) return undefined;
    const scores = this.#workshop.scores.read(this.exercise.id);
    // As it was measured then: records do not stay for ever.
    const { at, points, parts } = scores?.last ?? {};
    const score =
      at === progress.doneAt && points !== undefined && parts !== undefined
        ? { points, parts }
        : scoreOf(this.exercise, progress);
    return { score, scores };
  }

  /** What the exercise is scored by besides its tasks, as of now; nothing before the break and after the end. */
  async scoreboard(): Promise<readonly MeasuredPart[]> {
    const { progress } = this;
    if (progress === undefined || progress.doneAt !== undefined) return [];
    if (currentAct(progress).brokenAt === undefined) return [];
    return measureParts(this.exercise, this.#lifecycle(progress).context(), progress, { isOver: false });
  }

  /** Finds a task's answer from telemetry, and keeps that it was shown. An action is told, not done. */
  async solve(taskId: string | undefined): Promise<{ readonly task: Task; readonly solution: string }> {
    const task = taskId === undefined ? this.#firstOpenTask(this.#required()) : this.task(taskId);
    const lifecycle = await this.#openedFor(task);
    const solution = isDone(task) ? this.#howDone(task) : await task.solve(lifecycle.context());
    lifecycle.change((progress) => changeTask(progress, task.id, (one) => ({ ...one, shown: true })));
    return { task, solution };
  }

  /** The files of the act that the learner may edit, with what the edits change. */
  edits(): readonly EditedFile[] {
    const place = { exercise: this.exercise.id, act: this.act.id };
    return this.#fileTasks().map((task) => {
      const { path } = task.file;
      const { workspace, lab } = this.#workshop;
      const wanted = workspace.read(place, path);
      return {
        task,
        place: workspace.file(place, path),
        ...contentChange(path, lab.readConfig(path) ?? '', wanted),
      };
    });
  }

  /** Installs every edited file of the workspace; returns those that were. The first that is refused ends it. */
  async apply(): Promise<readonly EditedFile[]> {
    const lifecycle = await this.#opened();
    if (this.#fileTasks().length === 0) {
      throw new ExercisePhase(
        this.exercise.id,
        `at the act "${this.act.title}"`,
        'it has no file to edit',
        'See what it asks for: npm run lab -- exercise',
      );
    }
    const edited = this.edits().filter(({ added, removed }) => added + removed > 0);
    const place = { exercise: this.exercise.id, act: this.act.id };
    for (const { task } of edited) {
      this.#events.onStep(`${task.file.component} is given ${task.file.path}`);
      await lifecycle.session.install(task.file, this.#workshop.workspace.read(place, task.file.path));
    }
    return edited;
  }

  async fix(): Promise<void> {
    const lifecycle = await this.#opened();
    if (!isBroken(lifecycle.progress)) {
      const { id } = this.exercise;
      throw new ExercisePhase(
        id,
        'repaired already',
        'nothing is left to repair',
        'See whether it holds: npm run lab -- exercise check',
      );
    }
    const { steps } = lifecycle.act.repair;
    for (const step of steps) this.#events.onStep(step.description);
    await lifecycle.session.fix();
    await lifecycle.repaired(steps.map((step) => step.description).join('; '));
  }

  /** No fault, no traffic, every component's own files, roles and versions: as others expect to find it. */
  async #restore(): Promise<void> {
    await this.#workshop.healEverything();
    await this.#workshop.undoChanges();
  }

  /** Back to before the start, without progress. */
  async reset(): Promise<void> {
    await this.#restore();
    this.#workshop.workspace.clear(this.exercise.id);
    this.#workshop.progress.reset(this.exercise.id);
  }

  task(id: string): Task {
    const { tasks } = this.act;
    const found =
      tasks.find((task) => task.id === id) ?? (/^\d+$/.test(id) ? tasks[Number(id) - 1] : undefined);
    if (found === undefined)
      throw new TaskUnknown(id, this.exercise.id, tasks.map((task) => task.id).join(', '));
    return found;
  }

  #how(): LifecycleHow {
    return {
      save: (progress) => this.#workshop.progress.write(progress),
      load: () => this.progress,
      events: { onCheck: this.#events.onCheck },
    };
  }

  #lifecycle(progress: Progress): Lifecycle {
    return Lifecycle.resume(this.exercise, progress, this.#workshop.learnerOptions(), this.#how());
  }

  #firstOpenTask(progress: Progress): Task {
    const { tasks } = this.act;
    return tasks.find((task) => currentAct(progress).tasks[task.id]?.answeredAt === undefined) ?? tasks[0]!;
  }

  #required(): Progress {
    const progress = this.progress;
    if (progress === undefined || currentAct(progress).brokenAt === undefined) {
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

  /** The exercise at work, with its traffic running and its faults renewed. */
  async #opened(): Promise<Lifecycle> {
    const progress = this.#required();
    const { id } = this.exercise;
    if (progress.doneAt !== undefined) {
      throw new ExercisePhase(
        id,
        'done',
        'nothing is left to do',
        `Begin anew: npm run lab -- exercise reset ${id}`,
      );
    }
    const lifecycle = this.#lifecycle(progress);
    await this.#healLeftovers(lifecycle);
    await this.#keepAlive(lifecycle);
    return lifecycle;
  }

  /** A task about the broken system wants it broken; one about the repaired system, repaired. */
  async #openedFor(task: Task): Promise<Lifecycle> {
    const lifecycle = await this.#opened();
    const repaired = !isBroken(lifecycle.progress) || (await this.#isRepaired(lifecycle));
    const { id } = this.exercise;
    if (isDone(task)) return lifecycle;
    if (task.when === 'repaired' && !repaired) {
      throw new ExercisePhase(
        id,
        'still broken',
        `${task.id} is about the time after the repair`,
        'Repair it first, by hand or with: npm run lab -- exercise fix',
      );
    }
    if (task.when !== 'repaired' && repaired) {
      throw new ExercisePhase(
        id,
        'repaired',
        `${task.id} is about the broken system`,
        `Break it again: npm run lab -- exercise reset ${id} && npm run lab -- exercise start ${id}`,
      );
    }
    return lifecycle;
  }

  async #resume(progress: Progress): Promise<void> {
    const lifecycle = this.#lifecycle(progress);
    await this.#healLeftovers(lifecycle);
    if (!isBroken(progress) || (await lifecycle.session.isBroken())) {
      await this.#keepAlive(lifecycle);
      return;
    }
    await lifecycle.session.startTraffic();
    this.#events.onStep('The break had ended; breaking it again');
    await lifecycle.breakAgain();
    this.#workshop.handOver({ kind: 'exercise', id: this.exercise.id });
  }

  /**
   * What a repair left where it was is what its recovery is measured on: better rules, while requests go on being slow.
   * Where it ended because no command came for half an hour, it is put back.
   */
  async #healLeftovers({ actProgress, session }: Lifecycle): Promise<void> {
    const journalled = (): ReadonlySet<string> =>
      new Set(this.#workshop.journal.read().faults.map(({ id }) => id));
    const before = journalled();
    await this.#workshop.healLeftovers();
    if (actProgress.phase !== 'repaired') return;
    const after = journalled();
    for (const spec of session.faults) {
      const id = faultId(spec);
      if (!before.has(id) || after.has(id)) continue;
      this.#events.onStep(`Put back, because the recovery is measured on it: ${describeFault(spec)}`);
      await session.inject(spec);
    }
    this.#workshop.handOver({ kind: 'exercise', id: this.exercise.id });
  }

  async #keepAlive(lifecycle: Lifecycle): Promise<void> {
    await lifecycle.session.startTraffic();
    if (!keepsItsFaults(lifecycle.progress)) return;
    const { lab } = this.#workshop;
    const own = (owner: { kind: string; id?: string }): boolean =>
      owner.kind === 'exercise' && owner.id === this.exercise.id;
    await renewFaults({ lab, signal: lifecycle.context().signal }, this.#workshop.journal, maxTtlMs, own);
  }

  /**
   * Whether it was repaired, by whatever way the learner found, which is then noted. A break that ended by its time to
   * live is no repair.
   */
  async #isRepaired(lifecycle: Lifecycle): Promise<boolean> {
    if (!(await lifecycle.session.isRepaired())) return false;
    const { clock, pace, timeline } = lifecycle.context();
    const now = clock.now();
    const activeFaults = await lifecycle.session.activeFaults();
    // Before the break was seen, rates and counts may still tell of the time before it: with all faults in place, nothing
    // is repaired.
    const isFresh = now - (timeline.brokenAtMs ?? now) < 2_000 * pace.rateWindowSeconds;
    const isWhole = activeFaults.length === lifecycle.session.faults.length;
    if (lifecycle.actProgress.phase === 'broken' && isFresh && isWhole) return false;
    const { journal } = this.#workshop;
    const own = new Set(lifecycle.session.faults.map(faultId));
    const left = journal.read().faults.filter((entry) => own.has(entry.id));
    const { id } = this.exercise;
    if (left.length > 0 && left.every((entry) => Date.parse(entry.expiresAt) <= now)) {
      throw new ExercisePhase(
        id,
        'no longer broken',
        'its fault ended by itself, as every fault does after half an hour without a command',
        `Take it up again: npm run lab -- exercise start ${id}`,
      );
    }
    // A repair need not take the faults away: those that stay are remembered, so that they are gone in the end.
    const active = new Set(activeFaults.map(faultId));
    for (const entry of left) if (!active.has(entry.id)) journal.remove(entry.id);
    await lifecycle.repaired('by hand');
    return true;
  }

  #fileTasks(): readonly FileTask[] {
    return this.act.tasks.filter((task) => task.kind === 'file');
  }

  /** Lays the files out that the act lets the learner edit, as they are in force now. */
  #layFiles(): void {
    const { workspace, lab } = this.#workshop;
    for (const { file } of this.#fileTasks()) {
      const place = { exercise: this.exercise.id, act: this.act.id };
      const target = workspace.lay(place, file.path, lab.readConfig(file.path) ?? '');
      this.#events.onStep(`Yours to edit: ${target}`);
    }
  }

  #assertApplied(task: FileTask): void {
    const edit = this.edits().find((one) => one.task === task)!;
    if (edit.added + edit.removed === 0) return;
    throw new ExercisePhase(
      this.exercise.id,
      'reading another version of the file than the one in the workspace',
      `${task.id} judges what is in force`,
      'Have it read: npm run lab -- exercise apply',
    );
  }

  /** An action in words; for a file, the change to it as well. */
  #howDone(task: DoneTask): string {
    if (task.kind === 'action') return task.how;
    const { path } = task.file;
    const current = this.#workshop.lab.readConfig(path) ?? '';
    return `${task.how}\n${contentChange(path, current, task.solution(current)).patch}`;
  }

  #noteTasks(lifecycle: Lifecycle): void {
    const { phase, tasks } = lifecycle.actProgress;
    const due = lifecycle.act.tasks.filter((task) => !isDone(task) && task.when !== 'repaired');
    if (phase === 'observed' && due.every((task) => tasks[task.id]?.answeredAt !== undefined)) {
      lifecycle.change((progress) => reach(progress, 'tasks'));
    }
  }

  #log(kind: 'hint' | 'answer', text: string, details: Record<string, unknown>): void {
    this.#workshop.events.append({
      kind,
      actor: 'learner',
      text,
      exercise: this.exercise.id,
      act: this.act.id,
      details,
    });
  }
}

/** The exercise that a command without an ID is about: the one that is open. */
export function openExerciseId(workshop: Pick<Workshop, 'progress'>, known: readonly string[]): string {
  const open = workshop.progress.open();
  const id = open[0];
  if (id === undefined) throw new ExerciseNoneOpen(known.join(', '));
  return id;
}

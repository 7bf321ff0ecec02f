// Above 400 lines: one run from its first phase to its report; every phase writes into the same record.
import type { Interval } from '../../traffic/ledger.ts';
import { percentile } from '../../traffic/tally.ts';
import type { Clock } from '../model/clock.ts';
import { GuideQueries } from '../model/guide.ts';
import { type Act, type ActInterval, type Exercise, isDone } from '../model/model.ts';
import {
  type ActReport,
  type DecoyReport,
  type ExerciseReport,
  judgeExercise,
  type PhaseReport,
  proofsOf,
  type TaskReport,
} from '../report/report.ts';
import type { ActSession, ActSessionOptions } from './act-session.ts';
import { type Detection, detectionCheck, measureDetection } from './detection.ts';
import { Lifecycle, type LifecycleEvents, type PhaseOutcome } from './lifecycle.ts';
import type { CheckResult } from './run-check.ts';
import { decoyNotReached, runDecoy } from './run-decoy.ts';
import { doTask, notReached, tryDone, tryTask } from './run-tasks.ts';
import { excuseStarvation, type MachineSample, starvationIn } from './starvation.ts';

/** Called during a run, to show its progress. */
export interface RunEvents extends LifecycleEvents {
  readonly onAct?: (act: Act) => void;
  readonly onTask?: (report: TaskReport) => void;
  readonly onDecoy?: (report: DecoyReport) => void;
}

/** How long a repair is given to show in the targets. */
const repairWithinMs = 60_000;

/**
 * Runs an exercise from the steady state and back to it, act by act, and does what no learner does: it tries wrong
 * answers, wrong repairs and solvers, and proves that every check can fail. Whatever happens, faults are reverted and
 * the traffic is stopped before this returns or throws.
 * @throws LAB_FAULT_NOT_REVERTED; what `signal` was aborted with.
 */
export async function runUnattended(
  exercise: Exercise,
  options: ActSessionOptions,
  events: RunEvents = {},
  machine: { readonly samples: readonly MachineSample[] } = { samples: [] },
  guide = new GuideQueries([]),
): Promise<ExerciseReport> {
  const { clock, signal, lab } = options;
  const startedAtMs = clock.now();
  const run = new UnattendedRun(exercise, options, events, machine, guide);
  const problems: string[] = [];
  try {
    await run.prepare();
    for (const [index] of exercise.acts.entries()) {
      if (index > 0) run.lifecycle.advance();
      if (!(await run.act())) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    // One exercise that cannot be run is a line of its report, not the end of all others.
    problems.push(error instanceof Error ? error.message : String(error));
    run.keepAct();
  } finally {
    // Not cancelled by the signal: this is the undo.
    await run.cleanUp();
  }
  const parts = { acts: run.acts, problems };
  const { starved: _, ...figures } = starvationIn(machine.samples, {
    fromMs: startedAtMs,
    toMs: clock.now(),
  });
  return {
    id: exercise.id,
    title: exercise.title,
    outcome: judgeExercise(parts, exercise.acts.length),
    runtime: lab.kind,
    pace: lab.pace.name,
    ...exercise.played,
    startedAt: new Date(startedAtMs).toISOString(),
    wallMs: Math.round(clock.now() - startedAtMs),
    machine: figures,
    ...parts,
  };
}

/** What is known of the act at work. */
interface ActRecord {
  readonly startedAtMs: number;
  readonly phases: PhaseReport[];
  readonly checks: CheckResult[];
  readonly tasks: TaskReport[];
  readonly decoys: DecoyReport[];
  readonly problems: string[];
  detection: Detection | null;
  diagnosedAtMs?: number;
  recoveredAtMs?: number;
}

class UnattendedRun {
  readonly acts: ActReport[] = [];
  readonly lifecycle: Lifecycle;
  readonly #options: ActSessionOptions;
  readonly #events: RunEvents;
  readonly #machine: { readonly samples: readonly MachineSample[] };
  readonly #clock: Clock;
  readonly #guide: GuideQueries;
  #record: ActRecord | undefined;

  constructor(
    exercise: Exercise,
    options: ActSessionOptions,
    events: RunEvents,
    machine: { readonly samples: readonly MachineSample[] },
    guide: GuideQueries,
  ) {
    this.#guide = guide;
    this.#options = options;
    this.#events = events;
    this.#machine = machine;
    this.#clock = options.clock;
    const review = (result: CheckResult): CheckResult =>
      excuseStarvation(result, machine.samples, options.lab.pace.rateWindowSeconds);
    // Nobody takes an unattended run up again, so that nothing is kept of it but its report.
    this.lifecycle = Lifecycle.begin(exercise, options, { save: () => {}, events, review });
  }

  get #session(): ActSession {
    return this.lifecycle.session;
  }

  async prepare(): Promise<void> {
    this.#events.onPhase?.('heal', 'reverting what an earlier run may have left');
    await this.cleanUp();
  }

  async cleanUp(): Promise<void> {
    await this.#options.traffic.stop();
    await this.#session.undoChanges();
    await this.#session.healAll();
  }

  /** One act to its end; whether the next may begin. */
  async act(): Promise<boolean> {
    const { act } = this.lifecycle;
    this.#events.onAct?.(act);
    const record: ActRecord = {
      startedAtMs: this.#clock.now(),
      phases: [],
      checks: [],
      tasks: [],
      decoys: [],
      problems: [],
      detection: null,
    };
    this.#record = record;
    const whole = await this.#toTheEnd(act, record);
    this.keepAct();
    return whole;
  }

  async #toTheEnd(act: Act, record: ActRecord): Promise<boolean> {
    const breakOff = (reason: string): false => {
      record.problems.push(reason);
      return false;
    };
    const { lifecycle } = this;
    if (!(await this.#run(() => lifecycle.steady())).held)
      return breakOff('the baseline did not hold, so that a break would prove nothing');
    if (!(await this.#run(() => lifecycle.control())).held)
      return breakOff('a check did not fail its control, so that passing later would prove nothing');
    await this.#phase('break', () => lifecycle.break());
    const { held: seen } = await this.#run(() => lifecycle.observe());
    if (seen) await this.#measureDetection(act, record);
    let clean: ActInterval[] = [{ fromMs: this.#session.timeline.brokenAtMs!, toMs: this.#clock.now() }];
    if (seen) {
      await this.#askGuide();
      const provable = await this.#run(() => lifecycle.recoverControl());
      if (!provable.held)
        record.problems.push(
          'a check of the recovery did not fail on the broken system, so that it proves no repair',
        );
      await this.#phase('tasks', () => this.#tasks(act, record, 'broken'));
      record.diagnosedAtMs = this.#clock.now();
      clean = [{ ...clean[0]!, toMs: this.#clock.now() }];
      await this.#decoys(act, record);
    } else {
      record.problems.push('the break was not seen, so that it was not asked about');
    }
    const tried = record.decoys.length > 0;
    const resumedAtMs = tried ? this.#clock.now() : clean[0]!.toMs;

    await this.#phase('repair', () => this.#repair(act, record));
    const { held: recovered } = await this.#run(() => lifecycle.recover());
    if (recovered) {
      record.recoveredAtMs = this.#clock.now();
      await this.#askGuide();
      // In one act or another a learner has to find something with each.
      if (lifecycle.next === undefined) {
        for (const query of this.#guide.unanswered)
          record.problems.push(`a query of the guide found nothing: ${query}`);
      }
    }
    if (seen) {
      // No window of the part after the decoys may see them.
      const windowsFromMs = tried ? resumedAtMs + this.#windowMs() : clean[0]!.fromMs;
      await this.#clock.sleep(
        Math.max(0, windowsFromMs + this.#windowMs() / 4 - this.#clock.now()),
        this.#options.signal,
      );
      const toMs = this.#clock.now();
      const parts: ActInterval[] = tried
        ? [...clean, { fromMs: resumedAtMs, toMs, windowsFromMs }]
        : [{ fromMs: clean[0]!.fromMs, toMs }];
      await this.#run(() => lifecycle.invariants(parts));
    }
    if (recovered) await this.#phase('tasks', () => this.#tasks(act, record, 'repaired'));
    // The next act begins from the lab's own files, and without what this one broke: a repair need not have ended it.
    await this.#session.undoChanges();
    await this.#session.revert();
    return recovered;
  }

  /** As a learner does who goes along with it: while it is broken, and after the repair. */
  async #askGuide(): Promise<void> {
    if (this.#guide.unanswered.length > 0) {
      await this.#phase('guide', () => this.#guide.ask(this.#session.context()));
    }
  }

  async #phase(name: string, work: () => Promise<void>): Promise<void> {
    this.#options.signal.throwIfAborted();
    const startedAtMs = this.#clock.now();
    try {
      await work();
    } finally {
      const ms = Math.round(this.#clock.now() - startedAtMs);
      this.#record?.phases.push({ name, startedAt: new Date(startedAtMs).toISOString(), ms });
    }
  }

  async #run(step: () => Promise<PhaseOutcome>): Promise<PhaseOutcome> {
    this.#options.signal.throwIfAborted();
    const startedAtMs = this.#clock.now();
    const outcome = await step();
    const ms = Math.round(this.#clock.now() - startedAtMs);
    this.#record?.phases.push({
      name: outcome.phase,
      startedAt: new Date(startedAtMs).toISOString(),
      ms,
    });
    this.#record?.checks.push(...outcome.results);
    return outcome;
  }

  async #measureDetection(act: Act, record: ActRecord): Promise<void> {
    if (act.detection === undefined) return;
    try {
      record.detection = await measureDetection(act.detection, this.#session.context());
      const result = excuseStarvation(
        detectionCheck(record.detection, this.#session.context()),
        this.#machine.samples,
        0,
      );
      record.checks.push(result);
      this.#events.onCheck?.(result);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      record.problems.push(
        `detection could not be measured: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #tasks(act: Act, record: ActRecord, when: 'broken' | 'repaired'): Promise<void> {
    for (const task of act.tasks) {
      // What is done while it is broken is a part of the repair.
      if ((task.when ?? 'broken') !== when || (isDone(task) && when === 'broken')) continue;
      const startedAtMs = this.#clock.now();
      if (isDone(task)) {
        const judge = await tryDone(task, this.#session);
        await doTask(task, this.#session);
        this.#keepTask(record, await judge.finish(), startedAtMs);
      } else this.#keepTask(record, await tryTask(task, this.#session), startedAtMs);
    }
  }

  /** What was rejected or accepted by mistake while the machine was starved says nothing about the task. */
  #keepTask(record: ActRecord, report: TaskReport, startedAtMs: number): void {
    const good = report.wrongRejected === true && report.solverAccepted === true;
    const kept =
      good || !this.#starvedSince(startedAtMs)
        ? report
        : {
            ...report,
            wrongRejected: report.wrongRejected === true ? true : null,
            solverAccepted: report.solverAccepted === true ? true : null,
            problems: [...report.problems, 'the machine was starved meanwhile'],
          };
    record.tasks.push(kept);
    this.#events.onTask?.(kept);
  }

  /** Each decoy begins from the broken state, which is measured again. */
  async #decoys(act: Act, record: ActRecord): Promise<void> {
    for (const decoy of act.decoys) {
      const startedAtMs = this.#clock.now();
      await this.#phase(`decoy ${decoy.id}`, async () => {
        this.#events.onPhase?.('decoy', decoy.description);
        const report = await runDecoy(decoy, act, this.#session);
        const kept =
          report.rejected === false && this.#starvedSince(startedAtMs)
            ? {
                ...report,
                rejected: null,
                problems: [...report.problems, 'the machine was starved meanwhile'],
              }
            : report;
        record.decoys.push(kept);
        this.#events.onDecoy?.(kept);
      });
      await this.#phase('restore', () => this.#restore(act, record));
    }
  }

  /** The broken state again, as its own evidence says. */
  async #restore(act: Act, record: ActRecord): Promise<void> {
    await this.#session.startTraffic();
    await this.#session.restoreBreak();
    const { results, held } = await this.lifecycle.observeQuietly();
    if (held) return;
    const missing = results.filter((one) => one.verdict !== 'passed').map((one) => one.id);
    record.problems.push(`after a decoy the broken state of "${act.id}" was not back: ${missing.join(', ')}`);
  }

  /** By the action that the act asks for, otherwise by its own steps; then the targets are asked. */
  async #repair(act: Act, record: ActRecord): Promise<void> {
    const done = act.tasks.filter(isDone).filter((task) => task.when !== 'repaired');
    const startedAtMs = this.#clock.now();
    const judges = [];
    for (const task of done) judges.push(await tryDone(task, this.#session));
    let how = act.repair.steps.map((step) => step.description).join('; ');
    this.#events.onPhase?.('repair', how);
    if (done.length > 0) {
      for (const task of done) await doTask(task, this.#session);
      how = done.map((task) => task.how).join('; ');
    } else {
      await this.#session.fix();
    }
    const deadline = this.#clock.now() + repairWithinMs;
    while (!(await this.#session.isRepaired())) {
      if (this.#clock.now() > deadline) {
        record.problems.push(`the repair (${how}) did not repair it within ${repairWithinMs / 1000} s`);
        break;
      }
      await this.#clock.sleep(250, this.#options.signal);
    }
    await this.lifecycle.repaired(how);
    for (const judge of judges) this.#keepTask(record, await judge.finish(), startedAtMs);
  }

  /** A rate window, and the scrapes at its ends. */
  #windowMs(): number {
    const { rateWindowSeconds, scrapeIntervalSeconds } = this.#options.lab.pace;
    return 1000 * (rateWindowSeconds + 2 * scrapeIntervalSeconds);
  }

  #starvedSince(fromMs: number): boolean {
    return starvationIn(this.#machine.samples, { fromMs, toMs: this.#clock.now() }).starved;
  }

  /** Closes the record of the act at work. */
  keepAct(): void {
    const record = this.#record;
    if (record === undefined) return;
    this.#record = undefined;
    const { act, session } = this.lifecycle;
    const { brokenAtMs, repairedAtMs } = session.timeline;
    const reason = record.problems[0] ?? 'the run ended before';
    for (const task of act.tasks) {
      if (!record.tasks.some((one) => one.id === task.id)) record.tasks.push(notReached(task, reason));
    }
    for (const decoy of act.decoys) {
      if (!record.decoys.some((one) => one.id === decoy.id))
        record.decoys.push(decoyNotReached(decoy, reason));
    }
    const between = (from: number | undefined, to: number | undefined): number | null =>
      from === undefined || to === undefined ? null : Math.round(to - from);
    const { checks, tasks, decoys, phases, problems, detection } = record;
    this.acts.push({
      id: act.id,
      title: act.title,
      phases,
      checks,
      proofs: proofsOf(act, checks, decoys),
      tasks,
      decoys,
      detection,
      timings: {
        detectMs: detection?.actualMs ?? null,
        diagnoseMs: between(brokenAtMs, record.diagnosedAtMs),
        repairMs: between(brokenAtMs, repairedAtMs),
        recoverMs: between(repairedAtMs, record.recoveredAtMs),
      },
      traffic: this.#traffic({ fromMs: record.startedAtMs, toMs: this.#clock.now() }),
      problems,
    });
  }

  #traffic(interval: Interval): ActReport['traffic'] {
    const { requests, errors, latencies } = this.#session.context().ledger.count(interval);
    const at = (quantile: number): number => percentile(latencies, quantile) ?? 0;
    return { requests, errors, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
  }
}

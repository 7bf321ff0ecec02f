import { summarise, type TallySnapshot } from '../traffic/tally.ts';
import type { Clock } from './clock.ts';
import { type Detection, detectionCheck, measureDetection } from './detection.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { CheckPhase, Decoy, Exercise, Task } from './model.ts';
import {
  type DecoyReport,
  type ExerciseReport,
  judgeExercise,
  type PhaseReport,
  type TaskReport,
} from './report.ts';
import { type CheckResult, runCheck, secondsAt } from './run-check.ts';
import { runPhase } from './run-phase.ts';
import { assertHealed, Session, type SessionOptions } from './session.ts';

/** What happens during a run, for whoever shows it. */
export interface RunEvents {
  readonly onPhase?: (phase: string, about: string) => void;
  readonly onCheck?: (result: CheckResult) => void;
  readonly onTask?: (report: TaskReport) => void;
  readonly onDecoy?: (report: DecoyReport) => void;
}

/** A solver or a judge that has not answered by then counts as failed. */
const taskTimeoutMs = 45_000;

/**
 * Runs an exercise from the steady state and back to it: baseline, control, break, observe, tasks, decoys, fix,
 * recover. Whatever happens, faults are reverted and the traffic is stopped before this returns or throws.
 * @throws LAB_FAULT_NOT_REVERTED; what `signal` was aborted with; whatever prevents the run itself.
 */
export async function runUnattended(
  exercise: Exercise,
  options: SessionOptions,
  events: RunEvents = {},
): Promise<ExerciseReport> {
  const startedAtMs = options.clock.now();
  const session = new Session(exercise, options, { startedAtMs });
  const run = new UnattendedRun(session, options, events);
  try {
    await run.toTheEnd();
  } catch (error) {
    options.signal.throwIfAborted();
    // One exercise that cannot be run is a line of its report, not the end of all others.
    run.brokeOff(messageOf(error));
  } finally {
    // Not cancelled by the signal: this is the undo.
    await session.stopTraffic();
    assertHealed(await session.healAll());
  }
  return run.report(startedAtMs);
}

class UnattendedRun {
  readonly #session: Session;
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #events: RunEvents;
  readonly #phases: PhaseReport[] = [];
  readonly #checks: CheckResult[] = [];
  readonly #tasks: TaskReport[] = [];
  readonly #decoys: DecoyReport[] = [];
  readonly #problems: string[] = [];
  readonly #tallies: TallySnapshot[] = [];
  #detection: Detection | null = null;
  #diagnosedAtMs: number | undefined;
  #recoveredAtMs: number | undefined;

  constructor(session: Session, options: SessionOptions, events: RunEvents) {
    this.#session = session;
    this.#options = options;
    this.#clock = options.clock;
    this.#events = events;
  }

  async toTheEnd(): Promise<void> {
    const { exercise } = this.#session;
    await this.#phase('heal', 'reverting what an earlier run may have left', async () => {
      await this.#options.traffic.stop();
      assertHealed(await this.#session.healAll());
    });
    await this.#phase('traffic', `starting the traffic "${exercise.traffic.profile}"`, () =>
      this.#session.startTraffic(),
    );
    const steady = await this.#run(
      'baseline',
      exercise.baseline,
      'is the system well before anything is broken?',
    );
    if (!steady) return this.brokeOff('the baseline did not hold, so that a break would prove nothing');
    this.#session.markSteady();
    const provable = await this.#run(
      'control',
      exercise.observe,
      'on the healthy system every observe check has to fail',
    );
    if (!provable)
      return this.brokeOff('a check did not fail its control, so that passing later would prove nothing');

    await this.#phase('break', 'breaking it', () => this.#session.break());
    const seen = await this.#observe();
    if (seen) {
      await this.#phase('tasks', 'solving the tasks from telemetry, and trying wrong answers', async () => {
        for (const task of exercise.tasks) await this.#task(task);
      });
      this.#diagnosedAtMs = this.#clock.now();
      await this.#phase('decoys', 'trying wrong repairs', async () => {
        for (const decoy of exercise.decoys) await this.#decoy(decoy);
      });
    } else {
      this.#notReached('the break was not seen, so that it was not asked about');
    }

    await this.#phase('fix', exercise.fix.map((step) => step.description).join('; '), () =>
      this.#session.fix(),
    );
    if (await this.#run('recover', exercise.recover, 'is the steady state back?'))
      this.#recoveredAtMs = this.#clock.now();
    this.#keepTally();
  }

  async #phase(name: string, about: string, work: () => Promise<void>): Promise<void> {
    this.#options.signal.throwIfAborted();
    this.#events.onPhase?.(name, about);
    const startedAtMs = this.#clock.now();
    try {
      await work();
    } finally {
      const ms = Math.round(this.#clock.now() - startedAtMs);
      this.#phases.push({ name, startedAt: new Date(startedAtMs).toISOString(), ms });
    }
  }

  /** Runs a phase's checks; whether all of them have the verdict that the phase wants. */
  async #run(phase: CheckPhase, checks: Exercise['observe'], about: string): Promise<boolean> {
    let results: CheckResult[] = [];
    await this.#phase(phase, about, async () => {
      results = await runPhase(checks, phase, this.#session.context(), {
        onResult: (result) => this.#events.onCheck?.(result),
      });
      this.#checks.push(...results);
    });
    const wanted = phase === 'control' ? 'failed' : 'passed';
    return results.every((result) => result.verdict === wanted || result.verdict === 'skipped');
  }

  async #observe(): Promise<boolean> {
    const { exercise } = this.#session;
    const seen = await this.#run('observe', exercise.observe, 'is the break seen in every pillar?');
    if (exercise.detection === undefined) return seen;
    try {
      this.#detection = await measureDetection(exercise.detection, this.#session.context());
      const result = detectionCheck(this.#detection, this.#session.context());
      this.#checks.push(result);
      this.#events.onCheck?.(result);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      this.#problems.push(`detection could not be measured: ${messageOf(error)}`);
    }
    // A late alert is a finding of its own; the break is there to be asked about all the same.
    return seen;
  }

  async #task(task: Task): Promise<void> {
    const context = this.#bounded();
    const problems: string[] = [];
    let wrongAnswerRejected = true;
    let solution: string | null = null;
    let solverAccepted = false;
    for (const wrong of task.wrongAnswers) {
      try {
        const answer = typeof wrong.answer === 'function' ? await wrong.answer(context) : wrong.answer;
        const judgement = await judgeAnswer(task, answer, context);
        if (judgement.accepted) {
          wrongAnswerRejected = false;
          problems.push(`the wrong answer ${JSON.stringify(answer)} was accepted (${wrong.why})`);
        }
      } catch (error) {
        this.#options.signal.throwIfAborted();
        wrongAnswerRejected = false;
        problems.push(`a wrong answer (${wrong.why}) could not be judged: ${messageOf(error)}`);
      }
    }
    try {
      solution = await task.solve(context);
      const judgement = await judgeAnswer(task, solution, context);
      solverAccepted = judgement.accepted;
      if (!judgement.accepted)
        problems.push(`the solver's ${JSON.stringify(solution)} was rejected: ${judgement.because}`);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      problems.push(`it could not be solved: ${messageOf(error)}`);
    }
    const report = { id: task.id, wrongAnswerRejected, solverAccepted, solution, problems };
    this.#tasks.push(report);
    this.#events.onTask?.(report);
  }

  /** Really does the wrong thing, lets it work, asks the checks, and undoes it. */
  async #decoy(decoy: Decoy): Promise<void> {
    const problems: string[] = [];
    const by: DecoyReport['by'][number][] = [];
    let rejected = false;
    // A decoy may stop the traffic, and with it this process's tally.
    this.#keepTally();
    try {
      await decoy.apply(this.#session.actions());
      await this.#clock.sleep(
        secondsAt(decoy.givenSeconds, this.#options.lab.pace) * 1000,
        this.#options.signal,
      );
      const { exercise } = this.#session;
      const judges = exercise[decoy.judgedBy].filter((check) => decoy.rejectedBy.includes(check.id));
      const context = this.#session.context();
      const results = await Promise.all(
        judges.map((check) => runCheck(check, decoy.judgedBy, context, 'reject')),
      );
      for (const result of results) {
        if (result.verdict === 'passed')
          problems.push(`${result.id} accepted it (observed ${result.observed})`);
        else {
          const note = result.note === undefined ? {} : { note: result.note };
          by.push({ check: result.id, verdict: result.verdict, observed: result.observed, ...note });
        }
      }
      rejected =
        results.length > 0 &&
        results.every((result) => result.verdict === 'failed' || result.verdict === 'error');
    } catch (error) {
      this.#options.signal.throwIfAborted();
      problems.push(`it could not be tried: ${messageOf(error)}`);
    } finally {
      await decoy.undo(this.#session.actions());
    }
    const report = { id: decoy.id, rejected, by, problems };
    this.#decoys.push(report);
    this.#events.onDecoy?.(report);
  }

  #bounded(): ReturnType<Session['context']> {
    const context = this.#session.context();
    return { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(taskTimeoutMs)]) };
  }

  /** The rest is not reached, and the report says why. */
  brokeOff(reason: string): void {
    this.#problems.push(reason);
    this.#notReached(reason);
    this.#keepTally();
  }

  #notReached(reason: string): void {
    const { exercise } = this.#session;
    for (const { id } of exercise.tasks) {
      if (this.#tasks.some((task) => task.id === id)) continue;
      this.#tasks.push({
        id,
        wrongAnswerRejected: null,
        solverAccepted: null,
        solution: null,
        problems: [reason],
      });
    }
    for (const { id } of exercise.decoys)
      this.#decoys.push({ id, rejected: null, by: [], problems: [reason] });
  }

  /** Traffic that was stopped and started again counts anew: the last tally of each start is kept. */
  #keepTally(): void {
    const tally = this.#options.traffic.tally();
    if (tally === undefined) return;
    if (this.#tallies.at(-1)?.startedAt === tally.startedAt) this.#tallies.pop();
    this.#tallies.push(tally);
  }

  report(startedAtMs: number): ExerciseReport {
    const { exercise, timeline } = this.#session;
    const brokenAtMs = timeline.brokenAtMs;
    const between = (from: number | undefined, to: number | undefined): number | null =>
      from === undefined || to === undefined ? null : Math.round(to - from);
    const parts = {
      checks: this.#checks,
      tasks: this.#tasks,
      decoys: this.#decoys,
      problems: this.#problems,
    };
    return {
      id: exercise.id,
      title: exercise.title,
      outcome: judgeExercise(parts),
      runtime: this.#options.lab.kind,
      pace: this.#options.lab.pace.name,
      startedAt: new Date(startedAtMs).toISOString(),
      wallMs: Math.round(this.#clock.now() - startedAtMs),
      phases: this.#phases,
      ...parts,
      detection: this.#detection,
      timings: {
        detectMs: this.#detection?.actualMs ?? null,
        diagnoseMs: between(brokenAtMs, this.#diagnosedAtMs),
        recoverMs: between(timeline.fixedAtMs, this.#recoveredAtMs),
      },
      traffic: summarise(mergeTallies(this.#tallies)),
    };
  }
}

function mergeTallies(
  tallies: readonly TallySnapshot[],
): Pick<TallySnapshot, 'requests' | 'errors' | 'latencies'> {
  const latencies = new Map<number, number>();
  for (const [ms, count] of tallies.flatMap((tally) => tally.latencies)) {
    latencies.set(ms, (latencies.get(ms) ?? 0) + count);
  }
  return {
    requests: tallies.reduce((sum, tally) => sum + tally.requests, 0),
    errors: tallies.reduce((sum, tally) => sum + tally.errors, 0),
    latencies: [...latencies].sort(([a], [b]) => a - b),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

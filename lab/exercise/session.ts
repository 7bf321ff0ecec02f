import { FaultNotReverted } from '../errors.ts';
import { faultKind } from '../faults/catalogue.ts';
import type { FaultSpec } from '../faults/fault.ts';
import { describeFault, type HealReport, heal } from '../faults/heal.ts';
import { injectFault } from '../faults/inject.ts';
import { type FaultJournal, type FaultOwner, faultId } from '../faults/journal.ts';
import type { Backends } from '../observe/backends.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import type { Traffic, TrafficOptions } from '../traffic/traffic.ts';
import type { Clock } from './clock.ts';
import type { ActionContext, Exercise, ExerciseContext, Timeline } from './model.ts';

/** What a run of an exercise stands on. */
export interface SessionOptions {
  readonly lab: RunningLab;
  readonly observe: Backends;
  readonly journal: FaultJournal;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly owner: FaultOwner;
  readonly faultTtlMs: number;
  readonly trafficOptions: Omit<TrafficOptions, 'profile' | 'signal'>;
  /** Internal test switch, see `injectFault`. */
  readonly faultsDisabled: boolean;
  readonly note: (text: string) => void;
}

/** One exercise at work on one lab: the timeline, and every change that is made to the lab. */
export class Session {
  readonly exercise: Exercise;
  readonly #options: SessionOptions;
  #timeline: Timeline;

  constructor(exercise: Exercise, options: SessionOptions, timeline: Timeline) {
    this.exercise = exercise;
    this.#options = options;
    this.#timeline = timeline;
  }

  get timeline(): Timeline {
    return this.#timeline;
  }

  /** The context as of now: the timeline is fixed in it. */
  context(): ExerciseContext {
    const { lab, observe, traffic, clock, signal } = this.#options;
    return {
      lab,
      pace: lab.pace,
      observe,
      tally: () => traffic.tally(),
      timeline: this.#timeline,
      clock,
      signal,
    };
  }

  actions(): ActionContext {
    return {
      ...this.context(),
      inject: (spec) => this.inject(spec),
      revert: (spec) => this.revert(spec),
      startTraffic: () => this.startTraffic(),
      stopTraffic: () => this.#options.traffic.stop(),
    };
  }

  async startTraffic(): Promise<void> {
    const { traffic, trafficOptions, signal } = this.#options;
    await traffic.start({ ...trafficOptions, profile: this.exercise.traffic.profile, signal });
  }

  stopTraffic(): Promise<void> {
    return this.#options.traffic.stop();
  }

  /** The baseline has held. */
  markSteady(): void {
    this.#timeline = { ...this.#timeline, steadyAtMs: this.#options.clock.now() };
  }

  /** Injects everything that the exercise breaks. The break counts from before the first request to a target. */
  async break(): Promise<void> {
    this.#timeline = { ...this.#timeline, brokenAtMs: this.#options.clock.now() };
    for (const spec of this.exercise.break) await this.inject(spec);
    await this.#annotate(`Break: ${this.exercise.break.map(describeFault).join('; ')}`, 'break');
  }

  async fix(): Promise<void> {
    for (const step of this.exercise.fix) await step.apply(this.actions());
    this.#timeline = { ...this.#timeline, fixedAtMs: this.#options.clock.now() };
    await this.#annotate(`Fix: ${this.exercise.fix.map((step) => step.description).join('; ')}`, 'fix');
  }

  async inject(spec: FaultSpec): Promise<void> {
    const { lab, journal, owner, faultTtlMs, faultsDisabled, signal, clock } = this.#options;
    await injectFault({ lab, signal }, journal, spec, {
      ttlMs: faultTtlMs,
      owner,
      disabled: faultsDisabled,
      now: () => clock.now(),
    });
  }

  /** Reverts one fault, or all that the exercise breaks; `LAB_FAULT_NOT_REVERTED` when one stays. */
  async revert(spec?: FaultSpec): Promise<void> {
    const wanted = new Set((spec === undefined ? this.exercise.break : [spec]).map(faultId));
    const which = (entry: { id: string }): boolean => wanted.has(entry.id);
    assertHealed(await heal(this.#options.lab, this.#options.journal, { which, askTargets: false }));
  }

  /** Reverts every fault there is, journalled or not. Has its own deadline: no signal cancels it. */
  healAll(): Promise<HealReport> {
    return heal(this.#options.lab, this.#options.journal);
  }

  /** Whether the break is active, asked of its targets. */
  async isBroken(): Promise<boolean> {
    const { lab, signal } = this.#options;
    const states = await Promise.all(
      this.exercise.break.map((spec) =>
        faultKind(spec.kind).isActive({ lab, signal }, spec.target, spec.params),
      ),
    );
    return states.every(Boolean);
  }

  /** A mark on the dashboards. Its absence spoils nothing, so that a failure is only told. */
  async #annotate(text: string, tag: string): Promise<void> {
    const { observe, clock, signal, note } = this.#options;
    try {
      await observe.grafana.annotate(
        { text, tags: ['lab', tag, this.exercise.id], timeMs: clock.now() },
        { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) },
      );
    } catch (error) {
      if (!signal.aborted)
        note(`No annotation in Grafana: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Throws `LAB_FAULT_NOT_REVERTED` (exit code 3) when something stayed. */
export function assertHealed(report: HealReport): void {
  if (report.failed.length === 0) return;
  throw new FaultNotReverted(report.failed.map((one) => `${one.description} (${one.reason})`).join('; '));
}

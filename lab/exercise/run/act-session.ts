import type { Changes } from '../../configuration/changes.ts';
import type { ConfigFile } from '../../configuration/config-file.ts';
import { undoDeploys } from '../../deploy/deploy.ts';
import { FaultNotReverted } from '../../errors.ts';
import type { EventKind, EventLog, NewEvent } from '../../events/event-log.ts';
import { declaredPrimary, failback } from '../../failover/failover.ts';
import { faultKind } from '../../faults/catalogue.ts';
import type { FaultSpec } from '../../faults/fault.ts';
import { describeFault, type HealReport, heal } from '../../faults/heal.ts';
import { injectFault } from '../../faults/inject.ts';
import { type FaultJournal, type FaultOwner, faultId } from '../../faults/journal.ts';
import type { Backends } from '../../observe/backends.ts';
import { markOnDashboards } from '../../observe/mark.ts';
import type { RunningLab } from '../../runtime/runtime.ts';
import { Ledger } from '../../traffic/ledger.ts';
import type { Traffic, TrafficOptions } from '../../traffic/traffic.ts';
import type { Clock } from '../model/clock.ts';
import {
  type Act,
  type ActionContext,
  type Exercise,
  type ExerciseContext,
  faultsOf,
  type Timeline,
} from '../model/model.ts';

/** What a run of an exercise stands on. */
export interface ActSessionOptions {
  readonly lab: RunningLab;
  readonly observe: Backends;
  readonly journal: FaultJournal;
  readonly traffic: Traffic;
  readonly events: EventLog;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly owner: FaultOwner;
  readonly actor: NewEvent['actor'];
  readonly faultTtlMs: number;
  readonly trafficOptions: Omit<TrafficOptions, 'profile' | 'signal'>;
  /** Faults of the act to leave out or replace; for proofs that the checks notice. */
  readonly substitute?: (spec: readonly FaultSpec[]) => readonly FaultSpec[];
  /** Tries every right version of a file, not the solution alone. */
  readonly everyRightVersion?: boolean;
  /** Internal test switch, see `injectFault`. */
  readonly faultsDisabled: boolean;
  readonly note: (text: string) => void;
}

/** One act at work on one lab: its timeline, and every change that is made to the lab. */
export class ActSession {
  readonly exerciseId: string;
  readonly act: Act;
  /** What the act breaks here. */
  readonly faults: readonly FaultSpec[];
  readonly #options: ActSessionOptions;
  /** What is broken is for the learner to find, also on the dashboards. */
  readonly #isSecret: boolean;
  #timeline: Timeline;

  constructor(
    exercise: Pick<Exercise, 'id' | 'variants'>,
    act: Act,
    options: ActSessionOptions,
    timeline: Timeline,
  ) {
    this.exerciseId = exercise.id;
    this.#isSecret = exercise.variants !== undefined;
    this.act = act;
    const faults = faultsOf(act, options.lab.pace);
    this.faults = options.substitute?.(faults) ?? faults;
    this.#options = options;
    this.#timeline = timeline;
  }

  get everyRightVersion(): boolean {
    return this.#options.everyRightVersion ?? false;
  }

  get timeline(): Timeline {
    return this.#timeline;
  }

  /** The context as of now: the timeline is fixed in it. */
  context(timeline: Timeline = this.#timeline): ExerciseContext {
    const { lab, observe, traffic, events, clock, signal } = this.#options;
    return {
      lab,
      pace: lab.pace,
      observe,
      ledger: new Ledger(lab.directory),
      tally: () => traffic.tally(),
      events,
      timeline,
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
      stopTraffic: () => this.stopTraffic(),
      install: (file, content) => this.install(file, content),
      uninstall: (file) => this.uninstall(file),
    };
  }

  async startTraffic(): Promise<void> {
    const { traffic, trafficOptions, signal } = this.#options;
    if (traffic.running()?.profile === this.act.load) return;
    await traffic.start({ ...trafficOptions, profile: this.act.load, signal });
    this.log('load', `Load "${this.act.load}"`, { profile: this.act.load });
  }

  stopTraffic(): Promise<void> {
    return this.#options.traffic.stop();
  }

  /** Notes a moment of the act. */
  mark(moment: 'steadyAtMs' | 'brokenAtMs' | 'repairedAtMs', atMs = this.#options.clock.now()): void {
    this.#timeline = { ...this.#timeline, [moment]: atMs };
  }

  log(kind: EventKind, text: string, details?: Record<string, unknown>): void {
    this.#options.events.append({
      kind,
      actor: this.#options.actor,
      text,
      exercise: this.exerciseId,
      act: this.act.id,
      details,
    });
  }

  /** Injects everything that the act breaks. The break counts from before the first request to a target. */
  async break(): Promise<void> {
    this.mark('brokenAtMs');
    for (const spec of this.faults) await this.inject(spec);
    const what = this.#isSecret ? this.act.title : this.faults.map(describeFault).join('; ');
    await this.#annotate(`Break: ${what}`, 'break', this.#timeline.brokenAtMs);
  }

  /** Injects what is gone of the act's faults. */
  async restoreBreak(): Promise<void> {
    for (const spec of this.faults) {
      if (!(await this.#isActive(spec))) await this.inject(spec);
    }
  }

  /** The act's own repair. */
  async fix(): Promise<void> {
    for (const step of this.act.repair.steps) await step.apply(this.actions());
  }

  async annotateRepair(text: string): Promise<void> {
    await this.#annotate(`Fix: ${text}`, 'fix');
  }

  async inject(spec: FaultSpec): Promise<void> {
    const { lab, journal, owner, faultTtlMs, faultsDisabled, signal, clock } = this.#options;
    await injectFault({ lab, signal }, journal, spec, {
      ttlMs: faultTtlMs,
      owner,
      disabled: faultsDisabled,
      now: () => clock.now(),
    });
    this.log('inject', describeFault(spec), { ...spec });
  }

  /** Reverts one fault, or all that the act breaks; `LAB_FAULT_NOT_REVERTED` when one stays. */
  async revert(spec?: FaultSpec): Promise<void> {
    const wanted = new Set((spec === undefined ? this.faults : [spec]).map(faultId));
    const which = (entry: { id: string }): boolean => wanted.has(entry.id);
    const report = await heal(this.#options.lab, this.#options.journal, { which, askTargets: false });
    for (const fault of report.reverted) this.log('revert', fault.description);
    assertHealed(report);
  }

  /** Installs a file as a change of the learner's. */
  async install(file: ConfigFile, content: string): Promise<void> {
    const { changes, actor, signal } = this.#options;
    await changes.apply(file, content, {
      actor: actor === 'learner' ? 'learner' : 'ci',
      exercise: this.exerciseId,
      act: this.act.id,
      signal,
    });
  }

  /** Undoes that: the file is the one of the break again, or the stack's own. */
  async uninstall(file: ConfigFile): Promise<void> {
    await this.#options.changes.undo(({ path }) => path === file.path);
    await this.restoreBreak();
  }

  /** Gives every component its own files back, every database its role, and every replica its version. */
  async undoChanges(): Promise<void> {
    const { lab, changes } = this.#options;
    await changes.undo();
    if ((await lab.primary()) !== declaredPrimary) await failback(lab);
    await undoDeploys(lab);
  }

  /** Reverts every fault there is, journalled or not. Has its own deadline: no signal cancels it. */
  async healAll(): Promise<void> {
    const report = await heal(this.#options.lab, this.#options.journal);
    for (const fault of report.reverted) this.log('heal', fault.description);
    assertHealed(report);
  }

  /** Whether all of the break is active, asked of its targets. */
  async isBroken(): Promise<boolean> {
    return (await this.#activity()).every(Boolean);
  }

  /** Those of the break that a target still has, or of which it cannot be asked. */
  async activeFaults(): Promise<FaultSpec[]> {
    const active = await Promise.all(this.faults.map((spec) => this.#isActive(spec).catch(() => true)));
    return this.faults.filter((_, index) => active[index]);
  }

  /** Whether it is repaired, by whatever way: as the act says, or when none of its faults is active. */
  async isRepaired(): Promise<boolean> {
    const { done } = this.act.repair;
    if (done !== undefined) return done(this.context());
    return !(await this.#activity()).some(Boolean);
  }

  #activity(): Promise<boolean[]> {
    return Promise.all(this.faults.map((spec) => this.#isActive(spec)));
  }

  #isActive(spec: FaultSpec): Promise<boolean> {
    const { lab, signal } = this.#options;
    return faultKind(spec.kind).isActive({ lab, signal }, spec.target, spec.params);
  }

  #annotate(text: string, tag: string, timeMs = this.#options.clock.now()): Promise<void> {
    const { observe, ...rest } = this.#options;
    return markOnDashboards(observe, { text, tags: [tag, this.exerciseId], timeMs }, rest);
  }
}

/** Throws `LAB_FAULT_NOT_REVERTED` (exit code 3) when something stayed. */
export function assertHealed(report: HealReport): void {
  if (report.failed.length === 0) return;
  throw new FaultNotReverted(report.failed.map((one) => `${one.description} (${one.reason})`).join('; '));
}

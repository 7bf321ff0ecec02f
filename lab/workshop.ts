import { setMaxListeners } from 'node:events';
import { defaultVersion } from '../stack/versions.ts';
import { Changes } from './configuration/changes.ts';
import { Workspace } from './configuration/workspace.ts';
import type { LabContext } from './context.ts';
import { undoDeploys } from './deploy/deploy.ts';
import { EventLog } from './events/event-log.ts';
import { ScoreStore } from './exercise/learn/score-store.ts';
import { systemClock } from './exercise/model/clock.ts';
import {
  isBroken,
  isUnderWay,
  keepsItsFaults,
  type Progress,
  ProgressStore,
} from './exercise/model/progress.ts';
import { type ActSessionOptions, assertHealed } from './exercise/run/act-session.ts';
import { declaredPrimary, failback, standbyStates } from './failover/failover.ts';
import { maxTtlMs } from './faults/fault.ts';
import { type HealReport, heal } from './faults/heal.ts';
import { FaultJournal, type FaultOwner } from './faults/journal.ts';
import { isLeftover, ownedByThisProcess } from './faults/ownership.ts';
import { type Backends, connectBackends } from './observe/backends.ts';
import { type BrokenConnection, brokenConnections, labConnections } from './observe/connections.ts';
import type { RunningLab } from './runtime/runtime.ts';
import { readCredentials } from './state/credentials.ts';
import { Traffic } from './traffic/traffic.ts';

/** How long a learner's fault and traffic live without any command. */
export const learnerMinutes = 30;

/** Everything that the commands of exercises, faults and traffic work with, on one running lab. */
export class Workshop {
  readonly lab: RunningLab;
  readonly backends: Backends;
  readonly journal: FaultJournal;
  readonly traffic: Traffic;
  readonly progress: ProgressStore;
  readonly scores: ScoreStore;
  readonly events: EventLog;
  readonly changes: Changes;
  readonly workspace: Workspace;
  readonly #context: LabContext;

  constructor(context: LabContext, lab: RunningLab) {
    const { paths } = context;
    const grafanaPassword = readCredentials(paths.credentialsFile)?.grafanaPassword;
    this.#context = context;
    // A dozen checks wait side by side, each with a request and a pause that Ctrl-C ends.
    setMaxListeners(100, context.signal);
    this.lab = lab;
    this.backends = connectBackends(lab, { grafanaPassword });
    this.journal = new FaultJournal(paths.faultsFile);
    this.traffic = new Traffic(lab);
    this.progress = new ProgressStore(paths.exercises);
    this.scores = new ScoreStore(paths.scores);
    this.events = new EventLog(paths.eventsFile);
    this.changes = new Changes(paths.changesFile, lab, this.events);
    this.workspace = new Workspace(paths.workspace);
  }

  /** A learner's faults and traffic outlive the command, and end by themselves. */
  learnerOptions(): ActSessionOptions {
    return this.#sessionOptions({
      owner: ownedByThisProcess(),
      actor: 'learner',
      faultTtlMs: maxTtlMs,
      trafficOptions: { durationSeconds: learnerMinutes * 60, tied: false },
    });
  }

  /** An unattended run: its faults and its traffic end with it, within the budget at the latest. */
  unattendedOptions(budgetSeconds: number): ActSessionOptions {
    return this.#sessionOptions({
      owner: ownedByThisProcess(),
      actor: 'ci',
      faultTtlMs: Math.min(maxTtlMs, budgetSeconds * 1000),
      trafficOptions: { durationSeconds: budgetSeconds, tied: true },
    });
  }

  #sessionOptions(
    differing: Pick<ActSessionOptions, 'owner' | 'actor' | 'faultTtlMs' | 'trafficOptions'>,
  ): ActSessionOptions {
    return {
      lab: this.lab,
      observe: this.backends,
      journal: this.journal,
      traffic: this.traffic,
      events: this.events,
      changes: this.changes,
      clock: systemClock,
      signal: this.#context.signal,
      faultsDisabled: this.#context.environment.LAB_TEST_DISABLE_FAULT === '1',
      note: (text) => this.#context.ui.note(text),
      ...differing,
    };
  }

  /** The exercises whose break is still to be found and repaired. */
  brokenExercises(): string[] {
    return this.#exercisesThat(isBroken);
  }

  /** The exercises that are broken, or repaired and not yet recovered. */
  exercisesUnderWay(): string[] {
    return this.#exercisesThat(isUnderWay);
  }

  #exercisesThat(are: (progress: Progress) => boolean): string[] {
    return this.progress.open().filter((id) => {
      try {
        const progress = this.progress.read(id);
        return progress !== undefined && are(progress);
      } catch {
        return false;
      }
    });
  }

  /** Gives this process's faults to an owner that outlives it. */
  handOver(owner: FaultOwner): void {
    for (const entry of this.journal.read().faults) {
      if (entry.owner.kind === 'process' && entry.owner.pid === process.pid)
        this.journal.put({ ...entry, owner });
    }
  }

  /**
   * Reverts what nobody wants any more, and says so. Every command that starts work begins with this. Faults of open
   * exercises and those made by hand stay.
   */
  async healLeftovers(): Promise<HealReport> {
    const wanted = new Set(this.#exercisesThat(keepsItsFaults));
    const report = await heal(this.lab, this.journal, { which: (entry) => isLeftover(entry, wanted) });
    this.#tell(report);
    for (const { path } of await this.changes.undoUnfinished())
      this.#context.ui.note(`Undone: ${path}, which a command that was ended had not finished installing`);
    return report;
  }

  /**
   * What does not work between the components, although each is ready: replication, scraping, alerts, logs, spans.
   * Asked until it holds, for as long as a few scrapes and a trace's way to Jaeger take on a busy machine.
   */
  brokenConnections(): Promise<BrokenConnection[]> {
    return brokenConnections(
      labConnections(this.lab, this.backends, () => standbyStates(this.lab)),
      { withinMs: 30_000 + 4_000 * this.lab.pace.scrapeIntervalSeconds, signal: this.#context.signal },
    );
  }

  /** Whether something is broken or changed on purpose now, so that a connection may be missing for that reason. */
  brokenOnPurpose(): boolean {
    return this.journal.read().faults.length > 0 || this.changes.list().length > 0;
  }

  /** Gives every component its own files back, and says so. */
  async undoChanges(): Promise<void> {
    for (const { component, path } of await this.changes.undo())
      this.#context.ui.note(`Undone: ${component} reads its own ${path} again`);
    if ((await this.lab.primary()) !== declaredPrimary && (await failback(this.lab)))
      this.#context.ui.note(`Undone: ${declaredPrimary} is the primary again`);
    for (const { replica, from } of await undoDeploys(this.lab))
      this.#context.ui.note(`Undone: ${replica} runs version ${defaultVersion} again, not ${from}`);
  }

  /** Reverts everything, also what is wanted, and stops the traffic. */
  async healEverything(): Promise<HealReport> {
    await this.traffic.stop();
    const report = await heal(this.lab, this.journal);
    this.#tell(report);
    await this.changes.undoUnfinished();
    return report;
  }

  #tell(report: HealReport): void {
    for (const fault of report.reverted) this.#context.ui.note(`Healed: ${fault.description}`);
    assertHealed(report);
  }
}

/** The workshop of a lab that runs; `LAB_NOT_RUNNING` otherwise. */
export async function openWorkshop(context: LabContext): Promise<Workshop> {
  return new Workshop(context, await context.running());
}

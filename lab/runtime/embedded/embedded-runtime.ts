import { existsSync, rmSync } from 'node:fs';
import { type Component, topology } from '../../../stack/topology.ts';
import { RuntimeMismatch, RuntimeUnavailable, StateCorrupt } from '../../errors.ts';
import { acquireLock } from '../../state/lock.ts';
import { rotateOutputs } from '../../state/output-files.ts';
import { leavingNoEmptyFolders, removeEmptyFolders, removeLabFolder } from '../lab-record.ts';
import { pinnedOffset, wantedPorts } from '../ports.ts';
import type {
  ComponentStatus,
  DownOptions,
  ProgressEvent,
  RunningLab,
  Runtime,
  RuntimeOptions,
  UpOptions,
} from '../runtime.ts';
import { inDependencyOrder, stopOrder } from '../schedule.ts';
import { startComponent, stopComponent } from './component-control.ts';
import { ComponentProcess } from './component-process.ts';
import { componentStatus } from './component-status.ts';
import { EmbeddedLab, embeddedCapabilities } from './embedded-lab.ts';
import { createSession, type EmbeddedSession, openSession } from './embedded-session.ts';
import { removeSharedMemory, strayExecutables } from './strays.ts';

/** Components as detached processes: they outlive the command that started them. */
export function createEmbeddedRuntime(
  options: RuntimeOptions,
  components: readonly Component[] = topology,
): Runtime {
  return new EmbeddedRuntime(options, components);
}

class EmbeddedRuntime implements Runtime {
  readonly kind = 'embedded';
  readonly capabilities = embeddedCapabilities;
  readonly #options: RuntimeOptions;
  readonly #components: readonly Component[];

  constructor(options: RuntimeOptions, components: readonly Component[]) {
    if (process.platform === 'win32') {
      throw new RuntimeUnavailable('embedded', 'it needs Linux or macOS', 'Run the lab inside WSL.');
    }
    this.#options = options;
    this.#components = components;
  }

  up(options: UpOptions = {}): Promise<RunningLab> {
    return leavingNoEmptyFolders(this.#options.paths, () => this.#up(options));
  }

  async #up(options: UpOptions): Promise<RunningLab> {
    rotateOutputs(this.#options.paths);
    return this.#locked('up', async () => {
      const known = openSession(this.#options, this.#components);
      const runs = known !== undefined && this.#anyAlive();
      if (runs) this.#assertSame(known);
      const session = runs ? known : await createSession(this.#options, this.#components, known);
      session.renderConfig();
      const started: Component[] = [];
      try {
        await this.#startAll(session, options, started, !runs);
      } catch (error) {
        // Whatever this command started goes again. A lab that ran before keeps what it had.
        await this.#stopAll(session, started);
        // After a failure its logs are what a person needs; after Ctrl-C nothing is.
        if (!runs && known === undefined)
          removeLabFolder(this.#options.paths, { keepLogs: options.signal?.aborted !== true });
        throw error;
      }
      return new EmbeddedLab(session);
    });
  }

  async attach(): Promise<RunningLab | undefined> {
    rotateOutputs(this.#options.paths);
    const session = openSession(this.#options, this.#components);
    return session !== undefined && this.#anyAlive() ? new EmbeddedLab(session) : undefined;
  }

  async status(): Promise<ComponentStatus[]> {
    const session = openSession(this.#options, this.#components);
    if (session === undefined) {
      return this.#components.map(({ id }) => ({ id, state: 'missing', ready: false }));
    }
    return Promise.all(this.#components.map((component) => componentStatus(session, component)));
  }

  async down(options: DownOptions = {}): Promise<void> {
    if (!existsSync(this.#options.paths.directory)) return;
    await this.#locked('down', async () => {
      const started = Date.now();
      for (const level of stopOrder(this.#components)) {
        await Promise.all(
          level.map(async (component) => {
            const report = reporter(component, options.onProgress, started);
            const process = this.#process(component);
            if (process.find() !== undefined) {
              report('stopping');
              await stopComponent(process, component);
              report('stopped');
            }
            await process.removeOrphans(strayExecutables(this.#options.root, component));
            if (component.program.kind === 'postgres') await removeSharedMemory(process.directory);
          }),
        );
      }
      if (options.keepData !== true) removeLabFolder(this.#options.paths, { keepLogs: false });
      else this.#forgetComponents();
    });
    if (options.keepData !== true) removeEmptyFolders(this.#options.paths);
  }

  async #startAll(
    session: EmbeddedSession,
    options: UpOptions,
    started: Component[],
    portsAreFree: boolean,
  ): Promise<void> {
    const began = Date.now();
    for (const component of this.#components) reporter(component, options.onProgress, began)('waiting');
    session.wantAll();
    await inDependencyOrder(
      this.#components,
      async (component, signal, awaited) => {
        const report = reporter(component, options.onProgress);
        try {
          if (session.process(component.id).find() === undefined) started.push(component);
          await startComponent(session, component, {
            signal,
            awaited,
            onPhase: report,
            isBoot: true,
            portsAreFree,
          });
          report('ready');
        } catch (error) {
          if (!signal.aborted) report('failed', error instanceof Error ? error.message : String(error));
          throw error;
        }
      },
      options.signal,
    );
  }

  async #stopAll(session: EmbeddedSession, components: readonly Component[]): Promise<void> {
    for (const level of stopOrder(components)) {
      await Promise.allSettled(
        level.map((component) => stopComponent(session.process(component.id), component, 2000)),
      );
    }
  }

  #process(component: Component): ComponentProcess {
    return new ComponentProcess(component.id, this.#options.paths);
  }

  #anyAlive(): boolean {
    return this.#components.some((component) => this.#process(component).find() !== undefined);
  }

  /** A running lab keeps its pace, its ports and its binaries; another wish is an error, not a surprise. */
  #assertSame(session: EmbeddedSession): void {
    const { pace, environment, native } = this.#options;
    if (pace !== undefined && pace !== session.state.pace)
      throw new RuntimeMismatch('pace', session.state.pace, pace);
    const pinned = pinnedOffset(environment, wantedPorts(this.#components));
    if (pinned !== undefined && pinned !== session.state.portOffset) {
      throw new RuntimeMismatch('port offset', String(session.state.portOffset), String(pinned));
    }
    if (native && !session.state.native) throw new RuntimeMismatch('binaries', 'embedded', 'native');
  }

  #forgetComponents(): void {
    rmSync(this.#options.paths.run, { recursive: true, force: true });
    try {
      const session = openSession(this.#options, this.#components);
      session?.update((state) => ({ ...state, components: {} }));
    } catch (error) {
      // Data that was to be kept stays; only what cannot be read goes, or the next `up` would fail on it again.
      if (!(error instanceof StateCorrupt)) throw error;
      rmSync(this.#options.paths.stateFile, { force: true });
    }
  }

  async #locked<Result>(command: string, work: () => Promise<Result>): Promise<Result> {
    const lock = await acquireLock(this.#options.paths.lockFile, { labName: this.#options.name, command });
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
}

function reporter(
  component: Component,
  onProgress: ((event: ProgressEvent) => void) | undefined,
  since = Date.now(),
): (phase: ProgressEvent['phase'], message?: string) => void {
  return (phase, message) =>
    onProgress?.({ component: component.id, phase, elapsedMs: Date.now() - since, message });
}

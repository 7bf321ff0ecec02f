import { writeFileSync } from 'node:fs';
import { type Component, topology } from '../../../stack/topology.ts';
import { RuntimeMismatch } from '../../errors.ts';
import { acquireLock } from '../../state/lock.ts';
import { logFileOf } from '../../state/paths.ts';
import {
  type LabRecord,
  leavingNoEmptyFolders,
  recordNewLab,
  removeEmptyFolders,
  removeLabFolder,
} from '../lab-record.ts';
import { readLabRecord } from '../lab-session.ts';
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
import { inDependencyOrder } from '../schedule.ts';
import { ensureNetwork, inspect, startComponent } from './container-control.ts';
import { lastLines } from './container-logs.ts';
import { componentStatuses } from './container-status.ts';
import { DockerLab, dockerCapabilities } from './docker-lab.ts';
import { DockerSession } from './docker-session.ts';
import type { Engine } from './engine.ts';
import { ensureImage } from './images.ts';
import { isLabService } from './plan.ts';
import { removeLab, removeUnusedImages } from './removal.ts';
import { ensureServiceImage } from './service-image.ts';

/** Of a component that did not start; more than a page, less than a flood. */
const keptLines = 1_000;

/** Components as containers of the engine: one network, one volume for each that keeps something. */
export function createDockerRuntime(
  engine: Engine,
  options: RuntimeOptions,
  components: readonly Component[] = topology,
): Runtime {
  return new DockerRuntime(engine, options, components);
}

class DockerRuntime implements Runtime {
  readonly kind = 'docker';
  readonly capabilities = dockerCapabilities;
  readonly #engine: Engine;
  readonly #options: RuntimeOptions;
  readonly #components: readonly Component[];

  constructor(engine: Engine, options: RuntimeOptions, components: readonly Component[]) {
    this.#engine = engine;
    this.#options = options;
    this.#components = components;
  }

  up(options: UpOptions = {}): Promise<RunningLab> {
    return leavingNoEmptyFolders(this.#options.paths, () => this.#up(options));
  }

  async #up(options: UpOptions): Promise<RunningLab> {
    return this.#locked('up', async () => {
      const known = this.#open();
      const runs = known !== undefined && (await this.#anyRuns(known));
      if (runs) this.#assertSame(known);
      const session = runs ? known : await this.#create(known);
      session.renderConfig();
      try {
        await this.#prepareImages(session, options);
        await ensureNetwork(session);
        await this.#startAll(session, options);
      } catch (error) {
        // A lab that did not run before goes again; one that ran keeps what it had. Volumes of an old lab stay.
        if (!runs) {
          const nothingToKeep = known === undefined;
          const keepLogs = options.signal?.aborted !== true;
          if (nothingToKeep && keepLogs) await saveOutputs(session);
          await removeLab(this.#engine.docker, session.name, { keepData: !nothingToKeep });
          if (nothingToKeep) removeLabFolder(this.#options.paths, { keepLogs });
        }
        throw error;
      }
      return new DockerLab(session);
    });
  }

  async attach(): Promise<RunningLab | undefined> {
    const session = this.#open();
    return session !== undefined && (await this.#anyRuns(session)) ? new DockerLab(session) : undefined;
  }

  async status(): Promise<ComponentStatus[]> {
    const session = this.#open();
    if (session === undefined) {
      return this.#components.map(({ id }) => ({ id, state: 'missing', ready: false }));
    }
    return componentStatuses(session);
  }

  /** Removes by label, so also what a crashed command or a lost `.lab` folder left behind. */
  async down(options: DownOptions = {}): Promise<void> {
    await this.#locked('down', async () => {
      const report = reporter(this.#components, options.onProgress);
      await removeLab(this.#engine.docker, this.#options.name, {
        keepData: options.keepData === true,
        report,
      });
      if (options.keepData === true) return;
      await removeUnusedImages(this.#engine.docker);
      removeLabFolder(this.#options.paths, { keepLogs: false });
    });
    if (options.keepData !== true) removeEmptyFolders(this.#options.paths);
  }

  /** Every image that the components need, each pulled or built once, all at the same time. */
  async #prepareImages(session: DockerSession, options: UpOptions): Promise<void> {
    const { docker } = this.#engine;
    const service = session.chooseImages();
    const byImage = new Map<string, { variable: string; components: string[] }>();
    for (const component of this.#components) {
      const image = isLabService(component) ? service.nodeImage : session.imageFor(component);
      const entry = byImage.get(image) ?? { variable: `LAB_IMAGE_${component.imageName}`, components: [] };
      entry.components.push(component.id);
      byImage.set(image, entry);
    }
    const tell = (components: readonly string[], phase: ProgressEvent['phase'], message: string): void => {
      for (const component of components) options.onProgress?.({ component, phase, elapsedMs: 0, message });
    };
    await Promise.all(
      [...byImage].map(async ([image, { variable, components }]) => {
        await ensureImage(
          docker,
          image,
          variable,
          (message) => tell(components, 'pulling', message),
          options.signal,
        );
        if (image !== service.nodeImage) return;
        const report = (message: string): void => tell(components, 'creating', message);
        await ensureServiceImage(docker, service, report, options.signal);
      }),
    );
  }

  async #startAll(session: DockerSession, options: UpOptions): Promise<void> {
    session.wantAll();
    await inDependencyOrder(
      this.#components,
      async (component, signal, awaited) => {
        const report = reporter([component], options.onProgress)(component.id);
        try {
          await startComponent(session, component, { signal, awaited, onPhase: report, isBoot: true });
          report('ready');
        } catch (error) {
          if (!signal.aborted) report('failed', error instanceof Error ? error.message : String(error));
          throw error;
        }
      },
      options.signal,
    );
  }

  #open(): DockerSession | undefined {
    const record = readLabRecord(this.#options.paths);
    return record === undefined ? undefined : this.#session(record);
  }

  #session(record: LabRecord): DockerSession {
    return new DockerSession(this.#engine, this.#options, this.#components, record);
  }

  async #create(previous: DockerSession | undefined): Promise<DockerSession> {
    // Stopped containers of this lab hold no port, and are created again when the ports move.
    return this.#session(await recordNewLab(this.#options, this.#components, 'docker', previous));
  }

  async #anyRuns(session: DockerSession): Promise<boolean> {
    const infos = await Promise.all(this.#components.map(({ id }) => inspect(session, id)));
    return infos.some((info) => info?.State.Running === true);
  }

  /** A running lab keeps its pace and its ports; another wish is an error, not a surprise. */
  #assertSame(session: DockerSession): void {
    const { pace, environment } = this.#options;
    if (pace !== undefined && pace !== session.state.pace) {
      throw new RuntimeMismatch('pace', session.state.pace, pace);
    }
    const pinned = pinnedOffset(environment, wantedPorts(this.#components));
    if (pinned !== undefined && pinned !== session.state.portOffset) {
      throw new RuntimeMismatch('port offset', String(session.state.portOffset), String(pinned));
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

/** Writes what the containers have said to where `logs` looks for it: they are about to be removed. */
async function saveOutputs(session: DockerSession): Promise<void> {
  await Promise.all(
    session.components.map(async ({ id }) => {
      const lines = await lastLines(session.container(id), keptLines).catch(() => []);
      if (lines.length > 0) writeFileSync(logFileOf(session.options.paths, id), `${lines.join('\n')}\n`);
    }),
  );
}

type Report = (phase: ProgressEvent['phase'], message?: string) => void;

/** For each component a function that tells its progress with the time since now. */
function reporter(
  components: readonly Component[],
  onProgress: ((event: ProgressEvent) => void) | undefined,
): (component: string) => Report {
  const began = Date.now();
  const known = new Set(components.map(({ id }) => id));
  return (component) => (phase, message) => {
    if (!known.has(component)) return;
    onProgress?.({ component, phase, elapsedMs: Date.now() - began, message });
  };
}

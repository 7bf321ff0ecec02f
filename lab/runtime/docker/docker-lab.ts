import { type Pace, paces } from '../../../stack/pace.ts';
import type { PortName } from '../../../stack/topology.ts';
import { CapabilityMissing, UsageError } from '../../errors.ts';
import { type Exclusively, exclusiveAccess } from '../exclusive.ts';
import type { Address, Capability, ComponentId, ComponentStatus, RunningLab, Vantage } from '../runtime.ts';
import { inspect, removeContainer, startComponent, stopComponent } from './container-control.ts';
import { demultiplex, followLogs } from './container-logs.ts';
import { componentStatuses } from './container-status.ts';
import type { DockerSession } from './docker-session.ts';
import { tolerating } from './engine.ts';
import { networkName } from './labels.ts';
import { portOf } from './placement.ts';
import { runInContainer } from './run-in-container.ts';

/** What this runtime can do to a component. */
export const dockerCapabilities: ReadonlySet<Capability> = new Set([
  'stop',
  'kill',
  'pause',
  'restart-with-env',
  'promote',
  'partition',
]);

/** How long an operation on one component waits for another command that changes the lab. */
const lockWaitMs = 30_000;

/** A lab of containers that runs now. Every change takes the lab's lock. */
export class DockerLab implements RunningLab {
  readonly kind = 'docker';
  readonly capabilities = dockerCapabilities;
  readonly #session: DockerSession;
  readonly #exclusively: Exclusively;

  constructor(session: DockerSession) {
    this.#session = session;
    this.#exclusively = exclusiveAccess(session, lockWaitMs);
  }

  get name(): string {
    return this.#session.name;
  }

  get pace(): Pace {
    return paces[this.#session.state.pace];
  }

  get directory(): string {
    return this.#session.options.paths.directory;
  }

  get token(): string {
    return this.#session.credentials.token;
  }

  status(): Promise<ComponentStatus[]> {
    return componentStatuses(this.#session);
  }

  async start(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, { desired: 'running' });
      await startComponent(this.#session, component);
    });
  }

  async stop(id: ComponentId, options: { graceMs?: number } = {}): Promise<void> {
    this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, { desired: 'stopped' });
      await stopComponent(this.#session, id, options.graceMs);
    });
  }

  async kill(id: ComponentId): Promise<void> {
    await this.#exclusively(async () => {
      // 409: it does not run.
      await tolerating([404, 409], () => this.#session.container(id).kill({ signal: 'SIGKILL' }));
      // Gone is gone only when the engine has noticed.
      await tolerating([404], () => this.#session.container(id).wait({ condition: 'not-running' }));
    });
  }

  async pause(id: ComponentId): Promise<void> {
    await this.#exclusively(async () => {
      if ((await inspect(this.#session, id))?.State.Paused === true) return;
      await this.#session.container(id).pause();
    });
  }

  async unpause(id: ComponentId): Promise<void> {
    await this.#exclusively(async () => {
      if ((await inspect(this.#session, id))?.State.Paused !== true) return;
      await this.#session.container(id).unpause();
    });
  }

  async restart(id: ComponentId, environment?: Readonly<Record<string, string>>): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, {
        desired: 'running',
        ...(environment === undefined ? {} : { environment: { ...environment } }),
      });
      await stopComponent(this.#session, id);
      // A container's variables are fixed when it is created; its volume stays.
      await startComponent(this.#session, component);
    });
  }

  async overrides(id: ComponentId): Promise<Readonly<Record<string, string>>> {
    this.#session.component(id);
    this.#session.reload();
    return this.#session.state.components[id]?.environment ?? {};
  }

  async promote(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    if (component.program.kind !== 'postgres') {
      throw new CapabilityMissing('promote', `docker (${id} is no database)`, 'Promote postgres-replica.');
    }
    await this.#exclusively(async () => {
      if (this.#session.state.postgresPrimary === id) return;
      if ((await inspect(this.#session, id))?.State.Running !== true) {
        throw new UsageError(
          `${id} does not run, so it cannot be promoted.`,
          'Start it first: npm run lab -- up',
        );
      }
      await runInContainer(this.#session.container(id), [
        'psql',
        '--no-psqlrc',
        `--port=${portOf(id, 'postgres')}`,
        '--username=notes',
        '--dbname=notes',
        '--tuples-only',
        '--command=SELECT pg_promote(true, 30)',
      ]);
      this.#session.update((state) => ({ ...state, postgresPrimary: id }));
      // The old primary, where it still runs, is no longer one anybody should write to: it rejoins behind the new one.
      for (const other of this.#session.components) {
        if (other.program.kind !== 'postgres' || other.id === id) continue;
        if ((await inspect(this.#session, other.id))?.State.Running !== true) continue;
        await removeContainer(this.#session, other.id);
        await startComponent(this.#session, other);
      }
    });
  }

  async disconnect(id: ComponentId): Promise<void> {
    this.#session.component(id);
    await this.#exclusively(async () => {
      const info = await inspect(this.#session, id);
      const network = networkName(this.name);
      if (info === undefined || info.NetworkSettings.Networks[network] === undefined) return;
      await this.#session.docker.getNetwork(network).disconnect({ Container: info.Id, Force: true });
    });
  }

  async connect(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      const info = await inspect(this.#session, id);
      const network = networkName(this.name);
      if (info === undefined || info.NetworkSettings.Networks[network] !== undefined) return;
      await this.#session.docker.getNetwork(network).connect({
        Container: info.Id,
        EndpointConfig: { Aliases: [id] },
      });
      if (info.State.Running) await startComponent(this.#session, component);
    });
  }

  async isConnected(id: ComponentId): Promise<boolean> {
    const info = await inspect(this.#session, this.#session.component(id).id);
    return info?.NetworkSettings.Networks[networkName(this.name)] !== undefined;
  }

  async *logs(
    id: ComponentId,
    options: { follow?: boolean; tailLines?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    const container = this.#session.container(id);
    if (options.follow === true) {
      yield* followLogs(this.#session.docker, container, {
        tailLines: options.tailLines ?? 100,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      return;
    }
    const buffer = await tolerating([404], () =>
      container.logs({
        stdout: true,
        stderr: true,
        follow: false,
        ...(options.tailLines === undefined ? {} : { tail: options.tailLines }),
      }),
    );
    if (buffer === undefined) return;
    const text = demultiplex(Buffer.from(buffer as unknown as Uint8Array));
    yield* text.replace(/\n$/, '').split('\n');
  }

  address(id: ComponentId, port = 'http', from: Vantage = 'host'): Address {
    return from === 'host'
      ? this.#session.hostAddress(id, port as PortName)
      : this.#session.networkAddress(id, port as PortName);
  }
}

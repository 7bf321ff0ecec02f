import { join } from 'node:path';
import type { Pace } from '../../../stack/pace.ts';
import { paces } from '../../../stack/pace.ts';
import type { PortName } from '../../../stack/topology.ts';
import { splitAddress } from '../../../stack/topology.ts';
import { CapabilityMissing, UsageError } from '../../errors.ts';
import { type Exclusively, exclusiveAccess } from '../exclusive.ts';
import type { Address, Capability, ComponentId, ComponentStatus, RunningLab } from '../runtime.ts';
import { probe, startComponent, stopComponent } from './component-control.ts';
import { componentStatus } from './component-status.ts';
import { promoteCluster } from './postgres-data.ts';
import { readLog } from './read-log.ts';
import type { LabSession } from './session.ts';

/** What this runtime can do to a component. */
export const embeddedCapabilities: ReadonlySet<Capability> = new Set([
  'stop',
  'kill',
  'pause',
  'restart-with-env',
  'promote',
]);

/** How long an operation on one component waits for another command that changes the lab. */
const lockWaitMs = 15_000;

/** A lab of child processes that runs now. Every change takes the lab's lock. */
export class EmbeddedLab implements RunningLab {
  readonly kind = 'embedded';
  readonly capabilities = embeddedCapabilities;
  readonly #session: LabSession;
  readonly #exclusively: Exclusively;

  constructor(session: LabSession) {
    this.#session = session;
    this.#exclusively = exclusiveAccess(session, lockWaitMs);
  }

  get name(): string {
    return this.#session.state.name;
  }

  get pace(): Pace {
    return paces[this.#session.state.pace];
  }

  get directory(): string {
    return this.#session.paths.directory;
  }

  get token(): string {
    return this.#session.credentials.token;
  }

  status(): Promise<ComponentStatus[]> {
    return Promise.all(this.#session.components.map((one) => componentStatus(this.#session, one)));
  }

  async start(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, { desired: 'running' });
      await startComponent(this.#session, component);
    });
  }

  async stop(id: ComponentId, options: { graceMs?: number } = {}): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, { desired: 'stopped' });
      await stopComponent(this.#session.process(id), component, options.graceMs);
    });
  }

  async kill(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(() => this.#session.process(component.id).kill());
  }

  async pause(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => this.#session.process(component.id).pause());
  }

  async unpause(id: ComponentId): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => this.#session.process(component.id).unpause());
  }

  async restart(id: ComponentId, environment?: Readonly<Record<string, string>>): Promise<void> {
    const component = this.#session.component(id);
    await this.#exclusively(async () => {
      this.#session.setComponent(id, {
        desired: 'running',
        ...(environment === undefined ? {} : { environment: { ...environment } }),
      });
      await stopComponent(this.#session.process(id), component);
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
      throw new CapabilityMissing('promote', `embedded (${id} is no database)`, 'Promote postgres-replica.');
    }
    await this.#exclusively(async () => {
      if (this.#session.state.postgresPrimary === id) return;
      if (this.#session.process(id).find() === undefined) {
        throw new UsageError(
          `${id} does not run, so it cannot be promoted.`,
          'Start it first: npm run lab -- up',
        );
      }
      await promoteCluster({ ...this.#session.postgres, directory: join(this.#session.paths.data, id) });
      this.#session.update((state) => ({ ...state, postgresPrimary: id }));
      // It takes writes now; the old primary, where it still runs, is no longer one anybody should write to. It comes
      // back as a standby with the next start.
      for (const other of this.#session.components) {
        if (other.program.kind !== 'postgres' || other.id === id) continue;
        if (this.#session.process(other.id).find() === undefined) continue;
        await stopComponent(this.#session.process(other.id), other);
        await startComponent(this.#session, other);
      }
      await probe(this.#session, component);
    });
  }

  async *logs(
    id: ComponentId,
    options: { follow?: boolean; tailLines?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    this.#session.component(id);
    yield* readLog(this.#session.process(id).logFile, options);
  }

  address(id: ComponentId, port = 'http'): Address {
    this.#session.component(id);
    const [host, number] = splitAddress(this.#session.placement.address(id, port as PortName));
    return { host, port: Number(number), url: `http://${host}:${number}` };
  }
}

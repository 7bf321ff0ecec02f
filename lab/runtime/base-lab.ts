import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type Pace, paces } from '../../stack/pace.ts';
import type { Component } from '../../stack/topology.ts';
import { CapabilityMissing, UsageError } from '../errors.ts';
import { writeFileAtomically } from '../state/atomic-write.ts';
import { type Exclusively, exclusiveAccess } from './exclusive.ts';
import type { LabSession } from './lab-session.ts';
import type {
  Address,
  Capability,
  ComponentId,
  ComponentStatus,
  RunningLab,
  RuntimeKind,
  Vantage,
} from './runtime.ts';

/**
 * A running lab by its session: what both runtimes do alike, in the same order. Every change takes the lab's lock and
 * is noted on disk before it is made. How a component is started, stopped or turned into a primary, the runtime says.
 */
export abstract class BaseLab<Session extends LabSession> implements RunningLab {
  abstract readonly kind: RuntimeKind;
  abstract readonly capabilities: ReadonlySet<Capability>;
  protected readonly session: Session;
  protected readonly exclusively: Exclusively;

  /** `lockWaitMs`: how long an operation on one component waits for another command that changes the lab. */
  constructor(session: Session, lockWaitMs: number) {
    this.session = session;
    this.exclusively = exclusiveAccess(session, lockWaitMs);
  }

  get name(): string {
    return this.session.state.name;
  }

  get pace(): Pace {
    return paces[this.session.state.pace];
  }

  get directory(): string {
    return this.session.paths.directory;
  }

  get token(): string {
    return this.session.credentials.token;
  }

  async start(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => {
      this.session.setComponent(id, { desired: 'running' });
      await this.startNow(component);
    });
  }

  async stop(id: ComponentId, options: { graceMs?: number } = {}): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => {
      this.session.setComponent(id, { desired: 'stopped' });
      await this.stopNow(component, options.graceMs);
    });
  }

  async restart(id: ComponentId, environment?: Readonly<Record<string, string>>): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => {
      this.session.setComponent(id, {
        desired: 'running',
        ...(environment === undefined ? {} : { environment: { ...environment } }),
      });
      await this.stopNow(component);
      await this.startNow(component);
    });
  }

  async overrides(id: ComponentId): Promise<Readonly<Record<string, string>>> {
    this.session.component(id);
    this.session.reload();
    return this.session.state.components[id]?.environment ?? {};
  }

  async primary(): Promise<ComponentId> {
    this.session.reload();
    return this.session.state.postgresPrimary;
  }

  async promote(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    if (component.program.kind !== 'postgres') {
      throw new CapabilityMissing(
        'promote',
        `${this.kind} (${id} is not a database)`,
        'Promote postgres-replica.',
      );
    }
    await this.exclusively(async () => {
      if (this.session.state.postgresPrimary === id) return;
      if (!(await this.runsNow(component))) {
        throw new UsageError(
          `${id} does not run, so it cannot be promoted.`,
          'Start it first: npm run lab -- up',
        );
      }
      // Fenced first: one that hangs would go on where it stopped, and commit what waits in its connections beside the
      // new primary. Ended, it hands over what it committed to a standby that streams.
      const fenced = await this.#fenceAllBut(id);
      try {
        await this.promoteNow(component);
      } catch (error) {
        for (const other of fenced) await this.startNow(other);
        throw error;
      }
      this.session.update((state) => ({ ...state, postgresPrimary: id }));
      // Where the old primary did not run, it comes back as a standby with the next start.
      for (const other of fenced) await this.rejoinNow(other);
    });
  }

  /** Stops the other databases that run; returns them. */
  async #fenceAllBut(id: ComponentId): Promise<Component[]> {
    const fenced: Component[] = [];
    for (const other of this.session.components) {
      if (other.program.kind !== 'postgres' || other.id === id || !(await this.runsNow(other))) continue;
      await this.stopNow(other);
      fenced.push(other);
    }
    return fenced;
  }

  readConfig(path: string): string | undefined {
    const target = this.session.configPath(path);
    return existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  }

  declaredConfig(path: string): string | undefined {
    return this.session.declaredConfig(path);
  }

  async writeConfig(id: ComponentId, path: string, content: string | undefined): Promise<void> {
    const component = this.session.component(id);
    const target = this.session.configPath(path);
    await this.exclusively(async () => {
      if (content === undefined) rmSync(target, { force: true });
      else writeFileAtomically(target, content);
      await this.copyConfigNow(component, path, content);
    });
  }

  // Called with the lock held.
  /** Brings a file that was written on this machine to where the component reads it. */
  protected abstract copyConfigNow(
    component: Component,
    path: string,
    content: string | undefined,
  ): void | Promise<void>;
  protected abstract runsNow(component: Component): boolean | Promise<boolean>;
  protected abstract startNow(component: Component): Promise<unknown>;
  protected abstract stopNow(component: Component, graceMs?: number): Promise<void>;
  /** Turns a standby that runs into a primary. */
  protected abstract promoteNow(component: Component): Promise<void>;
  /** Makes a database, which was stopped for it, follow the primary of the state. */
  protected abstract rejoinNow(component: Component): Promise<void>;

  abstract status(): Promise<ComponentStatus[]>;
  abstract kill(id: ComponentId): Promise<void>;
  abstract pause(id: ComponentId): Promise<void>;
  abstract unpause(id: ComponentId): Promise<void>;
  abstract logs(
    id: ComponentId,
    options?: { follow?: boolean; tailLines?: number; signal?: AbortSignal },
  ): AsyncIterable<string>;
  abstract address(id: ComponentId, port?: string, from?: Vantage): Address;
}

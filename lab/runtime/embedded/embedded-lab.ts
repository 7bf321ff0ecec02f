import { join } from 'node:path';
import { type Component, type PortName, splitAddress } from '../../../stack/topology.ts';
import { BaseLab } from '../base-lab.ts';
import type { Address, Capability, ComponentId, ComponentStatus } from '../runtime.ts';
import { startComponent, stopComponent } from './component-control.ts';
import { componentStatus } from './component-status.ts';
import type { EmbeddedSession } from './embedded-session.ts';
import { promoteCluster } from './postgres-data.ts';
import { readLog } from './read-log.ts';

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

/** A lab of child processes that runs now. */
export class EmbeddedLab extends BaseLab<EmbeddedSession> {
  readonly kind = 'embedded';
  readonly capabilities = embeddedCapabilities;

  constructor(session: EmbeddedSession) {
    super(session, lockWaitMs);
  }

  status(): Promise<ComponentStatus[]> {
    return Promise.all(this.session.components.map((one) => componentStatus(this.session, one)));
  }

  async kill(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(() => this.session.process(component.id).kill());
  }

  async pause(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => this.session.process(component.id).pause());
  }

  async unpause(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => this.session.process(component.id).unpause());
  }

  async *logs(
    id: ComponentId,
    options: { follow?: boolean; tailLines?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    this.session.component(id);
    yield* readLog(this.session.process(id).logFile, options);
  }

  address(id: ComponentId, port = 'http'): Address {
    this.session.component(id);
    const [host, number] = splitAddress(this.session.placement.address(id, port as PortName));
    return { host, port: Number(number), url: `http://${host}:${number}` };
  }

  /** Its processes read the files of this machine. */
  protected copyConfigNow(): void {}

  protected runsNow(component: Component): boolean {
    return this.session.process(component.id).find() !== undefined;
  }

  protected startNow(component: Component): Promise<boolean> {
    return startComponent(this.session, component);
  }

  protected stopNow(component: Component, graceMs?: number): Promise<void> {
    return stopComponent(this.session.process(component.id), component, graceMs);
  }

  protected promoteNow(component: Component): Promise<void> {
    return promoteCluster({
      ...this.session.postgres,
      directory: join(this.session.paths.data, component.id),
    });
  }

  protected async rejoinNow(component: Component): Promise<void> {
    await this.stopNow(component);
    await this.startNow(component);
  }
}

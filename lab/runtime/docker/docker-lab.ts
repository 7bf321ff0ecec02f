import type { Component, PortName } from '../../../stack/topology.ts';
import { BaseLab } from '../base-lab.ts';
import type { Address, Capability, ComponentId, ComponentStatus, Vantage } from '../runtime.ts';
import { archive } from './archive.ts';
import { inspect, removeContainer, startComponent, stopComponent } from './container-control.ts';
import { demultiplex, followLogs } from './container-logs.ts';
import { componentStatuses } from './container-status.ts';
import { configFolder, portOf } from './docker-placement.ts';
import type { DockerSession } from './docker-session.ts';
import { tolerating } from './engine.ts';
import { networkName } from './labels.ts';
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

/** A lab of containers that runs now. */
export class DockerLab extends BaseLab<DockerSession> {
  readonly kind = 'docker';
  readonly capabilities = dockerCapabilities;

  constructor(session: DockerSession) {
    super(session, lockWaitMs);
  }

  status(): Promise<ComponentStatus[]> {
    return componentStatuses(this.session);
  }

  async kill(id: ComponentId): Promise<void> {
    await this.exclusively(async () => {
      // 409: it does not run.
      await tolerating([404, 409], () => this.session.container(id).kill({ signal: 'SIGKILL' }));
      // For a moment the engine still calls it running: wait until it has noticed.
      await tolerating([404], () => this.session.container(id).wait({ condition: 'not-running' }));
    });
  }

  async pause(id: ComponentId): Promise<void> {
    await this.exclusively(async () => {
      if ((await inspect(this.session, id))?.State.Paused === true) return;
      await this.session.container(id).pause();
    });
  }

  async unpause(id: ComponentId): Promise<void> {
    await this.exclusively(async () => {
      if ((await inspect(this.session, id))?.State.Paused !== true) return;
      await this.session.container(id).unpause();
    });
  }

  async disconnect(id: ComponentId): Promise<void> {
    this.session.component(id);
    await this.exclusively(async () => {
      const info = await inspect(this.session, id);
      const network = networkName(this.name);
      if (info === undefined || info.NetworkSettings.Networks[network] === undefined) return;
      await this.session.docker.getNetwork(network).disconnect({ Container: info.Id, Force: true });
    });
  }

  async connect(id: ComponentId): Promise<void> {
    const component = this.session.component(id);
    await this.exclusively(async () => {
      const info = await inspect(this.session, id);
      const network = networkName(this.name);
      if (info === undefined || info.NetworkSettings.Networks[network] !== undefined) return;
      await this.session.docker.getNetwork(network).connect({
        Container: info.Id,
        EndpointConfig: { Aliases: [id] },
      });
      if (info.State.Running) await startComponent(this.session, component);
    });
  }

  async isConnected(id: ComponentId): Promise<boolean> {
    const info = await inspect(this.session, this.session.component(id).id);
    return info?.NetworkSettings.Networks[networkName(this.name)] !== undefined;
  }

  async *logs(
    id: ComponentId,
    options: { follow?: boolean; tailLines?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    const container = this.session.container(id);
    if (options.follow === true) {
      yield* followLogs(this.session.docker, container, {
        tailLines: options.tailLines ?? 100,
        signal: options.signal,
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
      ? this.session.hostAddress(id, port as PortName)
      : this.session.networkAddress(id, port as PortName);
  }

  /** A container has its own copy of the files. */
  protected async copyConfigNow(
    component: Component,
    path: string,
    content: string | undefined,
  ): Promise<void> {
    const info = await inspect(this.session, component.id);
    // One that is created later gets the files as they are then.
    if (info === undefined) return;
    const container = this.session.container(component.id);
    if (content !== undefined) {
      await container.putArchive(await archive([{ path: `${configFolder.slice(1)}/${path}`, content }]), {
        path: '/',
      });
    } else if (info.State.Running) {
      await runInContainer(container, ['rm', '-f', `${configFolder}/${path}`], { user: 'root' });
    } else {
      await removeContainer(this.session, component.id);
    }
  }

  protected async runsNow(component: Component): Promise<boolean> {
    return (await inspect(this.session, component.id))?.State.Running === true;
  }

  /** A container's variables are fixed when it is created: changed ones make a new one. Its volume stays. */
  protected startNow(component: Component): Promise<void> {
    return startComponent(this.session, component);
  }

  protected stopNow(component: Component, graceMs?: number): Promise<void> {
    return stopComponent(this.session, component.id, graceMs);
  }

  protected async promoteNow(component: Component): Promise<void> {
    await runInContainer(this.session.container(component.id), [
      'psql',
      '--no-psqlrc',
      `--port=${portOf(component.id, 'postgres')}`,
      '--username=notes',
      '--dbname=notes',
      '--tuples-only',
      '--command=SELECT pg_promote(true, 30)',
    ]);
  }

  protected async rejoinNow(component: Component): Promise<void> {
    await removeContainer(this.session, component.id);
    await this.startNow(component);
  }
}

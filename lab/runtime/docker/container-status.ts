import type Docker from 'dockerode';
import { joined, timed } from '../readiness.ts';
import type { ComponentState, ComponentStatus } from '../runtime.ts';
import { inspect, probe } from './container-control.ts';
import type { DockerSession } from './docker-session.ts';
import { tolerating } from './engine.ts';
import { networkName } from './labels.ts';

/** A container that has not answered for this long since its start is no longer starting: it runs, and is not ready. */
const startingForMs = 30_000;

/** What every component does now: asked of the engine and of its readiness probe, not of the state file. */
export function componentStatuses(session: DockerSession): Promise<ComponentStatus[]> {
  return Promise.all(
    session.components.map(async (component): Promise<ComponentStatus> => {
      const { id } = component;
      const info = await inspect(session, id);
      if (info === undefined) return { id, state: 'missing', ready: false };
      const { State: state } = info;
      const { ready, slow } =
        state.Running && !state.Paused ? await timed(() => probe(session, component)) : { ready: false };
      const residentBytes = state.Running ? await memoryBytes(session.container(id)) : undefined;
      return {
        id,
        state: stateOf(state, ready, session.state.components[id]?.desired === 'running'),
        ready,
        handle: info.Id.slice(0, 12),
        ...(state.Running ? { startedAt: state.StartedAt } : {}),
        residentBytes,
        detail: joined(describe(session, component.program.kind === 'postgres', id, info), slow),
      };
    }),
  );
}

type EngineState = Docker.ContainerInspectInfo['State'];

function stateOf(state: EngineState, ready: boolean, desiredRunning: boolean): ComponentState {
  if (state.Paused) return 'paused';
  if (!state.Running) return desiredRunning ? 'crashed' : 'stopped';
  return !ready && Date.now() - Date.parse(state.StartedAt) < startingForMs ? 'starting' : 'running';
}

function describe(
  session: DockerSession,
  database: boolean,
  id: string,
  { State: state, NetworkSettings: network }: Docker.ContainerInspectInfo,
): string | undefined {
  if (state.Running && network.Networks[networkName(session.name)] === undefined) {
    return 'cut off from the network';
  }
  if (state.OOMKilled) return 'killed: out of memory';
  if (!state.Running && state.ExitCode !== 0) return `exit code ${state.ExitCode}`;
  if (database) return session.state.postgresPrimary === id ? 'primary' : 'standby';
  return undefined;
}

/** Memory in use without the page cache, as `docker stats` counts it. */
async function memoryBytes(container: Docker.Container): Promise<number | undefined> {
  const stats = await tolerating([404, 409], () => container.stats({ stream: false, 'one-shot': true }));
  const usage = stats?.memory_stats?.usage;
  if (usage === undefined) return undefined;
  const { inactive_file: v2, total_inactive_file: v1 } = stats?.memory_stats.stats ?? {};
  return usage - (v2 ?? v1 ?? 0);
}

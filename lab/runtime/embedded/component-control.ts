import { setTimeout as sleep } from 'node:timers/promises';
import type { Component, PortName } from '../../../stack/topology.ts';
import { splitAddress } from '../../../stack/topology.ts';
import { ComponentFailed, type LabError, PortTaken } from '../../errors.ts';
import { isAlive, type ProcessIdentity } from '../../process/identity.ts';
import { isPortFree } from '../ports.ts';
import { probeHttp, probePostgres, probesWanted, untilReady } from '../readiness.ts';
import type { ProgressEvent } from '../runtime.ts';
import { StartDeadline } from '../start-deadline.ts';
import type { ComponentProcess } from './component-process.ts';
import type { EmbeddedSession } from './embedded-session.ts';
import { prepareLaunch } from './launch-spec.ts';
import { strayExecutables } from './strays.ts';

const pollMs = 25;
const readyWithinMs = 60_000;
const portFreeWithinMs = 1000;

export interface StartOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onPhase?: (phase: ProgressEvent['phase']) => void;
  /** Settles when that is there without which it cannot be ready. */
  readonly awaited?: Promise<unknown>;
  /** The lab comes up: what is launched now has not been disturbed, and its first good probe counts. */
  readonly isBoot?: boolean;
  /** Its ports were just found free together with all others. */
  readonly portsAreFree?: boolean;
}

/** Starts a component unless it runs, and waits until it is ready. Returns whether it had to be started. */
export async function startComponent(
  session: EmbeddedSession,
  component: Component,
  options: StartOptions = {},
): Promise<boolean> {
  const process = session.process(component.id);
  const running = process.find();
  if (running !== undefined) {
    if (process.paused()) {
      session.options.note(`${component.id} was paused; it goes on.`);
      process.unpause();
    }
    await waitUntilReady(session, component, running, { ...options, isBoot: false });
    return false;
  }
  options.onPhase?.('creating');
  // First: what an earlier command left may still be writing where this one prepares.
  await process.removeOrphans(strayExecutables(session.options.root, component));
  const spec = await prepareLaunch(session, component, options.signal);
  options.signal?.throwIfAborted();
  if (options.portsAreFree !== true) await assertPortsFree(session, component);
  options.onPhase?.('starting');
  const identity = await process.launch(spec);
  await waitUntilReady(session, component, identity, options);
  return true;
}

/** Stops it gracefully, by force when it has not ended within the grace period. */
export async function stopComponent(
  process: ComponentProcess,
  component: Component,
  graceMs = 5000,
): Promise<void> {
  // PostgreSQL's fast shutdown: clients are disconnected, what is committed is written. SIGTERM would wait for them all.
  await process.stop(component.program.kind === 'postgres' ? 'SIGINT' : 'SIGTERM', graceMs);
}

/** Asks a component's readiness probe once. */
export function probe(session: EmbeddedSession, component: Component): Promise<boolean> {
  const { readiness } = component;
  const address = session.placement.address(component.id, readiness.port);
  if (readiness.kind === 'http') return probeHttp(`http://${address}${readiness.path}`);
  const [host, port] = splitAddress(address);
  return probePostgres(host, Number(port));
}

async function waitUntilReady(
  session: EmbeddedSession,
  component: Component,
  identity: ProcessIdentity,
  options: StartOptions,
): Promise<void> {
  const { awaited } = options;
  const deadline = new StartDeadline(component.id, readyWithinMs, { awaited, note: session.options.note });
  const ready = await untilReady({
    probe: async () => {
      // Asked before and after: what answers may be a stranger on that port while our own process is already dead.
      const answers = isAlive(identity) && (await probe(session, component)) && isAlive(identity);
      if (!isAlive(identity)) throw failed(session, component, 'ended while it started');
      return answers;
    },
    goodProbes: probesWanted(options.isBoot),
    pollMs,
    deadline,
    signal: options.signal,
  });
  if (!ready) throw failed(session, component, `was not ready ${deadline.waited}`);
}

function failed(session: EmbeddedSession, component: Component, how: string): LabError {
  const lines = session.process(component.id).lastLines(3);
  return new ComponentFailed(component.id, how, lines.length > 0 ? lines.join(' | ') : '(it wrote nothing)');
}

async function assertPortsFree(session: EmbeddedSession, component: Component): Promise<void> {
  for (const name of Object.keys(component.ports) as PortName[]) {
    const port = Number(splitAddress(session.placement.listen(component.id, name))[1]);
    // A process that has just been ended may hold its socket for a moment longer than its name.
    const deadline = Date.now() + portFreeWithinMs;
    let free = await isPortFree(port);
    while (!free && Date.now() < deadline) {
      await sleep(pollMs);
      free = await isPortFree(port);
    }
    if (free) continue;
    throw new PortTaken(
      component.id,
      port,
      'The rest of the lab already runs on this set of ports. Free it, or move the lab: npm run lab -- down, then up.',
    );
  }
}

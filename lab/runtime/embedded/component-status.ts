import { readFileSync } from 'node:fs';
import type { Component } from '../../../stack/topology.ts';
import type { ProcessIdentity } from '../../process/identity.ts';
import { processTree } from '../../process/tree.ts';
import { joined, timed } from '../readiness.ts';
import type { ComponentStatus } from '../runtime.ts';
import { probe } from './component-control.ts';
import type { EmbeddedSession } from './embedded-session.ts';

/** A process that has not answered for this long since its start is no longer starting: it runs, and is not ready. */
const startingForMs = 30_000;

/** What a component does now: asked of the operating system and of its readiness probe, not of the state file. */
export async function componentStatus(
  session: EmbeddedSession,
  component: Component,
): Promise<ComponentStatus> {
  const { id } = component;
  const process = session.process(id);
  const entry = process.find();
  if (entry === undefined) {
    const told = session.state.components[id]?.desired;
    return {
      id,
      state: told === undefined ? 'missing' : told === 'stopped' ? 'stopped' : 'crashed',
      ready: false,
    };
  }
  const paused = process.paused();
  const { ready, slow } = paused ? { ready: false } : await timed(() => probe(session, component));
  const young = Date.now() - Date.parse(entry.startedAt) < startingForMs;
  const role =
    component.program.kind !== 'postgres'
      ? undefined
      : session.state.postgresPrimary === id
        ? 'primary'
        : 'standby';
  return {
    id,
    state: paused ? 'paused' : !ready && young ? 'starting' : 'running',
    ready,
    handle: String(entry.pid),
    startedAt: entry.startedAt,
    residentBytes: residentBytes(entry),
    detail: joined(role, slow),
  };
}

/** Memory of a process and its descendants; pages that several share count once in all (PSS), where Linux tells. */
export function residentBytes(root: ProcessIdentity): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let kibibytes = 0;
  for (const { pid } of processTree(root)) {
    try {
      kibibytes += Number(
        /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0,
      );
    } catch {
      // It ended in between, or belongs to a user whose memory may not be seen.
    }
  }
  return kibibytes === 0 ? undefined : kibibytes * 1024;
}

import { join } from 'node:path';
import { type Backends, connectBackends } from '../observe/backends.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import { readCredentials } from '../state/credentials.ts';
import type { DatabaseAddress } from './database-session.ts';

/**
 * Where a diagnosis reads: the lab's components as the runtime sees them, and the public APIs of the backends. No
 * journal of faults, no event log: what is broken has to be found from telemetry.
 */
export interface Sources {
  readonly lab: Pick<RunningLab, 'kind' | 'pace' | 'directory' | 'status' | 'primary' | 'address'>;
  readonly observe: Pick<Backends, 'prometheus' | 'loki' | 'alertmanager'>;
  readonly signal: AbortSignal;
}

/** The sources of a running lab. Nothing is asked yet. */
export function sourcesOf(lab: Sources['lab'], signal: AbortSignal): Sources {
  return { lab, observe: connectBackends(lab), signal };
}

/** How this machine reaches a database, as the user of the API. */
export function databaseAddress({ lab }: Sources, id: ComponentId): DatabaseAddress {
  const { host, port } = lab.address(id, 'postgres', 'host');
  const password = readCredentials(join(lab.directory, 'credentials.json'))?.databasePassword;
  return { host, port, user: 'notes', database: 'notes', password };
}

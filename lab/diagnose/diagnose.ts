import { findComponent, topology } from '../../stack/topology.ts';
import { ComponentUnknown } from '../errors.ts';
import { describeDatabase } from './database.ts';
import { withDatabase } from './database-session.ts';
import type { Diagnosis, Section } from './finding.ts';
import { describeNetwork } from './network.ts';
import { describeOverview } from './overview.ts';
import { readDatabase } from './read-database.ts';
import { readNetwork } from './read-network.ts';
import { readOverview } from './read-overview.ts';
import { readService } from './read-service.ts';
import { describeService } from './service.ts';
import { databaseAddress, type Sources } from './sources.ts';

/** `postgres` is whichever database takes writes now. */
const primaryName = 'postgres';
const networkName = 'network';

/** What can be diagnosed by name. */
export const diagnosable: readonly string[] = [...topology.map(({ id }) => id), primaryName, networkName];

/** @throws LAB_COMPONENT_UNKNOWN with the names that exist */
export function assertDiagnosable(name: string): void {
  if (!diagnosable.includes(name)) throw new ComponentUnknown(name, diagnosable.join(', '));
}

/** Looks at the whole lab, or at one component of it. Changes nothing. */
export async function diagnose(sources: Sources, name?: string): Promise<Diagnosis> {
  const at = new Date().toISOString();
  return { about: name ?? 'lab', at, sections: await look(sources, name) };
}

async function look(sources: Sources, name: string | undefined): Promise<Section[]> {
  if (name === undefined) return describeOverview(await readOverview(sources));
  if (name === networkName) return describeNetwork(await readNetwork(sources));
  const id = name === primaryName ? await sources.lab.primary() : name;
  if (findComponent(id)?.program.kind === 'postgres') {
    return describeDatabase(
      id,
      await withDatabase(databaseAddress(sources, id), sources.signal, readDatabase),
    );
  }
  return describeService(await readService(sources, id), sources.lab.pace.rateWindowSeconds);
}

import { mkdirSync } from 'node:fs';
import type { Component, Placement } from '../../../stack/topology.ts';
import { type RunAs, unprivilegedUser } from '../../process/run-as.ts';
import { recordNewLab } from '../lab-record.ts';
import { LabSession, readLabRecord } from '../lab-session.ts';
import type { RuntimeOptions } from '../runtime.ts';
import { ComponentProcess } from './component-process.ts';
import { embeddedPlacement } from './embedded-placement.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

/** A lab of processes on this machine, with everything that an operation needs of it. */
export class EmbeddedSession extends LabSession {
  #postgres: { binaries: PostgresBinaries; runAs: RunAs } | undefined;

  process(id: string): ComponentProcess {
    return new ComponentProcess(id, this.paths);
  }

  override get placement(): Placement {
    return embeddedPlacement({
      components: this.components,
      root: this.options.root,
      paths: this.paths,
      pace: this.state.pace,
      portOffset: this.state.portOffset,
      credentials: this.credentials,
      environment: this.options.environment,
    });
  }

  /** The PostgreSQL tools and the user they run as; looked up when first needed. */
  get postgres(): { readonly binaries: PostgresBinaries; readonly runAs: RunAs } {
    if (this.#postgres === undefined) {
      const binaries = findPostgresBinaries(this.options.root);
      mkdirSync(this.paths.data, { recursive: true });
      this.#postgres = { binaries, runAs: unprivilegedUser([binaries.home, this.paths.data]) };
    }
    return this.#postgres;
  }
}

/** The session of a lab that has state; undefined when it has none. */
export function openSession(
  options: RuntimeOptions,
  components: readonly Component[],
): EmbeddedSession | undefined {
  const record = readLabRecord(options.paths);
  return record === undefined ? undefined : new EmbeddedSession(options, components, record);
}

/** A new session: free ports, random credentials, both on disk before anything starts. */
export async function createSession(
  options: RuntimeOptions,
  components: readonly Component[],
  previous?: EmbeddedSession,
): Promise<EmbeddedSession> {
  return new EmbeddedSession(
    options,
    components,
    await recordNewLab(options, components, 'embedded', previous),
  );
}

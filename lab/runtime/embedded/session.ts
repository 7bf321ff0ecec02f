import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Component, Placement } from '../../../stack/topology.ts';
import { ComponentUnknown } from '../../errors.ts';
import { type RunAs, unprivilegedUser } from '../../process/run-as.ts';
import { type Credentials, readCredentials } from '../../state/credentials.ts';
import { type LabState, readLabState, writeLabState } from '../../state/lab-state.ts';
import type { LabPaths } from '../../state/paths.ts';
import { recordNewLab } from '../lab-record.ts';
import { renderConfig } from '../render-config.ts';
import type { RuntimeOptions } from '../select-runtime.ts';
import { ComponentProcess } from './component-process.ts';
import { embeddedPlacement } from './placement.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

/** Everything about one lab on this machine that an operation needs: what it is made of, its state, its secrets. */
export class LabSession {
  readonly options: RuntimeOptions;
  readonly components: readonly Component[];
  readonly credentials: Credentials;
  #state: LabState;
  #postgres: { binaries: PostgresBinaries; runAs: RunAs } | undefined;

  constructor(
    options: RuntimeOptions,
    components: readonly Component[],
    state: LabState,
    credentials: Credentials,
  ) {
    this.options = options;
    this.components = components;
    this.#state = state;
    this.credentials = credentials;
  }

  get paths(): LabPaths {
    return this.options.paths;
  }

  get state(): LabState {
    return this.#state;
  }

  /** Takes over what another command has written meanwhile. */
  reload(): void {
    this.#state = readLabState(this.paths.stateFile) ?? this.#state;
  }

  /** Changes the state on disk first, then here. */
  update(change: (state: LabState) => LabState): void {
    const next = change(this.#state);
    writeLabState(this.paths.stateFile, next);
    this.#state = next;
  }

  /** Notes what a component was told to do last. */
  setComponent(id: string, change: Partial<LabState['components'][string]>): void {
    this.update((state) => ({
      ...state,
      components: {
        ...state.components,
        [id]: { desired: 'running', environment: {}, ...state.components[id], ...change },
      },
    }));
  }

  component(id: string): Component {
    const found = this.components.find((one) => one.id === id);
    if (found === undefined) throw new ComponentUnknown(id, this.components.map((one) => one.id).join(', '));
    return found;
  }

  process(id: string): ComponentProcess {
    return new ComponentProcess(id, this.paths);
  }

  get placement(): Placement {
    return embeddedPlacement({
      components: this.components,
      root: this.options.root,
      paths: this.paths,
      pace: this.#state.pace,
      portOffset: this.#state.portOffset,
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

  renderConfig(): void {
    const placement = this.placement;
    const rendered = renderConfig(this.components, {
      source: join(this.options.root, 'stack'),
      directory: this.paths.config,
      placement: () => placement,
      written: this.#state.rendered,
    });
    this.update((state) => ({ ...state, rendered }));
  }
}

/** The session of a lab that has state; undefined when it has none. */
export function openSession(
  options: RuntimeOptions,
  components: readonly Component[],
): LabSession | undefined {
  const state = readLabState(options.paths.stateFile);
  if (state === undefined) return undefined;
  const credentials = readCredentials(options.paths.credentialsFile);
  if (credentials === undefined) return undefined;
  return new LabSession(options, components, state, credentials);
}

/** A new session: free ports, random credentials, both on disk before anything starts. */
export async function createSession(
  options: RuntimeOptions,
  components: readonly Component[],
  previous?: LabSession,
): Promise<LabSession> {
  const { state, credentials } = await recordNewLab(options, components, 'embedded', previous);
  return new LabSession(options, components, state, credentials);
}

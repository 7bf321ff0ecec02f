import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Component, Placement } from '../../stack/topology.ts';
import { ComponentUnknown, ConfigInvalid } from '../errors.ts';
import { type Credentials, readCredentials } from '../state/credentials.ts';
import { type LabState, readLabState, writeLabState } from '../state/lab-state.ts';
import type { LabPaths } from '../state/paths.ts';
import type { LabRecord } from './lab-record.ts';
import { renderConfig, renderFile } from './render-config.ts';
import type { RuntimeOptions } from './runtime.ts';

/** A lab that a command works on, as both runtimes see it: what it is made of, its state on disk, its secrets. */
export abstract class LabSession implements LabRecord {
  readonly options: RuntimeOptions;
  readonly components: readonly Component[];
  readonly credentials: Credentials;
  #state: LabState;

  constructor(options: RuntimeOptions, components: readonly Component[], record: LabRecord) {
    this.options = options;
    this.components = components;
    this.credentials = record.credentials;
    this.#state = record.state;
  }

  /** How the world looks from inside a component. */
  abstract get placement(): Placement;

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

  /** Notes that every component should run, with the variables laid over it as they are. */
  wantAll(): void {
    this.update((state) => ({
      ...state,
      components: Object.fromEntries(
        this.components.map(({ id }) => [
          id,
          { environment: {}, ...state.components[id], desired: 'running' as const },
        ]),
      ),
    }));
  }

  component(id: string): Component {
    const found = this.components.find((one) => one.id === id);
    if (found === undefined) throw new ComponentUnknown(id, this.components.map((one) => one.id).join(', '));
    return found;
  }

  /** The place of a config file on this machine; `LAB_CONFIG_INVALID` when the path belongs to no component. */
  configPath(path: string): string {
    const target = join(this.paths.config, path);
    const inside = this.components.some(({ config }) =>
      config.some((folder) => `${target}${sep}`.startsWith(`${join(this.paths.config, folder)}${sep}`)),
    );
    if (!inside) {
      const folders = [...new Set(this.components.flatMap(({ config }) => config))];
      throw new ConfigInvalid(path, 'no component reads it', `Name one below ${folders.join(', ')}`);
    }
    return target;
  }

  /** A config file as the stack declares it for this lab; undefined when the stack has none of that name. */
  declaredConfig(path: string): string | undefined {
    this.configPath(path);
    const source = join(this.options.root, 'stack', path);
    const component = this.components.find(({ config }) =>
      config.some((folder) => `${path}/`.startsWith(`${folder}/`)),
    );
    if (component === undefined || !existsSync(source)) return undefined;
    return renderFile(source, path, component, this.placement).toString('utf8');
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

/** What is on disk of a lab; undefined when there is none. */
export function readLabRecord(paths: LabPaths): LabRecord | undefined {
  const state = readLabState(paths.stateFile);
  if (state === undefined) return undefined;
  const credentials = readCredentials(paths.credentialsFile);
  return credentials === undefined ? undefined : { state, credentials };
}

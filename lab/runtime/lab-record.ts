import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '../../stack/topology.ts';
import { NotWritable } from '../errors.ts';
import { type Credentials, createCredentials, writeCredentials } from '../state/credentials.ts';
import { type LabState, readLabState, writeLabState } from '../state/lab-state.ts';
import type { LabPaths } from '../state/paths.ts';
import { choosePortOffset, pinnedOffset, wantedPorts } from './ports.ts';
import type { RuntimeKind, RuntimeOptions } from './runtime.ts';

/** What is on disk of a lab, with its secrets. */
export interface LabRecord {
  readonly state: LabState;
  readonly credentials: Credentials;
}

/** Records a lab before anything of it starts: free ports, random credentials (or those of before), both on disk. */
export async function recordNewLab(
  options: RuntimeOptions,
  components: readonly Component[],
  runtime: RuntimeKind,
  previous?: LabRecord,
): Promise<LabRecord> {
  const wanted = wantedPorts(components);
  const pinned = pinnedOffset(options.environment, wanted);
  const { offset, taken } = await choosePortOffset(wanted, {
    pinned,
    reserved: offsetsOfOtherLabs(options),
  });
  if (taken !== undefined) {
    options.note(
      `Port ${taken.port} (${taken.component}) is taken: every port of this lab moves by ${offset}. LAB_PORT_OFFSET pins another offset.`,
    );
  }
  makeDirectories(options.paths);
  const credentials = previous?.credentials ?? createCredentials();
  if (previous === undefined) writeCredentials(options.paths.credentialsFile, credentials);
  const state: LabState = {
    version: 1,
    name: options.name,
    runtime,
    pace: options.pace ?? previous?.state.pace ?? 'lab',
    native: options.native,
    portOffset: offset,
    createdAt: new Date().toISOString(),
    postgresPrimary: previous?.state.postgresPrimary ?? firstPrimary(components),
    components: {},
    images: {},
    rendered: previous?.state.rendered ?? {},
  };
  writeLabState(options.paths.stateFile, state);
  return { state, credentials };
}

function firstPrimary(components: readonly Component[]): string {
  return (
    components.find((one) => one.program.kind === 'postgres' && one.program.role === 'primary')?.id ??
    'postgres-primary'
  );
}

/** Offsets of labs beside this one: a stopped component's port is free now, and still theirs. */
function offsetsOfOtherLabs(options: RuntimeOptions): Set<number> {
  const offsets = new Set<number>();
  if (!existsSync(options.paths.base)) return offsets;
  for (const name of readdirSync(options.paths.base)) {
    if (name.startsWith('.') || name === options.name) continue;
    try {
      const state = readLabState(join(options.paths.base, name, 'state.json'));
      if (state !== undefined) offsets.add(state.portOffset);
    } catch {
      // Another lab's corrupt state is that lab's to report.
    }
  }
  return offsets;
}

/** Makes the lab's folders; `LAB_NOT_WRITABLE` says where it must not write. */
export function makeDirectories(paths: LabPaths): void {
  for (const path of [paths.base, paths.directory, paths.config, paths.logs, paths.run, paths.data]) {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw new NotWritable(path, (error as NodeJS.ErrnoException).code ?? String(error), { cause: error });
    }
  }
}

/** Removes the lab's folder; with `keepLogs` all but what its components wrote, which a person needs after a failure. */
export function removeLabFolder(
  { directory, logs }: LabPaths,
  options: { readonly keepLogs: boolean },
): void {
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const path = join(directory, name);
    if (options.keepLogs && path === logs) continue;
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }
  if (!options.keepLogs) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Removes those of the lab's folders that are empty, and `.lab` where no lab and no cache stands in it. */
export function removeEmptyFolders({ base, directory, config, logs, run, data }: LabPaths): void {
  for (const path of [config, logs, run, data, directory, base]) {
    try {
      rmdirSync(path);
    } catch {
      // It is gone, or something stands in it.
    }
  }
}

/** Makes the lab's folders and starts it; where that fails, no empty folder stays behind. */
export async function leavingNoEmptyFolders<Result>(
  paths: LabPaths,
  start: () => Promise<Result>,
): Promise<Result> {
  makeDirectories(paths);
  try {
    return await start();
  } catch (error) {
    removeEmptyFolders(paths);
    throw error;
  }
}

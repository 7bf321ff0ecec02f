import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { findProcess, type ProcessIdentity } from './identity.ts';

/** Waits on descriptor 3 for a line, then becomes the program; when the other end closes instead, it ends. */
const gate = 'read -r go <&3 && exec "$@" 3<&-';

/**
 * Starts a program that runs nothing until `record` has noted it: write before you do, for processes. A shell with the
 * program's later number waits at a pipe; a command that is killed before its note is on disk closes the pipe, and the
 * shell ends by itself. Detached, never waited for. Throws when not even the shell can be started.
 */
export function spawnRecorded(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly stdio: ['ignore' | 'pipe', 'ignore' | number, 'ignore' | number] },
  record: (identity: ProcessIdentity) => void,
): { readonly child: ChildProcess; readonly identity: ProcessIdentity } {
  const child = spawn('/bin/sh', ['-c', gate, 'sh', command, ...args], {
    ...options,
    detached: true,
    stdio: [...options.stdio, 'pipe'],
  });
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  child.unref();
  if (child.pid === undefined) throw failure ?? new Error(`${command} could not be started`);
  const go = child.stdio[3] as Writable;
  // Ended already, by somebody's signal: what waits for it to be ready will say so.
  go.on('error', () => {});
  try {
    const identity = { pid: child.pid, startTime: findProcess(child.pid)?.startTime ?? 'gone' };
    record(identity);
    go.end('go\n');
    return { child, identity };
  } catch (error) {
    go.destroy();
    throw error;
  }
}

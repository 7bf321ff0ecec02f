import type { EventEmitter } from 'node:events';
import type { Duplex, Writable } from 'node:stream';
import { execa, type Options } from 'execa';
import { findProcess, type ProcessIdentity } from './identity.ts';

export interface RecordedSpawnOptions extends Pick<Options, 'cwd' | 'uid' | 'gid'> {
  /** All of its variables; this process's own where it is left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** Open descriptors are handed on as they are. */
  readonly stdio: ['ignore' | 'pipe', 'ignore' | number, 'ignore' | number];
}

export type RecordedChild = EventEmitter & { readonly stdin: Writable | null };

/** execa hands any descriptor on, and its type names those from 3 to 9. */
const handedOn = (descriptor: 'ignore' | number): 'ignore' | 3 => descriptor as 'ignore' | 3;

const reasonOf = ({ originalMessage = 'no reason given' }: { originalMessage?: string }): string =>
  originalMessage;

/** Waits on descriptor 3 for a line, then becomes the program; when the other end closes instead, it ends. */
const gate = 'read -r go <&3 && exec "$@" 3<&-';

/**
 * Starts a program that runs nothing until `record` has noted it: write before you do, for processes. A shell with the
 * program's later number waits at a pipe; a command that is killed before its note is on disk closes the pipe, and the
 * shell ends by itself. Detached, never waited for. Throws when not even the shell can be started.
 */
export async function spawnRecorded(
  command: string,
  args: readonly string[],
  options: RecordedSpawnOptions,
  record: (identity: ProcessIdentity) => void,
): Promise<{ readonly child: RecordedChild; readonly identity: ProcessIdentity }> {
  const child = execa('/bin/sh', ['-c', gate, 'sh', command, ...args], {
    ...options,
    extendEnv: options.env === undefined,
    // It outlives this command, and how it ends is nobody's business here.
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdio: [options.stdio[0], handedOn(options.stdio[1]), handedOn(options.stdio[2]), 'pipe'],
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`${command} could not be started: ${reasonOf(await child)}`);
  const go = child.stdio[3] as unknown as Duplex;
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

import { readdirSync, readlinkSync } from 'node:fs';
import { findProcess, fromPs, isAlive, type ProcessEntry, type ProcessIdentity } from './identity.ts';

/** Every live process of the machine that may be seen. */
export function allProcesses(): ProcessEntry[] {
  if (process.platform !== 'linux') return fromPs(['-ax']).filter((entry) => !entry.state.startsWith('Z'));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => findProcess(Number(name)))
    .filter((entry) => entry !== undefined);
}

/**
 * A process and all its descendants, parents first. Not the process group: every PostgreSQL backend is a session of
 * its own, so that a signal to the group would reach the postmaster alone.
 */
export function processTree(
  root: ProcessIdentity,
  among: readonly ProcessEntry[] = allProcesses(),
): ProcessEntry[] {
  const found = among.filter((entry) => entry.pid === root.pid && entry.startTime === root.startTime);
  for (let index = 0; index < found.length; index++) {
    const parent = found[index]!.pid;
    found.push(...among.filter((entry) => entry.parent === parent && entry.pid !== parent));
  }
  return found;
}

/**
 * Processes that run `executable` with `directory` as their working directory (Linux). Every component works in its own
 * data folder, so this finds one whose PID file was never written because the command that started it was killed in
 * that very moment.
 */
export function processesIn(directory: string, executables: readonly string[]): ProcessEntry[] {
  if (process.platform !== 'linux') return [];
  return allProcesses().filter((entry) => {
    if (entry.pid === process.pid) return false;
    try {
      return (
        readlinkSync(`/proc/${entry.pid}/cwd`).replace(/ \(deleted\)$/, '') === directory &&
        executables.includes(readlinkSync(`/proc/${entry.pid}/exe`).replace(/ \(deleted\)$/, ''))
      );
    } catch {
      return false;
    }
  });
}

/** Signals exactly these processes; one that has gone, or whose number belongs to another now, is left alone. */
export function signalProcesses(processes: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const entry of processes) {
    if (!isAlive(entry)) continue;
    try {
      process.kill(entry.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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
 * Processes that run one of `executables` for `directory` (Linux): that is where they work, or what their arguments
 * name. It finds those that no record tells of. A wrapper (a shell, setpriv) counts by the program that it is about to
 * run. `directory` is the real path; what stands in it counts, and so does `<directory>.new`, where it is being made.
 */
export function processesOf(directory: string, executables: readonly string[]): ProcessEntry[] {
  if (process.platform !== 'linux') return [];
  const within = (path: string): boolean =>
    [directory, `${directory}.new`].some((one) => path === one || path.startsWith(`${one}/`));
  const link = (pid: number, name: string): string =>
    readlinkSync(`/proc/${pid}/${name}`).replace(/ \(deleted\)$/, '');
  return allProcesses().filter(({ pid }) => {
    if (pid === process.pid) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return (
        (executables.includes(link(pid, 'exe')) || words.some((word) => executables.includes(word))) &&
        (within(link(pid, 'cwd')) || words.some((word) => within(word.replace(/^--?[a-z]+=/, ''))))
      );
    } catch {
      // It ended in between, or belongs to somebody whose processes may not be seen.
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

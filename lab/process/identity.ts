import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the operating system; compared, never interpreted. */
  readonly startTime: string;
}

export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  /** One letter as in ps(1): R, S, D, T (stopped by a signal), Z (dead, not yet collected). */
  readonly state: string;
}

let bootId: string | undefined;

/** Ticks count from boot, so that the boot is part of the start time. */
function readBootId(): string {
  if (bootId !== undefined) return bootId;
  try {
    bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    bootId = '';
  }
  return bootId;
}

/** The process of that number now, or undefined when there is none or it is dead and only waits to be collected. */
export function findProcess(pid: number): ProcessEntry | undefined {
  const entry = process.platform === 'linux' ? fromProc(pid) : fromPs(['-p', String(pid)])[0];
  return entry === undefined || entry.state.startsWith('Z') || entry.state.startsWith('X')
    ? undefined
    : entry;
}

/** Whether exactly this process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return findProcess(identity.pid)?.startTime === identity.startTime;
}

/** proc_pid_stat(5): the name stands in parentheses and may hold any character, so fields count from the last `)`. */
function fromProc(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A main thread that has ended is a zombie while its other threads still end, and they hold the sockets until then.
  const ending = fields[0] === 'Z' && Number(fields[17]) > 1;
  return {
    pid,
    state: ending ? 'D' : (fields[0] ?? ''),
    parent: Number(fields[1]),
    startTime: `${readBootId()}/${fields[19]}`,
  };
}

/** Everything but Linux: `ps`, whose start time is exact to the second. */
export function fromPs(selection: readonly string[]): ProcessEntry[] {
  let output: string;
  try {
    output = execFileSync('ps', ['-o', 'pid=,ppid=,stat=,lstart=', ...selection], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return output
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((parts) => parts.length > 3)
    .map(([pid, parent, state, ...start]) => ({
      pid: Number(pid),
      parent: Number(parent),
      state: state ?? '',
      startTime: start.join(' '),
    }));
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process by number and birth: a number alone may have been given to another process meanwhile. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/** When the process began, as the system says it, or undefined when there is no such process (or only its zombie). */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may hold spaces and brackets; fields count from behind the last one (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  if (process.platform === 'win32') return alive(pid) ? 'unknown' : undefined;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStart(process.pid) ?? 'unknown' };
}

/** Whether that very process still lives. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return processStart(pid) === started;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RunningLab } from '../../runtime/runtime.ts';

export interface PeakMemory {
  /** The highest sum that was seen at one moment. */
  readonly bytes: number;
  /** What made it up. */
  readonly byProcess: Readonly<Record<string, number>>;
}

const sampleEveryMs = 3_000;

/** Watches the resident memory of the lab's components, the traffic and this program until it is stopped. */
export function watchMemory(
  lab: Pick<RunningLab, 'status'>,
  trafficPid: () => number | undefined,
): { stop(): Promise<PeakMemory> } {
  let peak: PeakMemory = { bytes: 0, byProcess: {} };
  let stopped = false;
  const sample = async (): Promise<void> => {
    const byProcess: Record<string, number> = { lab: process.memoryUsage.rss() };
    try {
      for (const component of await lab.status()) {
        if (component.residentBytes !== undefined) byProcess[component.id] = component.residentBytes;
      }
    } catch {
      // A lab that cannot be asked is the run's own concern; this is only a measurement.
      return;
    }
    const pid = trafficPid();
    const traffic = pid === undefined ? undefined : residentBytes(pid);
    if (traffic !== undefined) byProcess.traffic = traffic;
    const bytes = Object.values(byProcess).reduce((sum, one) => sum + one, 0);
    if (bytes > peak.bytes) peak = { bytes, byProcess };
  };
  let wake: (() => void) | undefined;
  const loop = (async () => {
    while (!stopped) {
      await sample();
      if (stopped) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, sampleEveryMs).unref();
      });
    }
  })();
  return {
    async stop() {
      await sample();
      stopped = true;
      wake?.();
      await loop;
      return peak;
    },
  };
}

/** The resident memory of one process, or undefined when it is gone or cannot be asked. */
export function residentBytes(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
    }
    if (process.platform === 'win32') return undefined;
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
  } catch {
    return undefined;
  }
}

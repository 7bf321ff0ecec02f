import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { LabPaths } from './paths.ts';

/**
 * What one component's output may take: this much, as much again that was written before (`<component>.log.1`), and
 * what comes within half a minute, because the traffic looks every so often and each command once.
 */
export const largestOutputBytes = 8 * 1024 * 1024;
export const rotateEveryMs = 30_000;

/**
 * Keeps what components write to their output within bounds. Their file is emptied in place: the process that writes it
 * goes on with the same file, which was opened to append. Lines written in between are lost here, and in Loki they are not.
 */
export function rotateOutputs(paths: Pick<LabPaths, 'logs'>, largestBytes = largestOutputBytes): void {
  for (const name of names(paths.logs)) {
    const path = join(paths.logs, name);
    try {
      if (statSync(path).size <= largestBytes) continue;
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    } catch (error) {
      // Another command was faster, or there is no room for the copy: then the bound is what counts.
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') truncateSync(path);
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.log'));
  } catch {
    return [];
  }
}

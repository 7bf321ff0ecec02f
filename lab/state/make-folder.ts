import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, one after the other. Node's own recursive way never ends where a file system
 * answers that the parent is missing although it is there (`/proc`). Throws what the file system says.
 */
export function makeFolder(path: string): void {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info?.isDirectory()) return;
  if (info === undefined && dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else was faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

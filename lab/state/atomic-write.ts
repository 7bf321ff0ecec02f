import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

let serial = 0;

/**
 * Replaces a file so that a reader, or a machine that loses power, sees the old content or the new, never a part:
 * temporary file, fsync, rename, fsync of the folder. Synchronous on purpose: what is journalled here must be on disk
 * before the next statement runs, also when a signal arrives between the two. `durable: false` spares the wait for the
 * disk where a power cut makes the content worthless anyway.
 */
export function writeFileAtomically(
  path: string,
  content: string,
  options: { mode?: number; durable?: boolean } = {},
): void {
  const { durable = true } = options;
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  serial += 1;
  const temporary = join(directory, `.${process.pid}-${serial}.tmp`);
  try {
    const file = openSync(temporary, 'wx', options.mode ?? 0o644);
    try {
      writeSync(file, content);
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (!durable) return;
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

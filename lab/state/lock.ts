import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LabBusy, NotWritable } from '../errors.ts';
import { findProcess, isAlive } from '../process/identity.ts';

const holderSchema = z.object({ pid: z.int(), startTime: z.string(), command: z.string() });
type Holder = z.infer<typeof holderSchema>;

export interface LockOptions {
  /** For the message to the command that finds it taken. */
  readonly labName: string;
  readonly command: string;
  /** How long to wait for the holder to finish; 0 does not wait. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Takes the lab's single-writer lock, a file that names its holder by PID and start time. A holder that no longer lives
 * (killed, or its machine restarted) does not count. `LAB_BUSY` when a live one keeps it beyond `waitMs`,
 * `LAB_NOT_WRITABLE` where no lock can be made.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<{ release(): void }> {
  const deadline = Date.now() + (options.waitMs ?? 0);
  const own = findProcess(process.pid);
  const content = JSON.stringify({
    pid: process.pid,
    startTime: own?.startTime ?? '',
    command: options.command,
  });
  for (;;) {
    if (create(path, content)) return { release: () => release(path, content) };
    const found = read(path);
    if (found === undefined) continue;
    if (found.holder === undefined || !isAlive(found.holder)) {
      removeStale(path, found.text);
      continue;
    }
    if (Date.now() >= deadline) throw new LabBusy(options.labName, found.holder.pid, found.holder.command);
    await sleep(50, undefined, { signal: options.signal });
  }
}

/** Removes a lock whose holder no longer lives; that of a live one stays. */
export function removeDeadLock(path: string): void {
  const found = read(path);
  if (found !== undefined && (found.holder === undefined || !isAlive(found.holder)))
    removeStale(path, found.text);
}

/** The last two: a file stands where a folder should. */
const notWritable = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR']);

/** The lock is the first thing that a command writes: here it shows that the clone belongs to somebody else. */
function create(path: string, content: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return tryCreate(path, content);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && notWritable.has(code)) {
      throw new NotWritable(dirname(path), code, { cause: error });
    }
    throw error;
  }
}

/** Links a complete file into place, so that nobody ever reads a half-written lock. */
function tryCreate(path: string, content: string): boolean {
  const temporary = uniqueBeside(path);
  writeFileSync(temporary, content);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function read(path: string): { text: string; holder: Holder | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { text, holder: holderSchema.parse(JSON.parse(text)) };
  } catch {
    return { text, holder: undefined };
  }
}

/**
 * Two commands may find the same dead holder. Each moves the file aside; whoever then holds another's fresh lock in
 * hand puts it back.
 */
function removeStale(path: string, text: string): void {
  const aside = uniqueBeside(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(path: string, content: string): void {
  if (read(path)?.text === content) rmSync(path, { force: true });
}

let serial = 0;
function uniqueBeside(path: string): string {
  serial += 1;
  return join(dirname(path), `${basename(path)}.${process.pid}-${serial}.tmp`);
}

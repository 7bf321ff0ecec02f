import { readFileSync } from 'node:fs';

/** The error of a limit that is too small, in one place for the program's first file and for the catalogue. */
export const tooFewFiles = {
  code: 'LAB_OPEN_FILES',
  /** PostgreSQL alone refuses to start below about 100, and the gateway holds two sockets per request at peak load. */
  wanted: 512,
  message: (limit: number | undefined): string =>
    `${limit === undefined ? 'No more files may be opened here' : `Only ${limit} files may be open at a time here`}, the lab needs 512. Raise the limit: ulimit -n 1024`,
} as const;

/**
 * How many files a process started from here may open at a time; undefined where the system does not tell. Node has
 * raised its own limit to the hard one by now, and hands that on.
 */
export function openFilesLimit(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined || found === 'unlimited' ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

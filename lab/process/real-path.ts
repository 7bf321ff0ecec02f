import { realpathSync } from 'node:fs';

/** The real path of a file, or the path itself when there is none. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

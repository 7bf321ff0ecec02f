import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lines of a log file: the last `tailLines` (all by default), then, with `follow`, what is written from now on. */
export async function* readLog(
  path: string,
  options: { follow?: boolean; tailLines?: number; signal?: AbortSignal },
): AsyncIterable<string> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(64 * 1024);
    let position = tailPosition(file, options.tailLines);
    let rest = Buffer.alloc(0);
    for (;;) {
      if (options.signal?.aborted === true) return;
      const size = readSync(file, buffer, 0, buffer.length, position);
      if (size === 0) {
        if (options.follow !== true) break;
        await sleep(100);
        // Emptied because it had grown too large: from its beginning again.
        if (fstatSync(file).size < position) position = 0;
        continue;
      }
      position += size;
      rest = Buffer.concat([rest, buffer.subarray(0, size)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        yield rest.subarray(0, end).toString('utf8');
        rest = rest.subarray(end + 1);
      }
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    closeSync(file);
  }
}

/** Where the last `lines` lines begin, read from the end in blocks. */
function tailPosition(file: number, lines: number | undefined): number {
  const { size } = fstatSync(file);
  if (lines === undefined) return 0;
  const block = Buffer.alloc(64 * 1024);
  // The newline that ends the last line does not begin another.
  let wanted = lines + 1;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    readSync(file, block, 0, end - start, start);
    for (let index = end - start - 1; index >= 0; index--) {
      if (block[index] !== 10 && !(start + index === size - 1)) continue;
      wanted -= 1;
      if (wanted === 0) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLog } from '../runtime/embedded/read-log.ts';
import { rotateOutputs } from './output-files.ts';

let logs: string;
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'lab-logs-'));
});
afterEach(() => {
  rmSync(logs, { recursive: true, force: true });
});
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a process that writes without end stays within the bound, in the same file, with its newest lines', async () => {
  const file = join(logs, 'api-1.log');
  const output = openSync(file, 'a');
  const script =
    'let n = 0; setInterval(() => { for (let i = 0; i < 20; i++) console.log("line " + n++); }, 1)';
  const writer = spawn(process.execPath, ['-e', script], { stdio: ['ignore', output, 'ignore'] });
  try {
    let rotations = 0;
    while (rotations < 3) {
      await sleep(20);
      const before = statSync(file).size;
      rotateOutputs({ logs }, 20_000);
      if (before > 20_000) rotations += 1;
      // Emptied, and not a file with a hole: what follows is appended at its beginning.
      expect(statSync(file).size).toBeLessThanOrEqual(20_000);
    }
    await sleep(50);
    expect(readFileSync(file)[0]).toBe('l'.charCodeAt(0));
    expect(readFileSync(`${file}.1`, 'utf8')).toMatch(/^line \d+\n/);
  } finally {
    writer.kill('SIGKILL');
  }
});

test('what is small, and what is no output, stays', () => {
  writeFileSync(join(logs, 'api-1.log'), 'small');
  writeFileSync(join(logs, 'notes.txt'), 'x'.repeat(100));
  rotateOutputs({ logs }, 50);
  expect(readFileSync(join(logs, 'api-1.log'), 'utf8')).toBe('small');
  expect(existsSync(join(logs, 'api-1.log.1'))).toBe(false);
  expect(statSync(join(logs, 'notes.txt')).size).toBe(100);
  rotateOutputs({ logs: join(logs, 'missing') }, 50);
});

test('who follows an output goes on after it was emptied', async () => {
  const file = join(logs, 'api-1.log');
  writeFileSync(file, 'old and long enough\n'.repeat(100));
  const stop = new AbortController();
  const lines: string[] = [];
  const following = (async () => {
    for await (const line of readLog(file, { follow: true, tailLines: 0, signal: stop.signal }))
      lines.push(line);
  })();
  await sleep(200);
  rotateOutputs({ logs }, 100);
  await sleep(300);
  appendFileSync(file, 'new\n');
  while (!lines.includes('new')) await sleep(20);
  stop.abort();
  await following;
});

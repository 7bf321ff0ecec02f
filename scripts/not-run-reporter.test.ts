import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'not-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines about what a run of two files left out, as a person sees them. */
async function linesOf(...options: string[]): Promise<string[]> {
  writeFileSync(join(folder, 'whole.test.mjs'), "test('a', () => {});\n");
  writeFileSync(
    join(folder, 'part.test.mjs'),
    "test('b', () => {});\ndescribe.skipIf(true)('the real one', () => {\n  test('c', () => {});\n  test('d', () => {});\n});\n",
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--root', folder, '--globals'],
      ...['--reporter', join(root, 'scripts/not-run-reporter.ts'), ...options],
    ],
    { cwd: folder, env: { ...process.env, NO_COLOR: '1', LAB_TEST_REPORTS: undefined } },
  );
  return stdout.split('\n').filter((line) => line.startsWith('not run: '));
}

test('a run says which tests of which files it left out, and nothing of files that ran whole', async () => {
  expect(await linesOf()).toEqual(['not run: part.test.mjs: 2 of 3 tests (the real one > c)']);
});

test('it says nothing where tests were chosen by name', async () => {
  expect(await linesOf('--testNamePattern', '^b$')).toEqual([]);
});

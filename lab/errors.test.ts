import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as catalogue from './errors.ts';

const documentation = readFileSync(new URL('docs/errors.md', import.meta.url), 'utf8');

test('the documentation lists every code of the catalogue and no other', () => {
  const documented = [...documentation.matchAll(/^### `(LAB_[A-Z_]+)`/gm)].map((match) => match[1]);
  // These three are raised before the program is compiled: see scripts/setup.mjs.
  const ofSetup = ['LAB_NODE_TOO_OLD', 'LAB_INSTALL_FAILED', 'LAB_BUILD_FAILED'];
  expect(documented.toSorted()).toEqual([...catalogue.errorCodes, ...ofSetup].toSorted());
});

test('no code is used twice', () => {
  expect(new Set(catalogue.errorCodes).size).toBe(catalogue.errorCodes.length);
});

test('an error carries code, sentence, exit code and cause', () => {
  const cause = new Error('EACCES');
  const error = new catalogue.NotWritable('/x/.lab', 'EACCES', { cause });
  expect(error).toBeInstanceOf(catalogue.LabError);
  expect(error).toMatchObject({ code: 'LAB_NOT_WRITABLE', exitCode: 2, cause });
  expect(error.message).toBe(
    '/x/.lab cannot be written (EACCES), and the lab has to write there. Give yourself write access, or choose another place.',
  );
});

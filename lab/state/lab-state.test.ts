import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomically } from './atomic-write.ts';
import { createCredentials, readCredentials, writeCredentials } from './credentials.ts';
import { type LabState, readLabState, writeLabState } from './lab-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state: LabState = {
  version: 1,
  name: 'default',
  runtime: 'embedded',
  pace: 'lab',
  native: false,
  portOffset: 1000,
  createdAt: '2026-01-01T00:00:00.000Z',
  postgresPrimary: 'postgres-primary',
  components: { 'api-1': { desired: 'running', environment: { LOG_LEVEL: 'debug' } } },
  images: {},
  rendered: {},
};

test('what is written is read back', () => {
  const path = join(folder, 'deep', 'state.json');
  writeLabState(path, state);
  expect(readLabState(path)).toEqual(state);
});

test('no file is no state', () => {
  expect(readLabState(join(folder, 'state.json'))).toBeUndefined();
});

test.each([
  ['{"version":1,', 'no valid JSON'],
  ['null', 'document'],
  [JSON.stringify({ ...state, version: 2 }), 'version'],
  [JSON.stringify({ ...state, portOffset: -1 }), 'portOffset'],
  ['', 'no valid JSON'],
])('a state file with %s names the problem and the way out', (text, problem) => {
  const path = join(folder, 'state.json');
  writeFileSync(path, text);
  expect(() => readLabState(path)).toThrow(
    expect.objectContaining({
      code: 'LAB_STATE_CORRUPT',
      message: expect.stringMatching(new RegExp(`${problem}.*npm run lab -- down$`)),
    }),
  );
});

test('a write that fails leaves the old content and no temporary file', () => {
  const path = join(folder, 'state.json');
  writeFileAtomically(path, 'old');
  expect(() => writeFileAtomically(path, undefined as unknown as string)).toThrow();
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test('credentials are random, for their owner alone, and never quoted when they cannot be read', () => {
  const path = join(folder, 'credentials.json');
  const credentials = createCredentials();
  writeCredentials(path, credentials);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readCredentials(path)).toEqual(credentials);
  expect(createCredentials().token).not.toBe(credentials.token);
  writeFileSync(path, `{"token": "${credentials.token}"`);
  expect(() => readCredentials(path)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(credentials.token) }),
  );
});

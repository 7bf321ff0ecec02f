import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
// The real server; how it is started for a test is solved there.
import { startTestPostgres, type TestPostgres } from '../../services/api/test-postgres.ts';
import { operatorGrants } from '../runtime/operator-grants.ts';
import type { ComponentState, RunningLab } from '../runtime/runtime.ts';
import { createCredentials, writeCredentials } from '../state/credentials.ts';
import { readOnly } from './read-only.ts';

const directory = mkdtempSync(join(tmpdir(), 'lab-read-only-'));
const target = 'postgres-primary';
let postgres: TestPostgres;
let state: ComponentState = 'running';
let started = 0;
let lab: RunningLab;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const credentials = createCredentials();
  writeCredentials(join(directory, 'credentials.json'), credentials);
  await using setup = await connect('postgres');
  await setup.client.query(`CREATE ROLE replicator LOGIN PASSWORD '${credentials.replicationPassword}'`);
  for (const grant of operatorGrants) await setup.client.query(grant);
  await setup.client.query('CREATE TABLE notes (id int)');
  lab = {
    directory,
    address: () => ({ host: '127.0.0.1', port: postgres.port }),
    status: async () => [{ id: target, state }],
    start: async () => {
      started++;
      state = 'running';
    },
  } as unknown as RunningLab;
});
afterAll(async () => {
  await postgres.stop();
  rmSync(directory, { recursive: true });
});

async function connect(user: string) {
  const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, user, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

const write = (client: pg.Client) => client.query('INSERT INTO notes VALUES (1)');
const isActive = () => readOnly.isActive({ lab }, target, {});
const revert = () => readOnly.revert({ lab }, target, {});
/** A reload reaches a session that is open with its next statement but one. */
async function until(wanted: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await wanted()); tries++) if (tries > 500) throw new Error('it did not come about');
}

it('refuses writes and answers reads on sessions that are open, and takes writes again', async () => {
  await using session = await connect('postgres');
  const { client } = session;
  const writes = () =>
    write(client).then(
      () => 'written',
      (error: Error) => error.message,
    );
  expect([await isActive(), await writes()]).toEqual([false, 'written']);
  await readOnly.inject({ lab }, target, {}, 60_000);
  await until(async () => (await writes()) !== 'written');
  expect(await writes()).toBe('cannot execute INSERT in a read-only transaction');
  expect((await client.query('SELECT count(*)::int AS count FROM notes')).rows[0].count).toBeGreaterThan(0);
  expect(await isActive()).toBe(true);
  await revert();
  await until(async () => (await writes()) === 'written');
  expect(await isActive()).toBe(false);
});

it('stands in the files of a server that is stopped: it is started to be rid of it', async () => {
  await readOnly.inject({ lab }, target, {}, 60_000);
  state = 'stopped';
  expect(await isActive()).toBe(true);
  started = 0;
  await revert();
  expect([started, await isActive()]).toEqual([1, false]);
});

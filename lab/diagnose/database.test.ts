import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
// The real server; how it is started for a test is solved there.
import { startTestPostgres, type TestPostgres } from '../../services/api/test-postgres.ts';
import { describeDatabase } from './database.ts';
import { type DatabaseAddress, withDatabase } from './database-session.ts';
import type { Finding } from './finding.ts';
import { type DatabaseSession, lockQueue } from './lock-queue.ts';
import { readDatabase } from './read-database.ts';
import { statementText } from './sessions.ts';

let postgres: TestPostgres;
let address: DatabaseAddress;
const signal = new AbortController().signal;

beforeAll(async () => {
  postgres = await startTestPostgres();
  address = {
    host: '127.0.0.1',
    port: postgres.port,
    user: 'postgres',
    database: 'postgres',
    password: undefined,
  };
  await using setup = await connect('setup');
  await setup.client.query('CREATE TABLE notes (id int PRIMARY KEY, text text)');
  await setup.client.query("INSERT INTO notes SELECT n, 'text' FROM generate_series(1, 500) AS n");
});
afterAll(() => postgres.stop());

async function connect(name: string) {
  const client = new pg.Client({ connectionString: postgres.url, application_name: name });
  client.on('error', () => undefined);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

async function findings(): Promise<Finding[]> {
  const read = await withDatabase(address, signal, readDatabase);
  return describeDatabase('postgres-primary', read).flatMap((section) => section.findings);
}

/** Looks until a finding is there: another session's statement takes a moment to arrive. */
async function until(wanted: (finding: Finding) => boolean): Promise<Finding> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = (await findings()).find(wanted);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not there: ${JSON.stringify(await findings(), null, 1)}`);
  }
}

test('a quiet database: nothing waits, its sizes and connections, and that it has no standby', async () => {
  const found = await findings();
  expect(found.find((one) => one.subject === 'locks')).toMatchObject({ verdict: 'ok', text: 'none waits' });
  expect(found.find((one) => one.subject === 'notes')?.facts?.bytes).toBeGreaterThan(8_192);
  const connections = found.find((one) => one.subject === 'connections');
  expect(connections?.facts).toMatchObject({ max: 100, reserved: 3 });
  expect(connections?.text).toContain('lab-diagnose 1');
  expect(found.find((one) => one.facts?.role === 'primary')).toMatchObject({
    verdict: 'wrong',
    text: 'primary; no standby is connected: a failover has nowhere to go',
  });
});

test('a row lock: who waits for how long, for what, and whom to end', async () => {
  await using holder = await connect('somebody');
  await using waiter = await connect('api-1');
  const { rows } = await holder.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await holder.client.query('BEGIN');
  await holder.client.query('UPDATE notes SET text = $1 WHERE id = 1', ['held']);
  const waiting = waiter.client.query("UPDATE notes SET text = 'late' WHERE id = 1");
  const found = await until((one) => one.facts?.wants !== undefined);
  expect(found.text).toMatch(
    /^api-1 has waited .+ for ShareLock on a transaction: UPDATE notes SET text = 'late' WHERE id = 1; blocked by pid \d+ \(somebody, idle in transaction for .+: UPDATE notes SET text = \$1 WHERE id = 1\)$/,
  );
  expect(found).toMatchObject({ verdict: 'wrong', facts: { blockedBy: String(rows[0]?.pid) } });
  expect(found.next).toContain(`pg_terminate_backend(${rows[0]?.pid})`);
  const idle = await until((one) => one.facts?.state === 'idle in transaction' && one.verdict === 'notable');
  expect(idle.facts?.seconds).toBeGreaterThan(1);
  await holder.client.query('ROLLBACK');
  await waiting;
});

test('a queue of waiting sessions: each leads to its head, not to whom it merely stands behind', () => {
  const session = (pid: number) => ({ pid, application: `app-${pid}` }) as DatabaseSession;
  const row = (pid: number, ...blockers: number[]) => ({ pid, blockers, mode: 'ShareLock', what: 'notes' });
  const queue = lockQueue([row(2, 1), row(3, 2), row(4, 2, 3), row(9, 8)], [1, 2, 3, 4].map(session));
  expect(
    queue.map(({ session: { pid }, blockedBy, heads }) => [pid, blockedBy, heads.map((one) => one.pid)]),
  ).toEqual([
    [2, [1], [1]],
    [3, [2], [1]],
    [4, [2, 3], [1]],
  ]);
  // A deadlock that the server has not resolved yet has no head, and no end.
  expect(lockQueue([row(2, 3), row(3, 2)], [2, 3].map(session)).map(({ heads }) => heads)).toEqual([[], []]);
});

test('a locked table: its size is not waited for, and the rest is still told', async () => {
  await using holder = await connect('migration');
  await holder.client.query('BEGIN');
  await holder.client.query('LOCK TABLE notes IN ACCESS EXCLUSIVE MODE');
  const began = Date.now();
  const found = await findings();
  expect(Date.now() - began).toBeLessThan(3_000);
  const sizes = found.find((one) => one.subject === 'sizes');
  expect(sizes).toMatchObject({
    verdict: 'unknown',
    text: 'could not be measured: canceling statement due to lock timeout',
  });
  expect(found.find((one) => one.subject === 'connections')?.text).toContain('migration 1');
  await holder.client.query('ROLLBACK');
});

test('a statement that runs for long, and what it waits for', async () => {
  await using slow = await connect('report');
  const running = slow.client.query('SELECT pg_sleep(3)');
  const found = await until((one) => one.facts?.state === 'active' && one.verdict === 'notable');
  expect(found.text).toMatch(
    /^active for [1-3]\.\d s, waits for Timeout:PgSleep, report: SELECT pg_sleep\(3\)$/,
  );
  await running;
});

test('a server that hangs, one that is not there, one that takes nobody: one line each, in time', async () => {
  postgres.pause();
  const began = Date.now();
  const hung = await findings();
  postgres.resume();
  expect(Date.now() - began).toBeLessThan(5_000);
  expect(hung).toMatchObject([
    { verdict: 'wrong', text: expect.stringMatching(/does not answer within 2000 ms: the server hangs/) },
  ]);
  const absent = await withDatabase({ ...address, port: 1 }, signal, readDatabase);
  expect(absent).toEqual({ reason: '127.0.0.1:1 refuses connections: no server listens there' });
  const nobody = await withDatabase({ ...address, user: 'nobody' }, signal, readDatabase);
  expect(nobody).toEqual({ reason: expect.stringContaining('role "nobody" does not exist') });
});

test('a server that hangs after it took the connection: the first question says so, the others do not wait', async () => {
  const began = Date.now();
  const read = await withDatabase(address, signal, async (ask) => {
    postgres.pause();
    return [await ask('SELECT 1'), await ask('SELECT 2'), await ask('SELECT 3')];
  });
  postgres.resume();
  expect(Date.now() - began).toBeLessThan(5_000);
  const reason = 'it took the connection and did not answer a question within 2500 ms';
  expect(read).toEqual({ value: [{ reason }, { reason }, { reason }] });
});

test('a statement is shown in one line, at most 80 characters, and cannot move the cursor', () => {
  expect(statementText('SELECT 1\n  FROM \u001b[2Jnotes')).toBe('SELECT 1 FROM \\u001b[2Jnotes');
  expect(statementText('x'.repeat(81))).toBe(`${'x'.repeat(80)}…`);
});

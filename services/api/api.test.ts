import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestTelemetry, sampleOf, serve, until } from '../telemetry/test-service.ts';
import { createApi } from './api.ts';
import { startTestPostgres, type TestPostgres } from './test-postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const secret = 'a secret of at least thirty-two characters';

async function startReplica(options: { databaseUrl?: string; poolMax?: number; level?: 'debug' } = {}) {
  const telemetry = createTestTelemetry(options.level ?? 'info');
  const api = createApi({
    instance: 'api-1',
    databaseUrl: options.databaseUrl ?? postgres.url,
    databasePoolMax: options.poolMax ?? 5,
    authTokenSecret: secret,
    ...telemetry,
  });
  const server = await serve(api.app);
  cleanups.push(
    () => server[Symbol.asyncDispose](),
    () => api.close(),
  );
  const ready = async () => (await fetch(`${server.url}/ready`)).status === 200;
  const call = async (method: string, path: string, body?: unknown, token?: string) => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return { ...telemetry, api, ready, call, url: server.url };
}

type Replica = Awaited<ReturnType<typeof startReplica>>;

async function readyReplica(options: Parameters<typeof startReplica>[0] = {}): Promise<Replica> {
  const replica = await startReplica(options);
  await until(replica.ready);
  return replica;
}

let accounts = 0;
async function account({ call }: Replica): Promise<string> {
  const credentials = { email: `person-${++accounts}@example.org`, password: 'correct horse' };
  expect((await call('POST', '/auth/register', credentials)).status).toBe(201);
  const { status, body } = await call('POST', '/auth/login', credentials);
  expect(status).toBe(200);
  return body.token as string;
}

describe('accounts', () => {
  it('registers, logs in, and counts both', async () => {
    const replica = await readyReplica();
    await account(replica);
    const email = `Mixed.Case-${++accounts}@Example.org`;
    const { call, registry } = replica;
    await call('POST', '/auth/register', { email, password: 'correct horse', source: 'web' });
    const again = await call('POST', '/auth/register', {
      email: email.toLowerCase(),
      password: 'correct horse',
    });
    expect([again.status, again.body.type]).toEqual([409, 'urn:problem:email-taken']);
    const wrong = await call('POST', '/auth/login', { email, password: 'wrong' });
    const nobody = await call('POST', '/auth/login', { email: 'nobody@example.org', password: 'wrong' });
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect(wrong.body.detail).toBe(nobody.body.detail);
    expect(await sampleOf(registry, 'user_registrations_total{source="web",status="success"}')).toBe(1);
    expect(await sampleOf(registry, 'user_registrations_total{source="api",status="duplicate"}')).toBe(1);
    expect(await sampleOf(registry, 'authentication_attempts_total{method="password",success="false"}')).toBe(
      2,
    );
  });

  it.each([
    [{ email: 'no address', password: 'correct horse' }, '/email'],
    [{ email: 'a@example.org', password: 'short' }, '/password'],
    [{ email: 'a@example.org', password: 'x'.repeat(200) }, '/password'],
    [{ email: 'a@example.org', password: 'correct horse', role: 'admin' }, ''],
    [[], ''],
  ])('refuses to register %j and names the field', async (body, pointer) => {
    const { call } = await startReplica();
    const refused = await call('POST', '/auth/register', body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].pointer).toBe(pointer);
  });

  it.each([
    ['no token', undefined],
    ['nonsense', 'nonsense'],
    ['a token signed by another', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA'],
    ['an unsigned token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'],
  ])('refuses %s', async (_what, token) => {
    const { call } = await startReplica();
    const refused = await call('GET', '/notes', undefined, token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('takes the tokens of another replica, and logs neither password nor token', async () => {
    const [first, second] = [await readyReplica({ level: 'debug' }), await readyReplica()];
    const token = await account(first);
    expect((await second.call('GET', '/notes', undefined, token)).status).toBe(200);
    const log = JSON.stringify(first.lines());
    expect(log).not.toContain('correct horse');
    expect(log).not.toContain(token);
    expect(log).not.toMatch(/person-\d+@/);
  });
});

describe('notes', () => {
  it('creates, reads, searches, changes and deletes', async () => {
    const replica = await readyReplica();
    const { call, registry } = replica;
    const token = await account(replica);
    const created = await call('POST', '/notes', { title: 'Shopping', body: 'Two lemons' }, token);
    expect(created.status).toBe(201);
    const { id } = created.body;
    expect(created.headers.get('location')).toBe(`/api/v1/notes/${id}`);
    expect((await call('GET', `/notes/${id}`, undefined, token)).body).toEqual(created.body);
    expect((await call('GET', '/notes', undefined, token)).body.notes).toEqual([created.body]);
    expect((await call('GET', '/notes/search?q=LEMONS', undefined, token)).body.notes).toEqual([
      created.body,
    ]);
    expect((await call('GET', '/notes/search?q=%27%3B--%20%26%20!(', undefined, token)).body.notes).toEqual(
      [],
    );
    const changed = await call('PUT', `/notes/${id}`, { title: 'Shopping', body: 'Three lemons' }, token);
    expect(changed.body.body).toBe('Three lemons');
    expect((await call('GET', `/notes/${id}`, undefined, token)).body.body).toBe('Three lemons');
    expect((await call('DELETE', `/notes/${id}`, undefined, token)).status).toBe(204);
    expect((await call('GET', `/notes/${id}`, undefined, token)).status).toBe(404);
    expect((await call('DELETE', `/notes/${id}`, undefined, token)).status).toBe(404);
    expect(await sampleOf(registry, 'notes_created_total{user_role="user"}')).toBe(1);
    expect(await sampleOf(registry, 'notes_deleted_total{user_role="user"}')).toBe(1);
    expect(
      await sampleOf(registry, 'database_query_duration_seconds_count{operation="insert",table="notes"}'),
    ).toBe(1);
  });

  it('shows nobody another’s notes', async () => {
    const replica = await readyReplica();
    const [mine, other] = [await account(replica), await account(replica)];
    const { id } = (await replica.call('POST', '/notes', { title: 'Mine', body: '' }, mine)).body;
    expect((await replica.call('GET', '/notes', undefined, other)).body.notes).toEqual([]);
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { title: 'x', body: 'x' }],
      ['DELETE', undefined],
    ] as const) {
      expect((await replica.call(method, `/notes/${id}`, body, other)).status).toBe(404);
    }
  });

  it.each([
    ['/notes?limit=0', 400],
    ['/notes?limit=1000', 400],
    ['/notes?limit=x', 400],
    ['/notes?unknown=1', 400],
    ['/notes/search', 400],
    [`/notes/search?q=${'x'.repeat(300)}`, 400],
    ['/notes/not-a-uuid', 404],
    ['/notes/%00', 404],
    ['/notes/%zz', 400],
  ])('answers GET %s with %i and a problem body', async (path, status) => {
    const replica = await readyReplica();
    const refused = await replica.call('GET', path, undefined, await account(replica));
    expect(refused.status).toBe(status);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  });

  it('reads through its cache, which a change in any replica empties', async () => {
    const [first, second] = [await readyReplica(), await readyReplica()];
    const token = await account(first);
    const list = async ({ call }: Replica) =>
      (await call('GET', '/notes', undefined, token)).body.notes.length;
    const hits = () =>
      sampleOf(second.registry, 'cache_operations_total{cache_name="notes",operation="get",result="hit"}');
    expect(await list(second)).toBe(0);
    await until(async () => (await list(second)) === 0 && ((await hits()) ?? 0) > 0);
    await first.call('POST', '/notes', { title: 'New', body: '' }, token);
    await until(async () => (await list(second)) === 1);
    // The second replica changed nothing itself: it heard of the change, and did not merely let its copy age.
    const heard = 'cache_operations_total{cache_name="notes",operation="invalidate",result="ok"}';
    expect(await sampleOf(second.registry, heard)).toBe(1);
  });
});

describe('orders', () => {
  it.each([
    ['completes one', { sku: 'notebook', quantity: 2, cardNumber: '4242424242424242' }, 201, 'completed'],
    [
      'refuses an unknown product',
      { sku: 'yacht', quantity: 1, cardNumber: '4242424242424242' },
      422,
      'rejected',
    ],
    ['refuses a declined card', { sku: 'pen', quantity: 1, cardNumber: '4000000000000002' }, 402, 'declined'],
    [
      'refuses what is sold out',
      { sku: 'last-edition', quantity: 1, cardNumber: '4242424242424242' },
      409,
      'out_of_stock',
    ],
  ])('%s', async (_what, order, status, counted) => {
    const replica = await readyReplica();
    const answer = await replica.call('POST', '/orders', order, await account(replica));
    expect(answer.status).toBe(status);
    expect(await sampleOf(replica.registry, `orders_total{status="${counted}"}`)).toBe(1);
    expect(await sampleOf(replica.registry, 'order_value_dollars_sum')).toBe(status === 201 ? 9 : 0);
    expect(JSON.stringify([answer.body, replica.lines()])).not.toContain(order.cardNumber);
  });

  it('keeps no payment for an order that could not be reserved', async () => {
    const replica = await readyReplica({ databaseUrl: await postgres.createDatabase('payments_kept') });
    const token = await account(replica);
    const order = { quantity: 1, cardNumber: '4242424242424242' };
    await replica.call('POST', '/orders', { ...order, sku: 'pen' }, token);
    await replica.call('POST', '/orders', { ...order, sku: 'last-edition' }, token);
    const pg = await import('pg');
    const client = new pg.default.Client({
      connectionString: postgres.url.replace(/postgres$/, 'payments_kept'),
    });
    await client.connect();
    const { rows } = await client.query(
      'SELECT (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM orders) AS orders',
    );
    await client.end();
    expect(rows).toEqual([{ payments: '1', orders: '1' }]);
  });
});

describe('database', () => {
  it('slow-queries sleeps in the database: the call is long, logged, measured, and holds its connection', async () => {
    const replica = await readyReplica();
    const { call, api, registry, lines } = replica;
    const token = await account(replica);
    await api.faults.put('slow-queries', { ttlMs: 60_000, delayMs: 300 });
    const pending = call('GET', '/notes/search?q=x', undefined, token);
    await until(async () => (await sampleOf(registry, 'database_connections_active')) === 1);
    expect((await pending).status).toBe(200);
    expect(lines().find(({ message }) => message === 'slow query')).toMatchObject({
      level: 'warn',
      operation: 'select',
      table: 'notes',
      duration_ms: expect.toSatisfy((ms: number) => ms >= 300),
      user_id: expect.any(String),
    });
    expect(
      await sampleOf(registry, 'database_query_duration_seconds_sum{operation="select",table="notes"}'),
    ).toBeGreaterThan(0.3);
    await api.faults.delete('slow-queries');
    const before = lines().length;
    await call('GET', '/notes/search?q=x', undefined, token);
    expect(
      lines()
        .slice(before)
        .some(({ message }) => message === 'slow query'),
    ).toBe(false);
  });

  it('connection-leak exhausts the pool until it ends', async () => {
    const replica = await readyReplica({ poolMax: 2 });
    const { call, api, registry } = replica;
    const token = await account(replica);
    await api.faults.put('connection-leak', { ttlMs: 60_000, perSecond: 10 });
    await until(async () => (await sampleOf(registry, 'database_connections_active')) === 2);
    const refused = await call('GET', '/notes/search?q=x', undefined, token);
    expect([refused.status, refused.body.type]).toEqual([503, 'urn:problem:database-unavailable']);
    expect(await sampleOf(registry, 'database_connection_errors_total')).toBeGreaterThan(0);
    await api.faults.delete('connection-leak');
    await until(async () => (await sampleOf(registry, 'database_connections_active')) === 0);
    expect((await call('GET', '/notes/search?q=x', undefined, token)).status).toBe(200);
  });

  it('three replicas migrate one empty database at once', async () => {
    const databaseUrl = await postgres.createDatabase('three_replicas');
    const replicas = await Promise.all([1, 2, 3].map(() => readyReplica({ databaseUrl })));
    const applied = replicas.flatMap(({ lines }) =>
      lines().filter(({ message }) => message === 'database migrated'),
    );
    expect(applied.map(({ versions }) => versions)).toEqual([[1, 2, 3, 4]]);
  });

  it('starts beside a database that refuses writes: it reads, and says why it cannot save', async () => {
    const databaseUrl = await postgres.createDatabase('read_only');
    const token = await account(await readyReplica({ databaseUrl }));
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('ALTER DATABASE read_only SET default_transaction_read_only = on');
    await client.end();
    const { call, lines, registry } = await readyReplica({ databaseUrl });
    expect((await call('GET', '/notes', undefined, token)).status).toBe(200);
    const refused = await call('POST', '/notes', { title: 'milk', body: '' }, token);
    expect([refused.status, refused.body.type]).toEqual([500, 'urn:problem:internal-error']);
    expect(lines().find(({ level }) => level === 'error')).toMatchObject({
      message: 'request failed',
      error: { message: 'cannot execute INSERT in a read-only transaction' },
    });
    // It asks by reading.
    expect(await sampleOf(registry, 'database_up')).toBe(1);
  });

  it('is not ready while the database is frozen or gone, answers 503, and recovers by itself', async () => {
    const replica = await readyReplica();
    const { ready, registry, call } = replica;
    const token = await account(replica);
    postgres.pause();
    try {
      await until(async () => !(await ready()));
      expect(await sampleOf(registry, 'database_up')).toBe(0);
    } finally {
      postgres.resume();
    }
    await until(ready);
    expect(await sampleOf(registry, 'database_up')).toBe(1);
    await postgres.restart();
    await until(
      async () =>
        (await ready()) && (await call('GET', '/notes/search?q=x', undefined, token)).status === 200,
    );
    expect(await sampleOf(registry, 'database_connection_errors_total')).toBeGreaterThan(0);
  });
});

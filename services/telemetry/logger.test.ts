import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { withRequestContext } from './request-context.ts';
import { createTestTelemetry, until } from './test-service.ts';

it('writes one JSON object a line with the schema’s fields in order', () => {
  const { logger, lines } = createTestTelemetry();
  withRequestContext({ requestId: 'r-1', userId: 'u-1' }, () =>
    logger.info('request completed', { duration_ms: 4.2 }),
  );
  expect(Object.keys(lines()[0] ?? {})).toEqual([
    'timestamp',
    'level',
    'severity',
    'message',
    'service',
    'instance',
    'environment',
    'version',
    'request_id',
    'user_id',
    'duration_ms',
  ]);
  expect(lines()[0]).toMatchObject({
    level: 'info',
    service: 'test',
    instance: 'test-1',
    version: '1.2.3',
    request_id: 'r-1',
    user_id: 'u-1',
    duration_ms: 4.2,
  });
});

it('writes the stack of an error and no secret', () => {
  const { logger, lines } = createTestTelemetry();
  logger.error('failed for a@b.example', {
    error: new Error('bad password=hunter2'),
    body: { password: 'hunter2' },
  });
  const [line] = lines();
  expect(JSON.stringify(line?.error)).toContain('logger.test.ts');
  expect(JSON.stringify(line)).not.toMatch(/hunter2|a@b/);
});

it('names the severity as log tools do, and counts what was written', () => {
  const { logger, lines } = createTestTelemetry();
  logger.fatal('gone');
  logger.error('failed');
  logger.warn('odd');
  logger.info('done');
  expect(lines().map(({ level, severity }) => [level, severity])).toEqual([
    ['fatal', 'critical'],
    ['error', 'error'],
    ['warn', 'warning'],
    ['info', 'info'],
  ]);
  expect(logger.written).toEqual({ fatal: 1, error: 1, warn: 1, info: 1, debug: 0 });
});

it('writes debug lines only at that level, which can change at run time', () => {
  const { logger, lines } = createTestTelemetry();
  logger.debug('unseen');
  logger.level = 'debug';
  logger.debug('seen');
  expect(lines().map(({ message }) => message)).toEqual(['seen']);
});

/** A Loki-like server that answers as told, by the lines of a push. */
async function receiver(status: (lines: readonly string[]) => number) {
  const pushes: { bytes: number; lines: readonly string[]; times: readonly string[] }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { streams } = JSON.parse(body) as { streams: { values: [string, string][] }[] };
      const values = streams.flatMap((stream) => stream.values);
      const lines = values.map(([, line]) => (JSON.parse(line) as { message: string }).message);
      response.statusCode = status(lines);
      pushes.push({ bytes: body.length, lines, times: values.map(([ns]) => ns) });
      response.end('because');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    pushes,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const identity = {
  SERVICE_NAME: 'api',
  INSTANCE: 'api-1',
  ENVIRONMENT: 'lab',
  SERVICE_VERSION: '1',
  LOG_LEVEL: 'info',
} as const;
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

it('pushes lines to Loki in batches, and the last ones when it closes', async () => {
  const loki = await receiver(() => 204);
  const logger = createLogger({ ...identity, LOKI_URL: loki.url }, { stream: nowhere() });
  for (const line of ['one', 'two', 'two']) logger.info(line);
  await logger.close();
  expect(loki.pushes.map(({ lines }) => lines)).toEqual([['one', 'two', 'two']]);
  // Loki would keep one of two lines that are alike to the nanosecond.
  expect(new Set(loki.pushes[0]?.times).size).toBe(3);
  expect(logger.loki).toEqual({ sent: 3, retried: 0, dropped: 0 });
  await loki.close();
});

it('keeps working while Loki fails, and pushes again soon after it is back', async () => {
  let status = 500;
  const loki = await receiver(() => status);
  const logger = createLogger({ ...identity, LOKI_URL: loki.url }, { stream: nowhere() });
  logger.info('one');
  await until(() => loki.pushes.length === 1);
  for (let line = 0; line < 20_000; line++) logger.info('while Loki is down');
  status = 204;
  await until(() => loki.pushes.length >= 2);
  await logger.close();
  // 5,000 lines at most waited: the other 15,001 were dropped, not kept.
  const sent = loki.pushes.slice(1).flatMap(({ lines }) => lines);
  expect(sent).toHaveLength(5_000);
  expect(sent[0]).toBe('one');
  expect(logger.loki).toEqual({ sent: 5_000, retried: 1, dropped: 15_001 });
  await loki.close();
});

it.each([400, 413, 422])(
  'drops a line that Loki refuses with %i, and no other one with it',
  async (status) => {
    const loki = await receiver((lines) => (lines.includes('bad') ? status : 204));
    const logger = createLogger({ ...identity, LOKI_URL: loki.url }, { stream: nowhere() });
    for (const line of ['a', 'b', 'bad', 'c', 'd']) logger.info(line);
    await logger.close();
    const taken = loki.pushes.flatMap(({ lines }) => (lines.includes('bad') ? [] : lines));
    expect(taken.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(loki.pushes.filter(({ lines }) => lines.length === 1 && lines[0] === 'bad')).toHaveLength(1);
    expect(logger.loki).toEqual({ sent: 4, retried: 0, dropped: 1 });
    await loki.close();
  },
);

it.each([401, 404, 429, 503])('keeps the lines while Loki answers %i to all of them', async (first) => {
  let status = first;
  const loki = await receiver(() => status);
  const logger = createLogger({ ...identity, LOKI_URL: loki.url }, { stream: nowhere() });
  for (const line of ['a', 'b', 'c']) logger.info(line);
  await until(() => loki.pushes.length === 1);
  status = 204;
  await logger.close();
  expect(loki.pushes.map(({ lines }) => lines.length)).toEqual([3, 3]);
  expect(logger.loki).toEqual({ sent: 3, retried: 3, dropped: 0 });
  await loki.close();
});

it('keeps no more lines than fit, also when those that failed come back to those that came meanwhile', async () => {
  let answered = (): void => {};
  const wait = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const server = createServer((request, response) => {
    request.resume();
    void wait.then(() => {
      response.statusCode = 500;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const logger = createLogger({ ...identity, LOKI_URL: `http://127.0.0.1:${port}` }, { stream: nowhere() });
  const asked = new Promise((resolve) => server.once('request', resolve));
  for (let line = 0; line < 4_000; line++) logger.info('first');
  await asked;
  for (let line = 0; line < 4_000; line++) logger.info('meanwhile');
  answered();
  await until(() => logger.loki.retried === 4_000);
  expect(logger.loki).toEqual({ sent: 0, retried: 4_000, dropped: 3_000 });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('samples debug lines by request: all of one, or none; nothing else is sampled', () => {
  const written: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split('\n')) written.push(JSON.parse(line));
      done();
    },
  });
  const logger = createLogger(
    {
      SERVICE_NAME: 'test',
      INSTANCE: 'test-1',
      ENVIRONMENT: 'lab',
      SERVICE_VERSION: '1.2.3',
      LOG_LEVEL: 'debug',
      LOKI_URL: undefined,
      LOG_DEBUG_SAMPLE_RATIO: 0.1,
    },
    { stream },
  );
  for (let request = 0; request < 1000; request++) {
    withRequestContext({ requestId: `r-${request}` }, () => {
      for (let line = 0; line < 3; line++) logger.debug('step');
      logger.error('failed');
    });
  }
  const of = (level: string) => written.filter((line) => line.level === level);
  expect(of('error')).toHaveLength(1000);
  expect(of('error')[0]).not.toHaveProperty('sample_ratio');
  const perRequest = new Map<unknown, number>();
  for (const { request_id: id } of of('debug')) perRequest.set(id, (perRequest.get(id) ?? 0) + 1);
  expect([...perRequest.values()]).toEqual(Array(perRequest.size).fill(3));
  // The mean is 100, and four standard deviations are 38.
  expect(perRequest.size).toBeGreaterThan(62);
  expect(perRequest.size).toBeLessThan(138);
  expect(of('debug')[0]?.sample_ratio).toBe(0.1);
});

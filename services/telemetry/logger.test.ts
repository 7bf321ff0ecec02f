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

/** Counts the bytes that a Loki-like server is sent and answers as told. */
async function receiver(status: () => number) {
  const pushes: { type: string | undefined; bytes: number }[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      pushes.push({ type: request.headers['content-type'], bytes });
      response.statusCode = status();
      response.end();
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
  logger.info('one');
  logger.info('two');
  await logger.close();
  expect(loki.pushes.length).toBe(1);
  await loki.close();
});

it('keeps working while Loki refuses, and pushes again soon after it is back', async () => {
  let status = 500;
  const loki = await receiver(() => status);
  const logger = createLogger({ ...identity, LOKI_URL: loki.url }, { stream: nowhere() });
  logger.info('one');
  await until(() => loki.pushes.length === 1);
  for (let line = 0; line < 20_000; line++) logger.info('while Loki is down');
  status = 204;
  await until(() => loki.pushes.length === 2);
  // 5,000 lines of at least 100 bytes at most, compressed: the other 15,000 were dropped, not kept.
  await logger.close();
  const sent = loki.pushes.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(sent).toBeGreaterThan(1_000);
  expect(sent).toBeLessThan(6_000 * 250);
  await loki.close();
});

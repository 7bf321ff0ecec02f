import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const start = 1_767_225_600;
const seconds = 3600;
let prometheus: TestServer;

beforeAll(async () => {
  prometheus = await startTestServer({}, ['--query.max-concurrency=1', '--storage.tsdb.retention.time=0s']);
  const { head } = prometheus.server;
  for (let instance = 0; instance < 100; instance++) {
    const series = head.series(Labels.from({ __name__: 'm', instance: `${instance}` }));
    for (let second = 0; second < seconds; second++)
      head.load(series, (start + second) * 1000, Math.sin(second * instance));
  }
  // The first one builds what the threads run.
  await prometheus.get('query', { query: 'm[1h]', time: `${start + seconds}` });
}, 60_000);
afterAll(() => prometheus[Symbol.asyncDispose]());

/** Minutes of work, and nowhere does the evaluation look at the clock for seconds. */
const endless = {
  query: 'quantile_over_time(0.5, m[1h])',
  start: `${start}`,
  end: `${start + seconds}`,
  step: '0.5',
};

/** The longest time that this thread stood still while `work` ran. */
async function longestPauseMs(work: () => Promise<unknown>): Promise<number> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await sleep(20);
  loop.reset();
  await work();
  await sleep(20);
  loop.disable();
  return loop.max / 1e6;
}

test('a heavy query stops the server for a small part of the time that it takes', async () => {
  // Little to read in this thread, which is the server's and the client's here.
  const range = { ...endless, step: '60' };
  const started = performance.now();
  let series = 0;
  const pauseMs = await longestPauseMs(async () => {
    const { body } = await prometheus.get('query_range', range);
    series = body.data.result.length;
  });
  const tookMs = performance.now() - started;
  expect(series).toBe(100);
  expect(pauseMs).toBeLessThan(tookMs / 3);
});

test('a heavy query ends at its timeout, wherever it is', async () => {
  const started = performance.now();
  expect(await prometheus.get('query_range', { ...endless, timeout: '1500ms' })).toEqual({
    status: 503,
    body: { status: 'error', errorType: 'timeout', error: 'query timed out in expression evaluation' },
  });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('a query of a client that went away gives its place to the next; one that gets none says so', async () => {
  const gone = new AbortController();
  const url = `${prometheus.server.url}/api/v1/query_range?${new URLSearchParams(endless)}`;
  const abandoned = fetch(url, { signal: gone.signal }).catch((error: Error) => error.name);
  await sleep(300);
  // --query.max-concurrency=1
  expect(await prometheus.get('query_range', { ...endless, timeout: '300ms' })).toMatchObject({
    status: 503,
    body: { error: 'query timed out in query queue' },
  });
  // What is little work needs no place.
  expect(await prometheus.get('query', { query: '1 + 1' })).toMatchObject({ status: 200 });
  const next = prometheus.get('query', { query: 'count(rate(m[1h]))', time: `${start + seconds}` });
  gone.abort();
  expect(await abandoned).toBe('AbortError');
  expect((await next).body.data.result[0].value[1]).toBe('100');
});

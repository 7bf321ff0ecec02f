import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { createServiceApp } from '../telemetry/service-app.ts';
import { createTestTelemetry, sampleOf, serve, until } from '../telemetry/test-service.ts';
import { createAdminApp } from './admin-app.ts';
import { createServiceFaults } from './service-faults.ts';

const token = 'the-labs-token';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start() {
  const telemetry = createTestTelemetry();
  const { faults, middleware } = createServiceFaults(telemetry);
  const app = createServiceApp({
    ...telemetry,
    endpoints: ['/work', '/other'],
    readiness: () => [],
    routes: (routes) => {
      routes.use(middleware);
      routes.use(express.json());
      routes.get(['/work', '/other'], (_request, response) => void response.send('done'));
    },
  });
  const service = await serve(app);
  const admin = await serve(createAdminApp({ token, faults, ...telemetry }));
  cleanups.push(
    () => faults.endAll(),
    () => service[Symbol.asyncDispose](),
    () => admin[Symbol.asyncDispose](),
  );
  const call = async (method: string, path: string, body?: unknown, bearer: string | undefined = token) => {
    const response = await fetch(`${admin.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
    };
  };
  const active = async () => ((await call('GET', '/faults')).body as { faults: { kind: string }[] }).faults;
  return { ...telemetry, url: service.url, call, active };
}

describe('the admin port', () => {
  it.each([
    ['no token', ''],
    ['a wrong token', 'the-labs-tokem'],
    ['a longer token', `${token}x`],
  ])('refuses %s', async (_what, bearer) => {
    const { call } = await start();
    for (const path of ['/faults', '/log-level', '/sampling', '/nothing']) {
      const { status, body } = await call('GET', path, undefined, bearer);
      expect(status).toBe(401);
      expect(body).toMatchObject({ type: 'urn:problem:unauthorized' });
    }
  });

  it.each([
    [
      'an unknown kind',
      'explode',
      { ttlMs: 1_000 },
      404,
      /No fault is called "explode"; this service knows latency/,
    ],
    ['no time limit', 'latency', { delayMs: 5 }, 400, /^\/ttlMs: /],
    ['a time limit of zero', 'latency', { delayMs: 5, ttlMs: 0 }, 400, /^\/ttlMs: .*>=1/],
    ['more than half an hour', 'latency', { delayMs: 5, ttlMs: 1_800_001 }, 400, /^\/ttlMs: .*<=1800000/],
    ['a parameter out of range', 'errors', { rate: 1.5, ttlMs: 9 }, 400, /^\/rate: at most 1$/],
    [
      'a status that is no error',
      'errors',
      { rate: 1, status: 200, ttlMs: 9 },
      400,
      /^\/status: at least 400$/,
    ],
    ['an unknown parameter', 'latency', { delayMs: 5, ttlMs: 9, x: 1 }, 400, /Unrecognized key: "x"/],
    ['a name of Object’s own', 'constructor', { ttlMs: 9 }, 404, /No fault is called/],
    ['no JSON', 'latency', '{', 400, /not valid JSON/],
    ['no object', 'latency', '[1]', 400, /expected object/],
  ])('refuses %s and injects nothing', async (_what, kind, body, status, detail) => {
    const { call, active } = await start();
    const refused = await call('PUT', `/faults/${kind}`, body);
    expect(refused.status).toBe(status);
    expect(refused.body?.detail).toMatch(detail);
    expect(await active()).toEqual([]);
  });

  it('injects, renews, replaces and ends a fault', async () => {
    const { call, active } = await start();
    const first = await call('PUT', '/faults/latency', { ttlMs: 60_000, delayMs: 5 });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ kind: 'latency', params: { delayMs: 5 } });
    const { injectedAt, expiresAt } = first.body as { injectedAt: string; expiresAt: string };
    expect(Date.parse(expiresAt) - Date.parse(injectedAt)).toBe(60_000);
    const renewed = await call('PUT', '/faults/latency', { ttlMs: 120_000, delayMs: 5 });
    expect(renewed.body?.injectedAt).toBe(injectedAt);
    expect(Date.parse(String(renewed.body?.expiresAt))).toBeGreaterThan(Date.parse(expiresAt));
    await call('PUT', '/faults/latency', { ttlMs: 60_000, delayMs: 9 });
    expect(await active()).toMatchObject([{ kind: 'latency', params: { delayMs: 9 } }]);
    expect((await call('DELETE', '/faults/latency')).status).toBe(204);
    expect((await call('DELETE', '/faults/latency')).status).toBe(204);
    expect(await active()).toEqual([]);
  });

  it('ends a fault by itself when its time is over', async () => {
    const { call, active, url } = await start();
    await call('PUT', '/faults/errors', { ttlMs: 150, rate: 1, status: 503 });
    expect((await fetch(`${url}/work`)).status).toBe(503);
    await until(async () => (await active()).length === 0);
    expect((await fetch(`${url}/work`)).status).toBe(200);
  });

  it('reads and sets log level and sampling', async () => {
    const { call, logger, sampler } = await start();
    expect((await call('GET', '/log-level')).body).toEqual({ level: 'info' });
    await call('PUT', '/log-level', { level: 'warn' });
    expect(logger.level).toBe('warn');
    expect((await call('PUT', '/log-level', { level: 'loud' })).status).toBe(400);
    await call('PUT', '/sampling', { ratio: 0.01 });
    expect([sampler.ratio, (await call('GET', '/sampling')).body]).toEqual([0.01, { ratio: 0.01 }]);
    expect((await call('PUT', '/sampling', { ratio: 2 })).status).toBe(400);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** Mebibytes, without what earlier tests left: that may be freed at any moment, and would count against what grows. */
const buffersInUse = (): number => {
  collectGarbage();
  return process.memoryUsage().arrayBuffers / 1_048_576;
};

describe('faults', () => {
  it('latency delays only the endpoint that it names', async () => {
    const { call, url, registry } = await start();
    await call('PUT', '/faults/latency', { ttlMs: 60_000, delayMs: 120, endpoint: '/work' });
    await (await fetch(`${url}/work`)).text();
    await (await fetch(`${url}/other`)).text();
    const seconds = (endpoint: string) =>
      sampleOf(
        registry,
        `http_request_duration_seconds_sum{method="GET",endpoint="${endpoint}",status="200"}`,
      );
    await until(async () => (await seconds('/other')) !== undefined);
    expect(await seconds('/work')).toBeGreaterThan(0.119);
    expect(await seconds('/other')).toBeLessThan((await seconds('/work')) ?? 0);
  });

  it('errors fail the stated share of requests, with a log line and no stack for the client', async () => {
    const { call, url, lines } = await start();
    await call('PUT', '/faults/errors', { ttlMs: 60_000, rate: 0.5 });
    const statuses = await Promise.all(
      Array.from({ length: 400 }, async () => (await fetch(`${url}/work`)).status),
    );
    const failed = statuses.filter((status) => status === 500).length;
    // Six standard deviations around the mean of 200.
    expect(failed).toBeGreaterThan(140);
    expect(failed).toBeLessThan(260);
    expect(lines().filter(({ message }) => message === 'request failed').length).toBe(failed);
  });

  it('rare-error throws a real error whose stack is in the log', async () => {
    const { call, url, lines } = await start();
    await call('PUT', '/faults/rare-error', { ttlMs: 60_000, oneIn: 1 });
    expect((await fetch(`${url}/work`)).status).toBe(500);
    expect(JSON.stringify(lines())).toContain(
      "TypeError: Cannot read properties of undefined (reading 'locale')",
    );
  });

  it('slow-rare delays one request in so many', async () => {
    const { call, url, registry } = await start();
    await call('PUT', '/faults/slow-rare', { ttlMs: 60_000, oneIn: 1, delayMs: 80 });
    await (await fetch(`${url}/work`)).text();
    const series = 'http_request_duration_seconds_sum{method="GET",endpoint="/work",status="200"}';
    await until(async () => (await sampleOf(registry, series)) !== undefined);
    expect(await sampleOf(registry, series)).toBeGreaterThan(0.079);
  });

  it('latency-spikes come and go, and end with the fault', async () => {
    const { call, url } = await start();
    const isSlow = async (): Promise<boolean> => {
      const startedAt = performance.now();
      await (await fetch(`${url}/work`)).text();
      return performance.now() - startedAt >= 99;
    };
    const episodes = { seed: 3, lastsMs: 150, everyMs: 300, delayMs: 100 };
    await call('PUT', '/faults/latency-spikes', { ttlMs: 60_000, ...episodes });
    for (const wanted of [true, false, true, false]) await until(async () => (await isSlow()) === wanted);
    await until(isSlow);
    await call('DELETE', '/faults/latency-spikes');
    for (let again = 0; again < 30; again++) expect(await isSlow()).toBe(false);
  });

  it('error-spikes begin at once, are as long as they say, come again, and end with the fault', async () => {
    const { call, url } = await start();
    const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;
    const spikes = { seed: 3, requests: 4, everyMs: 300, status: 503, endpoint: '/work' };
    const injectedAt = performance.now();
    await call('PUT', '/faults/error-spikes', { ttlMs: 60_000, ...spikes });
    expect(await status('/work')).toBe(200);
    for (let spike = 0; spike < 2; spike++) {
      await until(async () => (await status('/work')) === 503);
      if (spike === 0) expect(performance.now() - injectedAt).toBeGreaterThan(480);
      expect(await status('/other')).toBe(200);
      const next: number[] = [];
      for (let request = 0; request < 5; request++) next.push(await status('/work'));
      expect(next).toEqual([503, 503, 503, 200, 200]);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    await call('DELETE', '/faults/error-spikes');
    for (let again = 0; again < 30; again++) expect(await status('/work')).toBe(200);
  });

  it('slow-endpoint slows its endpoint alone', async () => {
    const { call, url } = await start();
    const took = async (path: string): Promise<number> => {
      const startedAt = performance.now();
      await (await fetch(`${url}${path}`)).text();
      return performance.now() - startedAt;
    };
    const episodes = { seed: 3, lastsMs: 60_000, everyMs: 60_100, delayMs: 150, endpoint: '/work' };
    await call('PUT', '/faults/slow-endpoint', { ttlMs: 60_000, ...episodes });
    await until(async () => (await took('/work')) >= 149);
    expect(await took('/other')).toBeLessThan(149);
  });

  it('memory-leak grows resident memory up to its bound and gives it back', async () => {
    const { call } = await start();
    const before = buffersInUse();
    await call('PUT', '/faults/memory-leak', { ttlMs: 60_000, mebibytesPerSecond: 50, maxMebibytes: 30 });
    await until(() => buffersInUse() - before >= 29);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(buffersInUse() - before).toBeLessThan(40);
    await call('DELETE', '/faults/memory-leak');
    await until(() => buffersInUse() - before < 5);
  });

  it('cpu-burn keeps the processor busy', async () => {
    const { call } = await start();
    const before = process.cpuUsage();
    await call('PUT', '/faults/cpu-burn', { ttlMs: 60_000, utilization: 0.8 });
    await until(() => process.cpuUsage(before).user > 150_000);
    await call('DELETE', '/faults/cpu-burn');
  });

  it('event-loop-block holds everything up', async () => {
    const { call } = await start();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await call('PUT', '/faults/event-loop-block', { ttlMs: 60_000, blockMs: 400, everyMs: 10 });
    await until(() => delay.max > 350e6);
    await call('DELETE', '/faults/event-loop-block');
    delay.disable();
  });

  it('cardinality adds series up to its bound and takes them away', async () => {
    const { call, registry } = await start();
    const series = async () =>
      ((await registry.render('text/plain')).body.match(/^client_sessions_total\{/gm) ?? []).length;
    await call('PUT', '/faults/cardinality', { ttlMs: 60_000, seriesPerSecond: 1_000, maxSeries: 150 });
    await until(async () => (await series()) === 150);
    await call('DELETE', '/faults/cardinality');
    expect(await series()).toBe(0);
    expect(
      (await call('PUT', '/faults/cardinality', { ttlMs: 60_000, seriesPerSecond: 1, maxSeries: 1 })).status,
    ).toBe(200);
  });

  it('debug-logging and sampling return to what was before', async () => {
    const { call, logger, sampler } = await start();
    await call('PUT', '/faults/debug-logging', { ttlMs: 60_000 });
    await call('PUT', '/faults/sampling', { ttlMs: 60_000, ratio: 0.01 });
    expect([logger.level, sampler.ratio]).toEqual(['debug', 0.01]);
    await call('DELETE', '/faults/debug-logging');
    await call('DELETE', '/faults/sampling');
    expect([logger.level, sampler.ratio]).toEqual(['info', 1]);
  });
});

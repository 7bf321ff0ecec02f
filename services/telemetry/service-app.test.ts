import express from 'express';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answering } from './answering.ts';
import { Problem } from './problem.ts';
import { createServiceApp } from './service-app.ts';
import { createTestTelemetry, sampleOf, serve, until } from './test-service.ts';
import { parseInput } from './validation.ts';

async function start() {
  const telemetry = createTestTelemetry();
  const app = createServiceApp({
    ...telemetry,
    endpoints: ['/things/special', '/things/:id'],
    readiness: () => ['not yet'],
    routes: (routes) => {
      routes.use(express.json({ limit: '1kb' }));
      routes.get('/things/:id', (request, response) => {
        response.json({ id: request.params.id });
      });
      routes.post(
        '/things/:id',
        answering((request, response) =>
          response.json(parseInput(z.strictObject({ n: z.number() }), request.body)),
        ),
      );
      routes.put('/things/:id', () => {
        throw new Error('secret detail of the implementation');
      });
      routes.delete('/things/:id', () => {
        throw new Problem(503, 'gone-fishing', 'Come back later.', { headers: { 'Retry-After': '1' } });
      });
    },
  });
  return { ...telemetry, ...(await serve(app)) };
}

describe('a service', () => {
  it('counts and times requests under their route pattern', async () => {
    await using service = await start();
    await fetch(`${service.url}/things/1`);
    await fetch(`${service.url}/things/2?x=1`);
    await fetch(`${service.url}/nothing/here`);
    await until(async () => (await sampleOf(service.registry, count('GET', 'unmatched', 404))) === 1);
    expect(await sampleOf(service.registry, count('GET', '/things/:id', 200))).toBe(2);
    expect(
      await sampleOf(
        service.registry,
        'http_request_duration_seconds_count{method="GET",endpoint="/things/:id",status="200"}',
      ),
    ).toBe(2);
    expect(
      await sampleOf(service.registry, 'http_requests_in_progress{method="GET",endpoint="/things/:id"}'),
    ).toBe(0);
    expect(
      await sampleOf(
        service.registry,
        'http_request_errors_total{method="GET",endpoint="unmatched",error_type="not_found"}',
      ),
    ).toBe(1);
  });

  it('writes one line a request, with its ID and no raw path', async () => {
    await using service = await start();
    const answer = await fetch(`${service.url}/things/42`, { headers: { 'x-request-id': 'mine-1' } });
    expect(answer.headers.get('x-request-id')).toBe('mine-1');
    await until(() => service.lines().length === 1);
    expect(service.lines()[0]).toMatchObject({
      level: 'info',
      message: 'request completed',
      method: 'GET',
      path: '/things/:id',
      status: 200,
      request_id: 'mine-1',
    });
    expect(service.lines()[0]?.duration_ms).toBeGreaterThan(0);
  });

  it('makes a request ID of its own where the given one could do harm', async () => {
    await using service = await start();
    const answer = await fetch(`${service.url}/things/1`, { headers: { 'x-request-id': 'a b{}"' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers its probes, outside the request metrics', async () => {
    await using service = await start();
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    const ready = await fetch(`${service.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['not yet'] }]);
    expect((await (await fetch(`${service.url}/metrics`)).text()).includes('http_requests_total{')).toBe(
      false,
    );
  });

  it.each([
    ['POST', '{"n":', 400, 'malformed-json', 'The body is not valid JSON.'],
    ['POST', '{"n":"x"}', 400, 'validation-failed', '/n: Invalid input: expected number, received string'],
    ['POST', JSON.stringify({ n: 'x'.repeat(2_000) }), 413, 'body-too-large', 'The body exceeds the limit.'],
    ['PUT', undefined, 500, 'internal-error', 'The service failed to handle the request.'],
    ['DELETE', undefined, 503, 'gone-fishing', 'Come back later.'],
    ['PATCH', undefined, 404, 'not-found', 'Nothing answers PATCH on this path.'],
  ])('answers %s %s with a problem body %i %s', async (method, body, status, type, detail) => {
    await using service = await start();
    const answer = await fetch(`${service.url}/things/1`, {
      method,
      headers: { 'content-type': 'application/json', 'x-request-id': 'r-9' },
      body,
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({
      type: `urn:problem:${type}`,
      status,
      detail,
      instance: 'urn:request:r-9',
    });
  });

  it('keeps the stack of a failure to the log', async () => {
    await using service = await start();
    const body = await (await fetch(`${service.url}/things/1`, { method: 'PUT' })).text();
    expect(body).not.toContain('secret detail');
    const failed = service.lines().find(({ message }) => message === 'request failed');
    expect(JSON.stringify(failed?.error)).toContain('secret detail');
    expect(JSON.stringify(failed?.error)).toContain('service-app.test.ts');
  });

  it('counts a client that went away as 499', async () => {
    const telemetry = createTestTelemetry();
    const app = createServiceApp({
      ...telemetry,
      endpoints: ['/slow'],
      readiness: () => [],
      routes: (routes) => void routes.get('/slow', () => undefined),
    });
    await using server = await serve(app);
    await expect(fetch(`${server.url}/slow`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    await until(async () => (await sampleOf(telemetry.registry, count('GET', '/slow', 499))) === 1);
  });
});

function count(method: string, endpoint: string, status: number): string {
  return `http_requests_total{method="${method}",endpoint="${endpoint}",status="${status}"}`;
}

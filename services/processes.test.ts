// What only real processes show: the instrumentation of bundled code, signals, exit codes. The bundles are made as
// scripts/build.mjs makes them: CommonJS, with the instrumented packages left to `require`.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from './api/test-postgres.ts';
import { until } from './telemetry/test-service.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const token = 'the-labs-token';
const folder = mkdtempSync(join(tmpdir(), 'services-'));
let postgres: TestPostgres;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    external: ['express', 'pg', 'pg-native'],
    entryPoints: ['gateway', 'api', 'inbox'].map((name) => ({ in: `services/${name}/main.ts`, out: name })),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
  });
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await until(() => running.size === 0);
});

interface RunningService {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  /** The port of `http` or `admin`, once it listens. */
  port(name: 'http' | 'admin'): number;
  exited: Promise<number | null>;
  lines(): Record<string, unknown>[];
}

function start(bundle: string, environment: Record<string, string>): RunningService {
  const child = spawn(process.execPath, [join(folder, `${bundle}.cjs`)], {
    env: { PATH: process.env.PATH, NODE_PATH: join(root, 'node_modules'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return {
    child,
    output,
    port: (name) => Number(new RegExp(`${name} http://[^:]+:(\\d+)`).exec(output.stderr)?.[1]),
    exited,
    lines: () =>
      output.stdout
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const identity = (name: string, instance = name) => ({
  SERVICE_NAME: name,
  INSTANCE: instance,
  PORT: '0',
  ADMIN_PORT: '0',
  LAB_TOKEN: token,
});
const apiEnvironment = (instance = 'api-1') => ({
  ...identity('api', instance),
  DATABASE_URL: postgres.url,
  AUTH_TOKEN_SECRET: 'a secret of at least thirty-two characters',
});

const listening = (service: RunningService) => until(() => service.output.stderr.includes('listens'));
const ready = (service: RunningService) =>
  until(async () => (await fetch(`http://127.0.0.1:${service.port('http')}/ready`)).ok);

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  instance: string;
  scope: string;
  durationMs: number;
}

interface OtlpBody {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: {
      scope: { name: string };
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
      }[];
    }[];
  }[];
}

/** Stands for Jaeger and Loki: keeps the spans and counts the pushes. */
async function startCollector() {
  const spans: Span[] = [];
  const pushes: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end('{}');
      if (request.url !== '/v1/traces') {
        pushes.push(request.headers['content-type'] ?? '');
        return;
      }
      const body = JSON.parse(String(Buffer.concat(chunks))) as OtlpBody;
      for (const { resource, scopeSpans } of body.resourceSpans) {
        const instance =
          resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue ?? '';
        for (const { scope, spans: group } of scopeSpans) {
          for (const span of group) {
            const durationMs = (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6;
            spans.push({
              ...span,
              instance,
              scope: scope.name.replace('@opentelemetry/instrumentation-', ''),
              durationMs,
            });
          }
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    pushes,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The spans of a trace as an indented outline, children in their order of start. */
function outline(spans: readonly Span[], parent?: string, depth = 0): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans
    .filter(({ parentSpanId }) =>
      parent === undefined ? !ids.has(parentSpanId ?? '') : parentSpanId === parent,
    )
    .flatMap((span) => [
      `${'  '.repeat(depth)}${span.instance} ${span.scope}: ${span.name}`,
      ...outline(spans, span.spanId, depth + 1),
    ]);
}

describe('the bundled services', () => {
  it('trace a request from the gateway to the query, and its log lines and exemplar name the same trace', async () => {
    await using collector = await startCollector();
    const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOKI_URL: collector.url };
    const api = start('api', { ...apiEnvironment(), ...telemetry });
    await listening(api);
    const gateway = start('gateway', {
      ...identity('gateway'),
      ...telemetry,
      UPSTREAMS: `api-1=http://127.0.0.1:${api.port('http')}`,
    });
    await listening(gateway);
    await ready(gateway);
    const base = `http://127.0.0.1:${gateway.port('http')}/api/v1`;
    const json = { 'content-type': 'application/json' };
    const credentials = JSON.stringify({ email: 'a@example.org', password: 'correct horse' });
    await fetch(`${base}/auth/register`, { method: 'POST', headers: json, body: credentials });
    const login = await fetch(`${base}/auth/login`, { method: 'POST', headers: json, body: credentials });
    const { token: access } = (await login.json()) as { token: string };
    await fetch(`http://127.0.0.1:${api.port('admin')}/faults/slow-queries`, {
      method: 'PUT',
      headers: { ...json, authorization: `Bearer ${token}` },
      body: JSON.stringify({ ttlMs: 60_000, delayMs: 200 }),
    });
    const answer = await fetch(`${base}/notes`, {
      headers: { authorization: `Bearer ${access}`, 'x-request-id': 'req-7' },
    });
    expect(answer.status).toBe(200);

    const lineOf = (service: RunningService, message: string) =>
      service.lines().find((line) => line.message === message && line.request_id === 'req-7');
    await until(
      () => lineOf(gateway, 'request completed') !== undefined && lineOf(api, 'slow query') !== undefined,
    );
    const traceId = lineOf(gateway, 'request completed')?.trace_id as string;
    expect(lineOf(api, 'request completed')?.trace_id).toBe(traceId);
    expect(lineOf(api, 'slow query')).toMatchObject({ trace_id: traceId, level: 'warn', table: 'notes' });
    const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
    await until(() =>
      ofTrace().some(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === ''),
    );
    await until(() => ofTrace().length >= 10);
    const spans = ofTrace();
    expect(outline(spans)).toEqual([
      'gateway http: GET /api/v1/notes',
      '  gateway http: GET',
      '    api-1 http: GET /api/v1/notes',
      '      api-1 express: request handler',
      '        api-1 notes: AuthService.identify',
      '        api-1 notes: NotesService.list',
      '          api-1 notes: cache get',
      '          api-1 pg: pg-pool.connect',
      '          api-1 pg: pg.query:SELECT postgres',
      '          api-1 pg: pg.query:SELECT postgres',
    ]);
    expect(
      Math.max(...spans.filter(({ scope }) => scope === 'pg').map(({ durationMs }) => durationMs)),
    ).toBeGreaterThan(199);

    const metrics = await fetch(`http://127.0.0.1:${api.port('http')}/metrics`, {
      headers: { accept: 'application/openmetrics-text' },
    });
    expect(await metrics.text()).toContain(`# {trace_id="${traceId}"`);
    await until(() => collector.pushes.length > 0);
    expect(new Set(collector.pushes)).toEqual(new Set(['application/json']));
    // The telemetry’s own traffic, the probes and the lab’s own requests are not traced.
    expect(collector.spans.some(({ name }) => /ready|metrics|loki|faults|v1\/traces/.test(name))).toBe(false);
  });

  it('end what they do on SIGTERM: the request in flight is answered, its span and lines are sent', async () => {
    await using collector = await startCollector();
    const api = start('api', { ...apiEnvironment(), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await listening(api);
    await ready(api);
    const admin = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    await fetch(`http://127.0.0.1:${api.port('admin')}/faults/latency`, {
      method: 'PUT',
      headers: admin,
      body: JSON.stringify({ ttlMs: 60_000, delayMs: 1_000 }),
    });
    const before = collector.spans.length;
    const pending = fetch(`http://127.0.0.1:${api.port('http')}/api/v1/notes`);
    const metrics = async () => (await fetch(`http://127.0.0.1:${api.port('http')}/metrics`)).text();
    await until(async () =>
      (await metrics()).includes('in_progress{method="GET",endpoint="/api/v1/notes"} 1'),
    );
    api.child.kill('SIGTERM');
    // Not ready at once, so that a balancer turns away before the port closes.
    // A connection of its own: one that waits for its next request may be closed at that moment.
    const own = { headers: { connection: 'close' } };
    expect((await fetch(`http://127.0.0.1:${api.port('http')}/ready`, own)).status).toBe(503);
    expect((await pending).status).toBe(401);
    expect(await api.exited).toBe(0);
    expect(api.lines().at(-1)?.message).toBe('service stopped');
    expect(collector.spans.slice(before).map(({ name }) => name)).toContain('GET /api/v1/notes');
  });

  it('serve without Loki, without a collector, and before the database answers', async () => {
    const api = start('api', {
      ...apiEnvironment(),
      DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
      LOKI_URL: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    });
    await listening(api);
    const base = `http://127.0.0.1:${api.port('http')}`;
    expect((await fetch(`${base}/health`)).status).toBe(200);
    expect((await fetch(`${base}/ready`)).status).toBe(503);
    const refused = await fetch(`${base}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'a@example.org', password: 'x' }),
    });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ type: 'urn:problem:database-unavailable' });
    api.child.kill('SIGTERM');
    expect(await api.exited).toBe(0);
  });

  it('count an error that nobody caught, let a scrape see it, and end with exit code 1', async () => {
    await build({
      stdin: {
        resolveDir: join(root, 'services'),
        contents: `
          import { environment, tracing } from './telemetry/start.ts';
          import { createLogger } from './telemetry/logger.ts';
          import { createRegistry } from './telemetry/metrics-registry.ts';
          import { runService } from './telemetry/run-service.ts';
          import { createServiceApp } from './telemetry/service-app.ts';
          const logger = createLogger(environment);
          const { registry, processCrashes } = createRegistry('1');
          const listener = createServiceApp({ logger, registry, endpoints: [], readiness: () => [], routes: () => {} });
          void runService({
            environment, logger, tracing, processCrashes, servers: [{ name: 'http', listener, port: 0 }],
            drainMs: () => 0, onStop: async () => {},
          });
          process.on('SIGUSR2', () => { throw new Error('nobody catches this'); });
        `,
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['express'],
      outfile: join(folder, 'crashing.cjs'),
    });
    const service = start('crashing', identity('crashing'));
    await listening(service);
    service.child.kill('SIGUSR2');
    await until(async () => {
      const metrics = await fetch(`http://127.0.0.1:${service.port('http')}/metrics`);
      return (await metrics.text()).includes('process_crashes_total 1');
    });
    expect(await service.exited).toBe(1);
    const crashed = service.lines().find(({ message }) => message === 'process crashed');
    expect(JSON.stringify(crashed)).toContain('nobody catches this');
  });

  it.each([
    ['api', { PORT: 'x' }, /^bad environment: PORT is "x": [^\n]+\n$/],
    ['api', { DATABASE_URL: '' }, /^bad environment: DATABASE_URL is set: Invalid URL\n$/],
    ['gateway', { UPSTREAMS: '' }, /^bad environment: UPSTREAMS is "": at least one upstream is needed\n$/],
    ['inbox', {}, /^bad environment: SMTP_PORT is not set: [^\n]+\n$/],
  ])('%s ends with one clear line for %j', async (bundle, change, line) => {
    const service = start(bundle, { ...(bundle === 'api' ? apiEnvironment() : identity(bundle)), ...change });
    expect(await service.exited).toBe(1);
    expect(service.output.stderr).toMatch(line);
  });

  it.each(['PORT', 'ADMIN_PORT'])('end with one clear line when %s is taken', async (name) => {
    await using taken = await startCollector();
    const { port } = new URL(taken.url);
    const gateway = start('gateway', {
      ...identity('gateway'),
      UPSTREAMS: 'api-1=http://127.0.0.1:9',
      [name]: port,
    });
    expect(await gateway.exited).toBe(1);
    expect(gateway.output.stderr).toBe(
      `gateway: cannot listen on 127.0.0.1:${port}: another process has it\n`,
    );
  });
});

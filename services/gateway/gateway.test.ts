import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestTelemetry, sampleOf, serve, until } from '../telemetry/test-service.ts';
import { createGateway, type Gateway } from './gateway.ts';

/** A real upstream on a real port. `behaviour` answers all but the health check, which `ready` decides. */
interface TestUpstream {
  readonly url: URL;
  readonly requests: IncomingMessage[];
  ready: boolean | 'hang';
  behaviour: RequestListener;
  stop(): Promise<void>;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startUpstream(behaviour?: RequestListener, port = 0): Promise<TestUpstream> {
  const server = createServer((request, response) => {
    if (request.url === '/ready') {
      if (upstream.ready === 'hang') return;
      response.statusCode = upstream.ready ? 200 : 503;
      response.end();
      return;
    }
    upstream.requests.push(request);
    upstream.behaviour(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  const upstream: TestUpstream = {
    url: new URL(`http://127.0.0.1:${address.port}`),
    requests: [],
    ready: true,
    behaviour: behaviour ?? echo,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  cleanups.push(() => upstream.stop());
  return upstream;
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: String(Buffer.concat(chunks)),
      }),
    );
  });
}

const answer =
  (status: number): RequestListener =>
  (request, response) => {
    request.resume();
    response.statusCode = status;
    response.end(`status ${status}`);
  };
const hang: RequestListener = (request) => void request.resume();
const breakOff: RequestListener = (request) => void request.socket.destroy();

async function startGateway(
  upstreams: readonly { url: URL }[],
  options: Partial<{ timeoutMs: number; healthIntervalMs: number; resetMs: number }> = {},
) {
  const telemetry = createTestTelemetry();
  const gateway: Gateway = createGateway({
    addresses: upstreams.map(({ url }, index) => ({ name: `api-${index + 1}`, url })),
    endpoints: ['/api/v1/notes', '/api/v1/notes/:id'],
    upstreamTimeoutMs: options.timeoutMs ?? 300,
    healthIntervalMs: options.healthIntervalMs ?? 50,
    breakerResetMs: options.resetMs ?? 200,
    faults: (_request, _response, next) => next(),
    ...telemetry,
  });
  const server = await serve(gateway.app);
  cleanups.push(async () => {
    gateway.close();
    await server[Symbol.asyncDispose]();
  });
  await until(() => gateway.upstreams.every(({ healthy }) => healthy));
  return { ...telemetry, gateway, url: server.url, notes: `${server.url}/api/v1/notes` };
}

describe('balancing', () => {
  it('spreads requests evenly over idle upstreams', async () => {
    const upstreams = [await startUpstream(), await startUpstream(), await startUpstream()];
    const { notes } = await startGateway(upstreams);
    for (let turn = 0; turn < 30; turn++) await (await fetch(notes)).text();
    expect(upstreams.map(({ requests }) => requests.length)).toEqual([10, 10, 10]);
  });

  it('sends a slow upstream less', async () => {
    const waiting: ServerResponse[] = [];
    const slow = await startUpstream((_request, response) => waiting.push(response));
    const quick = await startUpstream();
    const { notes, gateway } = await startGateway([slow, quick], { timeoutMs: 5_000 });
    const pending = [fetch(notes), fetch(notes)];
    await until(() => waiting.length === 1);
    for (let turn = 0; turn < 20; turn++) await (await fetch(notes)).text();
    expect(slow.requests.length).toBe(1);
    expect(gateway.upstreams[0]?.outstanding).toBe(1);
    waiting[0]?.end('done');
    await Promise.all(pending);
    await until(() => gateway.upstreams.every(({ outstanding }) => outstanding === 0));
  });

  it('answers 503 with a problem body when nobody is healthy', async () => {
    const upstream = await startUpstream();
    const { notes, url, gateway } = await startGateway([upstream]);
    upstream.ready = false;
    await until(() => !gateway.upstreams[0]?.healthy);
    const refused = await fetch(notes);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ type: 'urn:problem:no-healthy-upstream', status: 503 });
    expect((await fetch(`${url}/ready`)).status).toBe(503);
  });
});

describe('passing on', () => {
  it('carries method, query, body, request ID and who asked', async () => {
    const { notes } = await startGateway([await startUpstream()]);
    const response = await fetch(`${notes}?q=a%20b`, {
      method: 'POST',
      body: '{"title":"x"}',
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine', authorization: 'Bearer t' },
    });
    const seen = (await response.json()) as { url: string; body: string; headers: Record<string, string> };
    expect(seen.url).toBe('/api/v1/notes?q=a%20b');
    expect(seen.body).toBe('{"title":"x"}');
    expect(seen.headers).toMatchObject({
      'x-request-id': 'mine',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': new URL(notes).host,
      authorization: 'Bearer t',
    });
    expect(response.headers.get('x-request-id')).toBe('mine');
    expect(response.headers.get('x-served-by')).toBe('api-1');
  });

  it('keeps the headers of a connection to that connection, both ways', async () => {
    const upstream = await startUpstream((request, response) => {
      response.writeHead(200, { connection: 'close, x-inner', 'x-inner': '1', 'x-outer': '2' });
      response.end(JSON.stringify(request.headers));
    });
    const { url } = await startGateway([upstream]);
    const raw = await rawRequest(
      url,
      'GET /api/v1/notes HTTP/1.1\r\nHost: x\r\nConnection: close, X-Secret-Hop\r\nX-Secret-Hop: 1\r\nTE: trailers\r\nX-Kept: 2\r\n\r\n',
    );
    expect(raw).toContain('x-outer: 2');
    expect(raw).not.toContain('x-inner');
    expect(upstream.requests[0]?.headers).toMatchObject({ 'x-kept': '2' });
    expect(upstream.requests[0]?.headers).not.toHaveProperty('x-secret-hop');
    expect(upstream.requests[0]?.headers).not.toHaveProperty('te');
  });

  it('streams a large answer whole', async () => {
    const { notes } = await startGateway([
      await startUpstream((_request, response) => void response.end(Buffer.alloc(5_000_000, 'x'))),
    ]);
    expect((await (await fetch(notes)).arrayBuffer()).byteLength).toBe(5_000_000);
  });

  it('keeps its connections to an upstream', async () => {
    const upstream = await startUpstream();
    const { notes } = await startGateway([upstream]);
    for (let turn = 0; turn < 10; turn++) {
      await (await fetch(notes)).text();
      await (await fetch(notes, { method: 'POST', body: '{}' })).text();
    }
    expect(new Set(upstream.requests.map(({ socket }) => socket)).size).toBe(1);
  });

  it('refuses a body that it cannot keep', async () => {
    const upstream = await startUpstream();
    const { notes } = await startGateway([upstream]);
    const response = await fetch(notes, { method: 'POST', body: 'x'.repeat(200_000) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ type: 'urn:problem:body-too-large' });
    expect(upstream.requests.length).toBe(0);
  });

  it('passes only /api on: metrics and admin of a replica stay inside', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway([upstream]);
    for (const path of ['/faults', '/admin', '/apix', '/'])
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    expect(upstream.requests.length).toBe(0);
  });
});

describe('failing upstreams', () => {
  it('turns away from an upstream that stops, without a failed request', async () => {
    const [first, second] = [await startUpstream(), await startUpstream()];
    const { notes, gateway, registry } = await startGateway([first, second], { healthIntervalMs: 10_000 });
    await first.stop();
    for (let turn = 0; turn < 20; turn++) {
      // A refused connection was never used: even a POST may go elsewhere.
      const response = await fetch(notes, { method: turn % 2 === 0 ? 'GET' : 'POST' });
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(gateway.upstreams[0]?.healthy).toBe(false);
    expect(await sampleOf(registry, 'gateway_upstream_healthy{upstream="api-1"}')).toBe(0);
    expect(await sampleOf(registry, 'gateway_upstream_requests_total{upstream="api-2",status="200"}')).toBe(
      20,
    );
  });

  it('takes an upstream back when it answers again', async () => {
    const first = await startUpstream();
    const { gateway } = await startGateway([first]);
    const port = Number(first.url.port);
    await first.stop();
    await until(() => !gateway.upstreams[0]?.healthy);
    await startUpstream(echo, port);
    await until(() => gateway.upstreams[0]?.healthy === true);
  });

  it('finds out by its health checks that an upstream hangs', async () => {
    const first = await startUpstream();
    const { gateway, lines } = await startGateway([first]);
    first.ready = 'hang';
    await until(() => !gateway.upstreams[0]?.healthy);
    expect(lines().find(({ message }) => message === 'upstream unhealthy')).toMatchObject({
      level: 'warn',
      upstream: 'api-1',
      reason: 'missed',
    });
  });

  it.each([
    ['hangs', hang, 'timeout'],
    ['breaks off', breakOff, 'broken'],
    ['answers 503', answer(503), '503'],
    ['answers 502', answer(502), '502'],
  ])('repeats a GET elsewhere when an upstream %s', async (_what, behaviour, status) => {
    const [bad, good] = [await startUpstream(behaviour), await startUpstream()];
    const { notes, registry } = await startGateway([bad, good]);
    const answers = [await fetch(notes), await fetch(notes)];
    expect(answers.map((response) => response.status)).toEqual([200, 200]);
    expect(bad.requests.length).toBe(1);
    expect(
      await sampleOf(registry, `gateway_upstream_requests_total{upstream="api-1",status="${status}"}`),
    ).toBe(1);
  });

  it.each([
    ['hangs', hang, 504, 'upstream-timeout'],
    ['breaks off', breakOff, 502, 'upstream-failed'],
  ])('never repeats a POST that may have arrived: an upstream %s', async (_what, behaviour, status, type) => {
    const upstreams = [await startUpstream(behaviour), await startUpstream(behaviour)];
    const { notes } = await startGateway(upstreams);
    const response = await fetch(notes, { method: 'POST', body: '{}' });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: `urn:problem:${type}` });
    expect(upstreams.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(1);
  });

  it('repeats once only', async () => {
    const upstreams = [
      await startUpstream(breakOff),
      await startUpstream(breakOff),
      await startUpstream(breakOff),
    ];
    const { notes } = await startGateway(upstreams);
    expect((await fetch(notes)).status).toBe(502);
    expect(upstreams.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(2);
  });

  it('passes a 500 on as it is: a retry would hide a defect', async () => {
    const upstreams = [await startUpstream(answer(500)), await startUpstream(answer(500))];
    const { notes } = await startGateway(upstreams);
    const response = await fetch(notes);
    expect([response.status, await response.text()]).toEqual([500, 'status 500']);
    expect(upstreams.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(1);
  });

  it('ends the connection when an answer breaks off half-way', async () => {
    const { notes } = await startGateway([
      await startUpstream((_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      }),
    ]);
    await expect(fetch(notes).then((response) => response.text())).rejects.toThrow();
  });

  it('gives up an upstream’s work when the client goes away, without blaming the upstream', async () => {
    const upstream = await startUpstream(hang);
    const { notes, gateway, registry } = await startGateway([upstream], { timeoutMs: 10_000 });
    await expect(fetch(notes, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    await until(() => gateway.upstreams[0]?.outstanding === 0);
    expect(
      await sampleOf(registry, 'gateway_upstream_requests_total{upstream="api-1",status="abandoned"}'),
    ).toBe(1);
    expect(gateway.upstreams[0]?.circuit).toBe('closed');
  });
});

describe('circuit', () => {
  it('opens on errors, keeps requests away, and closes after a trial that succeeds', async () => {
    const [bad, good] = [await startUpstream(answer(500)), await startUpstream()];
    const { notes, gateway, registry, lines } = await startGateway([bad, good], { resetMs: 3_000 });
    const state = () => sampleOf(registry, 'circuit_breaker_state{upstream="api-1"}');
    expect(await state()).toBe(0);
    while (gateway.upstreams[0]?.circuit === 'closed') await (await fetch(notes)).text();
    expect(bad.requests.length).toBe(10);
    expect(await state()).toBe(1);
    for (let turn = 0; turn < 10; turn++) expect((await fetch(notes)).status).toBe(200);
    expect(bad.requests.length).toBe(10);
    bad.behaviour = echo;
    await until(() => gateway.upstreams[0]?.circuit === 'half-open');
    expect(await state()).toBe(2);
    await until(async () => {
      await (await fetch(notes)).text();
      return gateway.upstreams[0]?.circuit === 'closed';
    });
    expect(lines().map(({ message }) => message)).toEqual(
      expect.arrayContaining(['circuit opened', 'circuit half open', 'circuit closed']),
    );
  });

  it('opens again when the trial fails', async () => {
    const [bad, good] = [await startUpstream(answer(500)), await startUpstream()];
    const { notes, gateway } = await startGateway([bad, good], { resetMs: 50 });
    while (gateway.upstreams[0]?.circuit === 'closed') await (await fetch(notes)).text();
    await until(() => gateway.upstreams[0]?.circuit === 'half-open');
    const before = bad.requests.length;
    await until(async () => {
      await (await fetch(notes)).text();
      return bad.requests.length > before;
    });
    await until(() => gateway.upstreams[0]?.circuit === 'open');
  });
});

async function rawRequest(url: string, text: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

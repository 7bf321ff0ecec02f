import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectBackends } from './backends.ts';
import { brokenConnections, type Connection, labConnections } from './connections.ts';

/** A double of gateway and backends, over real HTTP: it answers as a lab does in which everything arrives. */
let answers: Record<string, unknown>;
let traceparent: string | undefined;
let server: Server;
let url: string;
let standbys: { name: string; state: string }[];

beforeEach(async () => {
  traceparent = undefined;
  standbys = [{ name: 'postgres-replica', state: 'streaming' }];
  const alert = {
    ...{ labels: { alertname: 'Watchdog' }, annotations: {}, startsAt: '', endsAt: '', updatedAt: '' },
    ...{ fingerprint: 'f', receivers: [], status: { state: 'active', silencedBy: [], inhibitedBy: [] } },
  };
  const target = { labels: { instance: 'api-1' }, health: 'up', lastError: '', scrapeUrl: '' };
  answers = {
    '/api/v1/targets': { status: 'success', data: { activeTargets: [target] } },
    '/api/v2/alerts': [alert],
    '/loki/api/v1/query_range': {
      status: 'success',
      data: { resultType: 'streams', result: [{ stream: {}, values: [['1', 'a line']] }] },
    },
    trace: { result: { resourceSpans: [spans] } },
  };
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://lab');
    if (request.headers.traceparent !== undefined) traceparent = String(request.headers.traceparent);
    const traceId = traceparent?.split('-')[1] ?? 'none';
    if (pathname === '/api/v1/notes') response.writeHead(401).end();
    else if (pathname === `/api/v3/traces/${traceId}`) response.end(JSON.stringify(answers.trace));
    else if (pathname.startsWith('/loki') && !searchParams.get('query')?.includes(traceId))
      response.writeHead(400).end();
    else response.writeHead(pathname in answers ? 200 : 404).end(JSON.stringify(answers[pathname]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const spans = {
  resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] },
  scopeSpans: [
    {
      scope: { name: 'http' },
      spans: [
        {
          ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name: 'GET' },
          ...{ kind: 2, startTimeUnixNano: '1', endTimeUnixNano: '2' },
        },
      ],
    },
  ],
};
const connections = (): Connection[] => {
  const lab = { address: () => ({ host: '127.0.0.1', port: 0, url }) };
  return labConnections(lab, connectBackends(lab), async () => standbys);
};
const ask = (withinMs = 2_000) =>
  brokenConnections(connections(), { withinMs, signal: new AbortController().signal });

test('where everything arrives nothing is broken', async () => {
  expect(await ask()).toEqual([]);
});

test.each<[string, () => void, string, string]>([
  [
    'no standby',
    () => void standbys.splice(0),
    'the standby streams from the primary',
    'no standby is connected',
  ],
  [
    'a standby that catches up',
    () => void Object.assign(standbys[0]!, { state: 'catchup' }),
    'the standby streams from the primary',
    'postgres-replica: catchup',
  ],
  [
    'no target',
    () =>
      void Object.assign(answers, { '/api/v1/targets': { status: 'success', data: { activeTargets: [] } } }),
    'Prometheus scrapes every target',
    'it has none',
  ],
  [
    'a target that is down',
    () => {
      const down = {
        labels: { instance: 'jaeger' },
        health: 'down',
        lastError: 'connection refused',
        scrapeUrl: '',
      };
      answers['/api/v1/targets'] = { status: 'success', data: { activeTargets: [down] } };
    },
    'Prometheus scrapes every target',
    'jaeger connection refused',
  ],
  [
    'no alert',
    () => void Object.assign(answers, { '/api/v2/alerts': [] }),
    'alerts reach Alertmanager',
    'the alert that always fires is not there',
  ],
  [
    'no line',
    () =>
      void Object.assign(answers, {
        '/loki/api/v1/query_range': {
          status: 'success',
          data: { resultType: 'streams', result: [] },
        },
      }),
    'log lines reach Loki',
    'no line of a request made now',
  ],
  [
    'no span',
    () => void Object.assign(answers, { trace: { result: { resourceSpans: [] } } }),
    'spans reach Jaeger',
    'no span of a request made now',
  ],
])('%s is told when its time is over', async (_, spoil, claim, problem) => {
  spoil();
  expect(await ask(500)).toMatchObject([{ claim, problem }]);
});

test('what holds later holds, and a server that does not answer is a problem in its words', async () => {
  const state = standbys[0]!;
  state.state = 'catchup';
  setTimeout(() => {
    state.state = 'streaming';
  }, 300);
  expect(await ask()).toEqual([]);
  server.closeAllConnections();
  server.close();
  expect(await ask(300)).toMatchObject([
    { component: 'prometheus', problem: expect.stringContaining('is not reachable') },
    { component: 'alertmanager', problem: expect.stringContaining('is not reachable') },
    { component: 'loki', problem: 'the gateway does not answer' },
    { component: 'jaeger', problem: 'the gateway does not answer' },
  ]);
});

test('Ctrl-C ends the wait', async () => {
  standbys.splice(0);
  const interruption = new AbortController();
  setTimeout(() => interruption.abort(new Error('Ctrl-C')), 100);
  await expect(
    brokenConnections(connections(), { withinMs: 60_000, signal: interruption.signal }),
  ).rejects.toThrow('Ctrl-C');
});

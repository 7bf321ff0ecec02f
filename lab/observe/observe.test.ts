import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlertmanagerClient } from './alertmanager-client.ts';
import { GrafanaClient } from './grafana-client.ts';
import { InboxClient } from './inbox-client.ts';
import { JaegerClient } from './jaeger-client.ts';
import { LokiClient } from './loki-client.ts';
import { PrometheusClient } from './prometheus-client.ts';

/** One answer for every request, over real HTTP; what was asked is kept. */
let answer: { status: number; body: string; hang?: boolean };
let asked: { method: string; url: URL; body: string; headers: Record<string, unknown> }[];
let server: Server;
let base: string;

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: '{}' };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push({
        method: request.method ?? '',
        url: new URL(request.url ?? '/', 'http://x'),
        body,
        headers: request.headers,
      });
      if (answer.hang !== true) response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const json = (body: unknown, status = 200): void => {
  answer = { status, body: JSON.stringify(body) };
};

describe('Prometheus', () => {
  it('reads vectors with their NaN and infinities', async () => {
    json({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: { instance: 'api-1' }, value: [1.5, 'NaN'] },
          { metric: { instance: 'api-2' }, value: [1.5, '+Inf'] },
          { metric: { instance: 'api-3' }, value: [1.5, '0.25'] },
        ],
      },
    });
    const samples = await new PrometheusClient(base).query('up', { timeMs: 1_500 });
    expect(samples.map((sample) => sample.value)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0.25]);
    expect(samples[0]).toMatchObject({ labels: { instance: 'api-1' }, timestampMs: 1_500 });
    expect(Object.fromEntries(new URLSearchParams(asked[0]!.body))).toEqual({ query: 'up', time: '1.500' });
  });

  it('gives one value, none, or an error for many', async () => {
    const client = new PrometheusClient(base);
    json({ status: 'success', data: { resultType: 'vector', result: [] } });
    expect(await client.value('up')).toBeUndefined();
    json({ status: 'success', data: { resultType: 'scalar', result: [1, '7'] } });
    expect(await client.value('scalar(up)')).toBe(7);
    json({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: {}, value: [1, '1'] },
          { metric: {}, value: [1, '2'] },
        ],
      },
    });
    await expect(client.value('up')).rejects.toThrow('this query gives 2 series, one is needed: up');
  });

  it("passes on Prometheus's own words about a bad query", async () => {
    json(
      {
        status: 'error',
        errorType: 'bad_data',
        error: 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
      },
      400,
    );
    await expect(new PrometheusClient(base).query('sum(')).rejects.toMatchObject({
      failure: 'refused',
      status: 400,
      message: expect.stringContaining('unclosed left parenthesis'),
    });
  });

  it('tells unreachable, hanging and garbled backends apart', async () => {
    const client = new PrometheusClient(base);
    answer = { status: 200, body: 'not json' };
    await expect(client.alerts()).rejects.toMatchObject({ failure: 'shape' });
    json({ status: 'success', data: { alerts: [{ labels: 'x' }] } });
    await expect(client.alerts()).rejects.toMatchObject({
      failure: 'shape',
      message: expect.stringContaining('data.alerts.0.labels'),
    });
    answer = { status: 200, body: '', hang: true };
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(new Error('Interrupted.')), 50);
    await expect(client.alerts({ signal: interruption.signal })).rejects.toThrow('Interrupted.');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(client.alerts()).rejects.toThrow(
      /^Prometheus is not reachable at http:.*: (ECONNREFUSED|UND_ERR_SOCKET)$/,
    );
  });
});

describe('Loki', () => {
  it('counts no line as zero', async () => {
    json({ status: 'success', data: { resultType: 'vector', result: [] } });
    expect(await new LokiClient(base).count('sum(count_over_time({a="b"}[5s]))')).toBe(0);
  });

  it('reads lines of all streams, newest first, and asks in nanoseconds', async () => {
    json({
      status: 'success',
      data: {
        resultType: 'streams',
        result: [
          {
            stream: { instance: 'api-1' },
            values: [
              ['1000000000', 'one'],
              ['3000000000', 'three', { traceID: 'x' }],
            ],
          },
          { stream: { instance: 'api-2' }, values: [['2000000000', 'two']] },
        ],
      },
    });
    const lines = await new LokiClient(base).lines('{a="b"}', {
      startMs: 1_767_225_600_000,
      endMs: 1_767_225_600_500,
    });
    expect(lines.map((line) => line.line)).toEqual(['three', 'two', 'one']);
    expect(asked[0]!.url.searchParams.get('start')).toBe('1767225600000000000');
  });
});

describe('Jaeger', () => {
  const traces = {
    result: {
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'api' } },
              { key: 'service.instance.id', value: { stringValue: 'api-1' } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: '@opentelemetry/instrumentation-pg' },
              spans: [
                {
                  traceId: 'ABCDEF00000000000000000000000001',
                  spanId: '0000000000000002',
                  parentSpanId: '0000000000000000',
                  name: 'pg.query:SELECT',
                  kind: 3,
                  startTimeUnixNano: '1767225600000000123',
                  endTimeUnixNano: '1767225600500250123',
                  attributes: [
                    { key: 'db.system', value: { stringValue: 'postgresql' } },
                    { key: 'rows', value: { intValue: '3' } },
                  ],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    },
  };

  it('flattens OTLP into spans with microseconds kept', async () => {
    json(traces);
    const found = await new JaegerClient(base).findTraces({
      service: 'api',
      startMs: 0,
      endMs: 1000,
      minDurationMs: 500,
      limit: 7,
    });
    expect([...found.keys()]).toEqual(['abcdef00000000000000000000000001']);
    expect([...found.values()][0]).toMatchObject([
      {
        service: 'api',
        instance: 'api-1',
        kind: 'client',
        parentSpanId: '',
        durationMs: 500.25,
        error: true,
        attributes: { 'db.system': 'postgresql', rows: 3 },
      },
    ]);
    expect(Object.fromEntries(asked[0]!.url.searchParams)).toMatchObject({
      'query.service_name': 'api',
      'query.start_time_min': '1970-01-01T00:00:00.000Z',
      'query.duration_min': '500ms',
      'query.search_depth': '7',
    });
  });

  it('takes 404 as no trace, and other errors as errors', async () => {
    json({ error: { httpCode: 404, message: 'No traces found' } }, 404);
    expect(await new JaegerClient(base).trace('00')).toEqual([]);
    json({ error: { httpCode: 500, message: 'storage' } }, 500);
    await expect(new JaegerClient(base).trace('00')).rejects.toMatchObject({ status: 500 });
  });
});

describe('Alertmanager, Grafana, inbox', () => {
  it('filters alerts and silences by labels', async () => {
    json([]);
    await new AlertmanagerClient(base).alerts({ filter: ['alertname="HighLatency"', 'instance="api-1"'] });
    expect(asked[0]!.url.searchParams.getAll('filter')).toEqual([
      'alertname="HighLatency"',
      'instance="api-1"',
    ]);
    json({ silenceID: 'abc' });
    const client = new AlertmanagerClient(base);
    expect(await client.silence({ alertname: 'X' }, 60_000, { createdBy: 'me', comment: 'c' })).toBe('abc');
    expect(JSON.parse(asked[1]!.body)).toMatchObject({
      matchers: [{ name: 'alertname', value: 'X', isRegex: false, isEqual: true }],
      createdBy: 'me',
    });
  });

  it('annotates as the admin and links a query into Explore', async () => {
    json({ id: 5 });
    const client = new GrafanaClient(base, 'secret');
    expect(await client.annotate({ text: 'Break', tags: ['lab'], timeMs: 1.4 })).toBe(5);
    expect(asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('admin:secret').toString('base64')}`);
    const panes = JSON.parse(new URL(client.exploreLink('loki', '{a="b"}')).searchParams.get('panes')!);
    expect(panes.lab.queries[0]).toMatchObject({ expr: '{a="b"}' });
  });

  it('reads notifications', async () => {
    json({
      notifications: [
        {
          id: 1,
          receivedAt: '2026-01-01T00:00:00Z',
          channel: 'slack',
          receiver: 'alerts',
          status: 'firing',
          alertname: 'HighLatency',
          service: 'api',
          severity: 'warning',
          instances: ['api-1'],
          title: 't',
          text: 'x',
        },
      ],
    });
    const [first] = await new InboxClient(base).notifications({
      sinceMs: 0,
      alertname: 'HighLatency',
      status: 'firing',
    });
    expect(first).toMatchObject({ id: '1', instances: ['api-1'] });
    expect(Object.fromEntries(asked[0]!.url.searchParams)).toEqual({
      since: '1970-01-01T00:00:00.000Z',
      alertname: 'HighLatency',
      status: 'firing',
    });
  });
});

// A body costs a server what grows with its size and no faster, whatever its shape. Measured in processor time, as a ratio
// to a body of a quarter of the size: a clock on the wall would measure the machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAlertmanager } from './alertmanager/server.ts';
import { startTestServer as startJaeger } from './jaeger/testing.ts';
import { startTestServer as startLoki } from './loki/server/test-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'bodies-'));
const url: Record<string, string> = {};
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const configFile = join(directory, 'alertmanager.yml');
  writeFileSync(configFile, 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n');
  const alertmanager = await startAlertmanager('127.0.0.1:0', { configFile });
  const loki = await startLoki({ limits: 'ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000' });
  const jaeger = await startJaeger({ maxBodyBytes: 32 * 1024 * 1024 });
  url.alertmanager = alertmanager.url;
  url.loki = loki.server.url;
  url.jaeger = jaeger.otlpUrls[0]!;
  closing.push(
    () => alertmanager.close(),
    () => loki.server.close(),
    () => jaeger.close(),
  );
});
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(directory, { recursive: true, force: true });
});

const keys = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":"v"`).join(',')}}`;
const numbers = (count: number): string =>
  `[${Array.from({ length: count }, (_, index) => index).join(',')}]`;
const attributes = (count: number): string =>
  `[${Array.from({ length: count }, (_, index) => `{"key":"k${index}","value":{"intValue":"1"}}`).join(',')}]`;
const nested = (depth: number): string => '{"arrayValue":{"values":['.repeat(depth) + ']}}'.repeat(depth);

/** What the request costs this process, which is client and server. The least of three: the first one also compiles. */
async function costMs(address: string, body: string): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    await answer.text();
    const { user, system } = process.cpuUsage(before);
    expect(answer.status).toBeLessThan(500);
    costs.push((user + system) / 1000);
  }
  return Math.min(...costs);
}

test.each<[string, string, string, (count: number) => string, number]>([
  ['silence of many keys', 'alertmanager', '/api/v2/silences', keys, 60_000],
  ['alert of many labels', 'alertmanager', '/api/v2/alerts', (n) => `[{"labels":${keys(n)}}]`, 100_000],
  ['alerts that are keys', 'alertmanager', '/api/v2/alerts', keys, 400_000],
  ['alerts that are numbers', 'alertmanager', '/api/v2/alerts', numbers, 1_000_000],
  ['push of numbers', 'loki', '/loki/api/v1/push', (n) => `{"streams":${numbers(n)}}`, 400_000],
  [
    'stream of many labels',
    'loki',
    '/loki/api/v1/push',
    (n) => `{"streams":[{"stream":${keys(n)},"values":[]}]}`,
    100_000,
  ],
  [
    'log resource of many attributes',
    'loki',
    '/otlp/v1/logs',
    (n) => `{"resourceLogs":[{"resource":{"attributes":${attributes(n)}},"scopeLogs":[]}]}`,
    40_000,
  ],
  [
    'log record nested deep',
    'loki',
    '/otlp/v1/logs',
    (n) => `{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":${nested(n)}}]}}]}`,
    60_000,
  ],
  [
    'span resource of many attributes',
    'jaeger',
    '/v1/traces',
    (n) => `{"resourceSpans":[{"resource":{"attributes":${attributes(n)}}}]}`,
    100_000,
  ],
  ['span of numbers', 'jaeger', '/v1/traces', (n) => `{"resourceSpans":${numbers(n)}}`, 1_000_000],
  [
    'span resource nested deep',
    'jaeger',
    '/v1/traces',
    (n) => `{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":${nested(n)}}]}}]}`,
    60_000,
  ],
])(
  '%s: what it costs %s is linear in its size',
  async (_title, server, path, make, count) => {
    const address = url[server]! + path;
    await costMs(address, make(count / 16));
    // Below some milliseconds there is nothing to see; what is quadratic takes sixteen times as much.
    const quarter = Math.max(5, await costMs(address, make(count / 4)));
    const whole = await costMs(address, make(count));
    expect(whole / quarter).toBeLessThan(9);
  },
  60_000,
);

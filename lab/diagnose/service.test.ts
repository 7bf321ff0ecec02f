import { expect, test } from 'vitest';
import { findComponent } from '../../stack/topology.ts';
import type { Finding } from './finding.ts';
import type { Measured } from './measured.ts';
import type { GaugeName, ServiceReadings } from './read-service.ts';
import { describeService } from './service.ts';

const target = (health: 'up' | 'down'): ServiceReadings['target'] => ({
  value: {
    labels: { instance: 'api-1' },
    health,
    lastError: health === 'up' ? '' : 'connection refused',
    scrapeUrl: '',
  },
});
const readings = (
  gauges: Partial<Record<GaugeName, Measured<number | undefined>>>,
  more: Partial<ServiceReadings> = {},
): ServiceReadings => ({
  component: findComponent('api-1')!,
  status: { id: 'api-1', state: 'running', ready: true },
  reach: { outcome: 'answered', milliseconds: 3, status: 200 },
  target: target('up'),
  gauges: new Map(Object.entries(gauges)) as ServiceReadings['gauges'],
  errorLines: { value: [] },
  jaegerUrl: 'http://jaeger',
  grafanaUrl: 'http://grafana',
  ...more,
});
const find = (subject: string, given: ServiceReadings): Finding | undefined =>
  describeService(given, 15)
    .flatMap(({ findings }) => findings)
    .find((one) => one.subject === subject);

test('a figure above the limit of its alert is wrong, and says where to look', () => {
  const given = readings({
    p95Seconds: { value: 0.742 },
    errorRatio: { value: 0.08 },
    cpu: { value: 0.9 },
    eventLoopLagSeconds: { value: 0.3 },
    poolActive: { value: 9 },
    poolMax: { value: 10 },
    poolWaiting: { value: 2 },
  });
  expect(find('p95', given)).toMatchObject({
    verdict: 'wrong',
    text: '742 ms',
    next: 'http://jaeger/search?service=api&minDuration=300ms',
  });
  expect(find('errors', given)).toMatchObject({ verdict: 'wrong', text: '8.0 % of the requests' });
  expect(find('cpu', given)).toMatchObject({ verdict: 'wrong', text: '90.0 % of one processor' });
  expect(find('event loop', given)?.next).toBe('http://grafana/d/instance?var-instance=api-1');
  expect(find('pool', given)).toMatchObject({
    verdict: 'wrong',
    text: '9 of 10 database connections in use, 2 callers wait',
    next: 'npm run lab -- diagnose postgres',
  });
});

test('what was not measured says why, and has no value', () => {
  const given = readings({
    cpu: { reason: 'Prometheus is not reachable at http://p: ECONNREFUSED' },
    residentBytes: { value: undefined },
    p95Seconds: { value: Number.NaN },
  });
  expect(find('cpu', given)).toEqual({
    subject: 'cpu',
    verdict: 'unknown',
    text: 'could not be measured: Prometheus is not reachable at http://p: ECONNREFUSED',
  });
  expect(find('memory', given)).toMatchObject({
    verdict: 'unknown',
    text: 'Prometheus has no current sample',
  });
  expect(find('p95', given)).toMatchObject({ text: 'no requests, so no p95', facts: { p95Seconds: null } });
});

test('what is missing for one reason is one line', () => {
  const away = { reason: 'Prometheus is away' };
  const given = readings({ cpu: away, residentBytes: away, p95Seconds: away, requestRate: { value: 2 } });
  expect(describeService(given, 15)[1]?.findings.map(({ subject, text }) => [subject, text])).toEqual([
    ['scrape', 'up'],
    ['figures', 'could not be measured: Prometheus is away (cpu, memory, p95)'],
    ['requests', '2.0 a second'],
  ]);
});

test('no series of requests means none were served only while it is scraped', () => {
  const nothing = { requestRate: { value: undefined } };
  expect(find('requests', readings(nothing))).toMatchObject({
    verdict: 'ok',
    text: 'none served since it started',
  });
  expect(find('requests', readings(nothing, { target: target('down') }))).toMatchObject({
    verdict: 'unknown',
  });
});

test('error lines lead to their traces, in one line each', () => {
  const at = Date.parse('2026-01-01T12:00:00Z');
  const lines = [
    { timestampMs: at, message: 'request failed\n\u001b[31m', traceId: 'abc' },
    { timestampMs: at - 1_000, message: 'database unreachable', traceId: undefined },
  ];
  const [, , logs] = describeService(readings({}, { errorLines: { value: lines } }), 15);
  expect(logs?.findings.map(({ text, next }) => [text, next])).toEqual([
    ['request failed \\u001b[31m; trace abc', 'http://jaeger/trace/abc'],
    ['database unreachable (no trace ID)', undefined],
  ]);
});

test('a component of the stack has no pool and no lines of ours', () => {
  const sections = describeService(
    readings({ cpu: { value: 0.1 } }, { component: findComponent('loki')!, errorLines: undefined }),
    15,
  );
  expect(sections).toHaveLength(2);
  expect(sections[1]?.findings.map(({ subject }) => subject)).toEqual(['scrape', 'cpu']);
});

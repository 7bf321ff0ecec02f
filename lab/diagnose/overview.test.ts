import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../root.ts';
import type { Finding } from './finding.ts';
import { limits } from './limits.ts';
import { describeOverview } from './overview.ts';
import { alertKey, type OverviewReadings, type ReplicaRates } from './read-overview.ts';
import type { Upstream } from './read-upstreams.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const alert = (alertname: string, severity: string, state: 'firing' | 'pending' = 'firing') => ({
  labels: { alertname, severity },
  annotations: { summary: `summary of ${alertname}`, runbook_url: `http://inbox/runbooks/${alertname}` },
  state,
  activeAt: '2026-01-01T11:59:00Z',
  value: '1',
});
const upstream = (id: string, more: Partial<Upstream> = {}): Upstream => ({
  id,
  healthy: true,
  circuit: 'closed',
  rates: { '200': 10 },
  ...more,
});
const replica = (instance: string, more: Partial<ReplicaRates> = {}): ReplicaRates => ({
  instance,
  scraped: true,
  rate: 10,
  errorRatio: 0,
  p95Seconds: 0.05,
  ...more,
});

const well: OverviewReadings = {
  nowMs,
  components: ['gateway', 'api-1', 'api-2', 'api-3'].map((id) => ({ id, state: 'running', ready: true })),
  lastAnsweredMs: { value: new Map() },
  alerts: { value: [alert('Watchdog', 'none')] },
  suppressed: { value: new Set() },
  upstreams: { value: [upstream('api-1'), upstream('api-2'), upstream('api-3')] },
  replicas: { value: [replica('api-1'), replica('api-2'), replica('api-3')] },
  errorLines: { value: [] },
  primary: 'postgres-primary',
  replication: {
    value: {
      role: 'primary',
      readOnly: false,
      standbys: [{ name: 'postgres-replica', state: 'streaming', lagBytes: 0, lagSeconds: null }],
    },
  },
};
const look = (more: Partial<OverviewReadings>): readonly Finding[] =>
  describeOverview({ ...well, ...more })[0]!.findings;
const about = (subject: string, more: Partial<OverviewReadings>): Finding[] =>
  look(more).filter((one) => one.subject === subject);

test('a well lab: nothing but what is well', () => {
  expect(new Set(look({}).map(({ verdict }) => verdict))).toEqual(new Set(['ok']));
});

test('the worst comes first: wrong, not measured, worth a look, well', () => {
  const found = look({
    replicas: {
      value: [
        replica('api-1', { errorRatio: 0.01 }),
        replica('api-2', { p95Seconds: 0.4 }),
        replica('api-3'),
      ],
    },
    errorLines: { reason: 'Loki is not reachable at http://loki: ECONNREFUSED' },
  });
  expect(found.map(({ subject, verdict }) => [subject, verdict])).toEqual([
    ['api-2', 'wrong'],
    ['logs', 'unknown'],
    ['api-1', 'notable'],
    ['components', 'ok'],
    ['alerts', 'ok'],
    ['gateway', 'ok'],
    ['api-3', 'ok'],
    ['postgres-primary', 'ok'],
  ]);
  expect(found[1]?.text).toBe('could not be measured: Loki is not reachable at http://loki: ECONNREFUSED');
});

test('a component that is away: its state, and since when it is not scraped, where that is known', () => {
  const components = [
    { id: 'api-2', state: 'crashed', ready: false },
    { id: 'api-3', state: 'running', ready: false },
  ] as const;
  const lastAnsweredMs = {
    value: new Map([
      ['api-2', nowMs - 90_000],
      ['api-3', nowMs - 500],
    ]),
  };
  const [dead] = about('api-2', { components, lastAnsweredMs });
  expect(dead?.text).toMatch(/^crashed; Prometheus last scraped it at .+, 90\.0 s ago$/);
  expect(dead?.facts?.lastAnsweredAt).toBe('2026-01-01T11:58:30.000Z');
  const [unready] = about('api-3', { components, lastAnsweredMs });
  expect(unready?.text).toBe('running, not ready');
  expect(look({ components: components.toReversed(), lastAnsweredMs })[0]?.subject).toBe('api-2');
  const database = [{ id: 'postgres-primary', state: 'paused', ready: false }] as const;
  const reached = { value: new Map([['postgres-primary', nowMs - 10_000]]) };
  expect(about('postgres-primary', { components: database, lastAnsweredMs: reached })[0]?.text).toMatch(
    /^paused; a replica last reached it at .+, 10\.0 s ago$/,
  );
  expect(about('api-2', { components, lastAnsweredMs: { reason: 'away' } })[0]?.text).toBe('crashed');
});

test('alerts: the loudest first, what is about to fire last, and who is not told', () => {
  const loud = alert('ServiceDown', 'critical');
  const all = [alert('HighLatency', 'warning'), alert('EventLoopLag', 'warning', 'pending'), loud];
  const found = look({
    alerts: { value: [alert('Watchdog', 'none'), ...all] },
    suppressed: { value: new Set([alertKey({ severity: 'warning', alertname: 'HighLatency' })]) },
  }).filter(({ facts }) => facts?.alertname !== undefined);
  expect(found.map(({ subject, verdict }) => [subject, verdict])).toEqual([
    ['ServiceDown', 'wrong'],
    ['HighLatency', 'wrong'],
    ['EventLoopLag', 'notable'],
  ]);
  expect(found[0]).toMatchObject({ next: 'http://inbox/runbooks/ServiceDown' });
  expect(found[1]?.text).toMatch(
    /^fires, true since .+ \(warning, tells nobody: silenced or inhibited\): summary/,
  );
});

test('an alerting that is silent is wrong, and one that cannot be asked is not well', () => {
  expect(about('Watchdog', { alerts: { value: [] } })[0]?.verdict).toBe('wrong');
  expect(about('alerts', { alerts: { reason: 'Prometheus is away' } })).toMatchObject([
    { verdict: 'unknown', text: 'could not be measured: Prometheus is away' },
  ]);
});

test('a replica that the gateway does not use, and why', () => {
  const upstreams = {
    value: [
      upstream('api-1'),
      upstream('api-2', { healthy: false, circuit: 'open' }),
      upstream('api-3', { circuit: 'half-open' }),
    ],
  };
  expect(about('gateway', { upstreams }).map(({ verdict, text }) => [verdict, text])).toEqual([
    ['wrong', 'does not use api-2: its health checks fail, its circuit breaker is open'],
    ['wrong', 'does not use api-3: its circuit breaker is half-open'],
  ]);
  expect(about('gateway', { upstreams: { value: [] } })[0]?.verdict).toBe('unknown');
});

test('no value is made up: what is not scraped, has no requests or no p95 says so', () => {
  const replicas = {
    value: [
      replica('api-1', { scraped: false, rate: 0 }),
      replica('api-2', { rate: 0, errorRatio: Number.NaN }),
      replica('api-3', { p95Seconds: Number.NaN }),
    ],
  };
  expect(about('api-1', { replicas })[0]).toMatchObject({
    verdict: 'unknown',
    text: expect.stringContaining('does not get its metrics'),
  });
  expect(about('api-2', { replicas })[0]).toMatchObject({
    verdict: 'notable',
    text: 'serves no requests now, while others do',
  });
  expect(about('api-2', { replicas })[0]?.facts?.errorRatio).toBeNull();
  expect(about('api-3', { replicas })[0]?.text).toContain('p95 not known');
  expect(about('api-1', { replicas: { value: [] } })[0]?.text).toContain('has no such target');
  const oneGone = {
    value: [
      replica('api-1', { rate: 0 }),
      replica('api-2', { scraped: false, rate: 0 }),
      replica('api-3', { rate: 0 }),
    ],
  };
  expect(about('api', { replicas: oneGone })).toHaveLength(1);
  expect(about('api-2', { replicas: oneGone })[0]?.verdict).toBe('unknown');
  expect(about('api-1', { replicas: oneGone })).toEqual([]);
  const idle = { value: ['api-1', 'api-2', 'api-3'].map((id) => replica(id, { rate: 0 })) };
  expect(about('api', { replicas: idle })).toHaveLength(1);
});

test('error lines are counted by service, and the instance with the most is next', () => {
  const errorLines = {
    value: [
      { service: 'api', instance: 'api-1', count: 2 },
      { service: 'api', instance: 'api-3', count: 7 },
      { service: 'gateway', instance: 'gateway', count: 1 },
    ],
  };
  expect(about('logs of api', { errorLines })).toMatchObject([
    {
      verdict: 'notable',
      text: '9 error lines in the last 5 min (api-3 7, api-1 2)',
      next: 'npm run lab -- diagnose api-3',
    },
  ]);
  expect(about('logs of gateway', { errorLines })[0]?.facts?.lines).toBe(1);
});

test('a primary that refuses writes is wrong, whether a standby follows it or not', () => {
  for (const standbys of [
    [],
    [{ name: 'postgres-replica', state: 'streaming', lagBytes: 0, lagSeconds: null }],
  ]) {
    const replication = { value: { role: 'primary' as const, readOnly: true, standbys } };
    expect(about('postgres-primary', { replication })[0]).toMatchObject({
      verdict: 'wrong',
      text: expect.stringContaining('refuses writes'),
      next: expect.stringContaining('promote postgres-replica'),
    });
  }
});

test('replication: gone, late, and a position that nobody told', () => {
  const standby = (more: object): OverviewReadings['replication'] => ({
    value: {
      role: 'primary',
      readOnly: false,
      standbys: [{ name: 'postgres-replica', state: 'streaming', lagBytes: 0, lagSeconds: null, ...more }],
    },
  });
  const verdict = (replication: OverviewReadings['replication']) =>
    about('postgres-primary', { replication })[0]?.verdict;
  expect(verdict({ value: { role: 'primary', readOnly: false, standbys: [] } })).toBe('wrong');
  expect(verdict(standby({ state: 'catchup' }))).toBe('wrong');
  expect(verdict(standby({ lagBytes: 1_000, lagSeconds: 6 }))).toBe('wrong');
  expect(verdict(standby({ lagBytes: 1_000, lagSeconds: 1 }))).toBe('ok');
  expect(verdict(standby({ lagBytes: null }))).toBe('unknown');
});

test('the limits are those of the alerts', () => {
  const rules = parse(readFileSync(join(projectRoot, 'stack/prometheus/rules/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const declared = rules.groups.flatMap((group) => group.rules);
  for (const [name, limit] of Object.entries(limits)) {
    const expr = declared.find(({ alert: one }) => one === name)?.expr ?? '';
    expect([name, Number(/> ([\d.e]+)\s*$/.exec(expr)?.[1])]).toEqual([name, limit]);
  }
});

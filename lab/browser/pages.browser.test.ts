import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseExpr } from '../../stack/embedded/prometheus/promql/parser/parse.ts';
import { codeSpans, readRunbooks } from '../../stack/runbooks/code-spans.ts';
import { AlertmanagerClient } from '../observe/alertmanager-client.ts';
import { GrafanaClient } from '../observe/grafana-client.ts';
import { InboxClient } from '../observe/inbox-client.ts';
import { JaegerClient } from '../observe/jaeger-client.ts';
import { PrometheusClient } from '../observe/prometheus-client.ts';
import { projectRoot } from '../root.ts';
import { type BrokenLab, bootBrokenLab, chromium, skipReason } from './broken-lab.ts';
import type { WatchedPage } from './watched-page.ts';

describe.skipIf(chromium === undefined)(`the pages of an embedded lab with a fault${skipReason}`, () => {
  let lab: BrokenLab;
  const url = (component: string): string => lab.url(component);
  const open = (address: string): Promise<WatchedPage> => lab.open(address);
  const tableRows = ({ page }: WatchedPage) => page.locator('main table tr:has(td)');

  beforeAll(async () => {
    lab = await bootBrokenLab('pages', 'light');
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test('the inbox shows the notification, and leads to its runbook', async () => {
    await using inbox = await open(url('inbox'));
    const item = inbox.page.locator('li.firing', { hasText: 'HighLatency' }).first();
    expect(await item.textContent()).toMatch(/FIRING:1\] HighLatency[\s\S]*api-1/i);
    await inbox.picture('inbox');
    await item.getByRole('link', { name: 'Runbook' }).click();
    await inbox.page.waitForURL('**/runbooks/HighLatency');
    expect(await inbox.page.getByRole('heading', { level: 1 }).textContent()).toBe('HighLatency');
    expect(await inbox.page.locator('code').count()).toBeGreaterThan(3);
    await inbox.picture('inbox-runbook');
    await inbox.page.getByRole('link', { name: 'Runbooks' }).click();
    await inbox.page.waitForURL('**/runbooks');
    await inbox.page.getByRole('link', { name: 'ServiceDown' }).click();
    await inbox.page.waitForURL('**/runbooks/ServiceDown');
    expect(inbox.problems).toEqual([]);
  });

  test('the runbook_url of the alert opens the runbook', async () => {
    const alerts = await new PrometheusClient(url('prometheus')).alerts();
    const address = alerts.find(({ labels }) => labels.alertname === 'HighLatency')?.annotations.runbook_url;
    await using runbook = await open(String(address));
    expect(await runbook.page.title()).toBe('HighLatency: runbook');
    expect(runbook.problems).toEqual([]);
  });

  test('what the button acknowledges stays acknowledged', async () => {
    await using inbox = await open(url('inbox'));
    const item = inbox.page.locator('li.firing', { hasText: 'HighLatency' }).last();
    await item.getByRole('button', { name: 'Acknowledge' }).click();
    const acknowledged = inbox.page.locator('li.acknowledged', { hasText: 'HighLatency' }).last();
    await acknowledged.waitFor();
    await inbox.page.reload();
    expect(await acknowledged.textContent()).toContain('acknowledged by inbox page');
    expect(await acknowledged.getByRole('button').count()).toBe(0);
    await inbox.picture('inbox-acknowledged');
    const [first] = await new InboxClient(url('inbox')).notifications({ alertname: 'HighLatency' });
    expect(first?.acknowledgedBy).toBe('inbox page');
    expect(inbox.problems).toEqual([]);
  });

  test('a link of a check opens Prometheus with the graph and the values of its query', async () => {
    const link = new PrometheusClient(url('prometheus')).link('instance:http_request_duration_seconds:p95');
    await using prometheus = await open(link);
    await prometheus.page.locator('polyline').first().waitFor({ state: 'attached' });
    const rows = await tableRows(prometheus).allInnerTexts();
    expect(rows.map((row) => /instance="(\S+?)"/.exec(row)?.[1]).toSorted()).toEqual([
      'api-1',
      'api-2',
      'api-3',
    ]);
    const slow = Number(
      rows
        .find((row) => row.includes('api-1'))
        ?.split(/\s/)
        .at(-1),
    );
    expect(slow).toBeGreaterThan(0.3);
    await prometheus.page.locator('svg').hover();
    expect(await prometheus.page.locator('.cursor').getAttribute('visibility')).toBe('visible');
    await prometheus.page.mouse.move(0, 0);
    await prometheus.picture('prometheus-query-graph');

    await prometheus.page.getByRole('link', { name: 'Table' }).click();
    await prometheus.page.locator('td.number').first().waitFor();
    expect(await tableRows(prometheus).count()).toBe(3);
    await prometheus.page.getByLabel('Expression').fill('up{job="api"} * on (instance) group_left () up');
    await prometheus.page.getByRole('button', { name: 'Execute' }).click();
    await prometheus.page.waitForURL(/group_left/);
    await prometheus.page.locator('td.number').first().waitFor();
    expect(await tableRows(prometheus).count()).toBe(3);
    await prometheus.picture('prometheus-table');
    expect(prometheus.problems).toEqual([]);
  });

  test('a query that cannot be parsed is answered with its error, in the page', async () => {
    await using prometheus = await open(new PrometheusClient(url('prometheus')).link('sum('));
    await prometheus.page.locator('p.error').waitFor();
    expect(await prometheus.page.locator('p.error').textContent()).toMatch(/^bad_data: .*parse error/);
  });

  test.each([
    ['/', 'Execute', '/query'],
    ['/graph?g0.expr=up&g0.tab=1', 'api-2', '/query?g0.expr=up&g0.tab=1'],
    ['/alerts', 'HighLatency', '/alerts'],
    ['/rules', 'slo-availability', '/rules'],
    ['/targets', 'api (3 of 3 up)', '/targets'],
    ['/config', 'scrape_configs:', '/config'],
  ])('Prometheus shows %s', async (path, text, address) => {
    await using prometheus = await open(url('prometheus') + path);
    await prometheus.page.getByText(text).first().waitFor();
    expect(prometheus.page.url()).toBe(url('prometheus') + address);
    await prometheus.picture(`prometheus${path.replace(/\?.*/, '').replace('/', '-')}`);
    expect(prometheus.problems).toEqual([]);
  });

  test('Prometheus names HighLatency first of its alerts, as firing for api-1', async () => {
    await using prometheus = await open(new PrometheusClient(url('prometheus')).alertsLink());
    const row = tableRows(prometheus).filter({ hasText: 'HighLatency' });
    expect(await row.textContent()).toMatch(/^firing[\s\S]*instance="api-1"[\s\S]*Runbook/);
    await row.getByRole('link', { name: 'Runbook' }).click();
    await prometheus.page.waitForURL('**/runbooks/HighLatency');
    expect(prometheus.problems).toEqual([]);
  });

  test('Alertmanager lists HighLatency', async () => {
    await using alertmanager = await open(new AlertmanagerClient(url('alertmanager')).link());
    expect(await alertmanager.page.locator('table').allInnerTexts()).toContainEqual(
      expect.stringMatching(/active[\s\S]*alertname="HighLatency"[\s\S]*instance="api-1"/),
    );
    await alertmanager.picture('alertmanager');
    expect(alertmanager.problems).toEqual([]);
  });

  test('Jaeger finds the slow traces of the API, and shows the query that took the time', async () => {
    await using jaeger = await open(url('jaeger'));
    await jaeger.page.locator('select[name="service"]').selectOption('api');
    await jaeger.page.getByRole('button', { name: 'Find traces' }).click();
    await jaeger.page.waitForURL(/service=api/);
    await jaeger.page.locator('a[href*="/trace/"]').first().waitFor();
    expect(await tableRows(jaeger).count()).toBeGreaterThan(5);
    await jaeger.picture('jaeger-search');

    await jaeger.page.goto(new JaegerClient(url('jaeger')).link({ service: 'api', minDurationMs: 600 }));
    await jaeger.page.locator('a[href*="/trace/"]').first().click();
    await jaeger.page.waitForURL('**/trace/*');
    const query = tableRows(jaeger).filter({ hasText: /api: pg\.query/ });
    await query.first().waitFor();
    await jaeger.picture('jaeger-trace');
    // Cells: span, duration, self, critical path. The path that explains the duration leads to the slow query.
    const cells = (await query.allInnerTexts()).map((row) => row.split('\t').map((cell) => cell.trim()));
    const slow = /^(?:[6-9]\d\d\.\d+ ms|[\d.]+ s)$/;
    const slowest = cells.find(([, duration = '']) => slow.test(duration));
    expect(slowest?.[3]).toMatch(slow);
    expect(jaeger.problems).toEqual([]);
  });

  test('Grafana lists its data sources, and an explore link runs the query', async () => {
    await using grafana = await open(url('grafana'));
    const home = await grafana.page.locator('main').textContent();
    for (const source of ['Prometheus', 'Loki', 'Jaeger']) expect(home).toContain(source);
    await grafana.picture('grafana-home');
    const client = new GrafanaClient(url('grafana'));
    for (const [source, query, text] of [
      ['loki', '{app="notes", instance="api-1"} |= "query" | json | duration_ms > 300', 'api-1'],
      ['loki', 'sum by (instance) (count_over_time({app="notes"}[1m]))', 'api-2'],
      ['prometheus', 'instance:http_request_duration_seconds:p95', 'api-1'],
    ] as const) {
      await grafana.page.goto(client.exploreLink(source, query), { waitUntil: 'networkidle' });
      await grafana.page.locator('#result :is(td, li)').filter({ hasText: text }).first().waitFor();
      await grafana.picture(`grafana-explore-${source}${query.startsWith('sum') ? '-metric' : ''}`);
    }
    expect(grafana.problems).toEqual([]);
  });

  test('every query of the runbooks is answered, and what it asks for exists', async () => {
    const spans = readRunbooks(join(projectRoot, 'stack', 'runbooks')).flatMap(codeSpans);
    const prometheus = new PrometheusClient(url('prometheus'));
    const unknown: string[] = [];
    for (const { kind, text, runbook } of spans) {
      if (kind === 'promql') {
        await prometheus.query(text);
        for (const name of metricNames(parseExpr(text))) {
          if (onceItHappened.has(name)) continue;
          if ((await prometheus.query(`count({__name__="${name}"})`)).length === 0) {
            unknown.push(`${runbook}: ${name}`);
          }
        }
      } else if (kind === 'logql') {
        const { status } = await fetch(
          `${url('loki')}/loki/api/v1/query_range?${new URLSearchParams({ query: text })}`,
        );
        expect({ text, status }).toEqual({ text, status: 200 });
      }
    }
    expect(unknown).toEqual([]);
  });
});

/** Counted by Loki, real and embedded, from the first line on that it discards: a lab that is well has none. */
const onceItHappened: ReadonlySet<string> = new Set(['loki_discarded_samples_total']);

/** The names that an expression selects by. */
function metricNames(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { kind, name } = node as { kind?: unknown; name?: unknown };
  return [
    ...(kind === 'selector' && typeof name === 'string' && name !== '' ? [name] : []),
    ...Object.values(node).flatMap(metricNames),
  ];
}

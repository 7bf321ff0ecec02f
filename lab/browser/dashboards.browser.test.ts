import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PrometheusClient } from '../observe/prometheus-client.ts';
import { projectRoot } from '../root.ts';
import { type BrokenLab, bootBrokenLab, chromium, skipReason } from './broken-lab.ts';
import type { WatchedPage } from './watched-page.ts';

/** Panels that are rightly empty while one replica is slow, and what they say. */
const rightlyEmpty: Readonly<Record<string, string>> = {
  'Spent in': 'nothing burns',
  // The traffic deletes none.
  'Notes deleted': 'No data in this range.',
};

const folder = join(projectRoot, 'stack', 'grafana', 'dashboards');
const dashboards = readdirSync(folder).map(
  (name) =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      uid: string;
      panels: { title: string; type: string }[];
    },
);

describe.skipIf(chromium === undefined)(`the embedded Grafana${skipReason}`, () => {
  let lab: BrokenLab;

  beforeAll(async () => {
    lab = await bootBrokenLab('dashboards', 'steady');
    // Traffic does everything sooner or later; refusals are ours to make.
    const prometheus = new PrometheusClient(lab.url('prometheus'));
    const done = ['orders_total', 'http_request_errors_total{job="api"}']
      .map((series) => `count(rate(${series}[5s]))`)
      .join(' + ');
    await vi.waitFor(
      async () => {
        await fetch(`${lab.url('gateway')}/api/v1/auth/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ email: 'nobody@example.com', password: 'wrong-password' }),
        });
        expect(await prometheus.value(done)).toBeGreaterThan(0);
      },
      { timeout: 60_000, interval: 1_000 },
    );
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  /** A dashboard of which every panel is in sight, after its first refresh. */
  async function openDashboard(path: string): Promise<WatchedPage> {
    const opened = await lab.open(`${lab.url('grafana')}/d/${path}`);
    await opened.page.setViewportSize({ width: 1280, height: 3000 });
    await opened.page.locator('section.panel:not([data-state])').first().waitFor({ state: 'detached' });
    return opened;
  }

  const panel = ({ page }: WatchedPage, title: string) =>
    page.getByRole('region', { name: title, exact: true });
  /** What is drawn, as a screen reader says it: `p95 by replica: api-1 620 ms, api-2 8.9 ms`. */
  const drawnValues = async (page: WatchedPage, title: string): Promise<Record<string, number>> => {
    const label = (await panel(page, title).getByRole('img').first().getAttribute('aria-label')) ?? '';
    const values = [...label.matchAll(/[:,] (\S+) ([\d.]+) (µs|ms|s)(?=,|$)/g)];
    return Object.fromEntries(
      values.map(([, name, value, unit]) => [
        name,
        Number(value) * { µs: 1e-6, ms: 1e-3, s: 1 }[unit as 's'],
      ]),
    );
  };

  test.each(dashboards)('$uid draws every panel', async ({ uid, panels }) => {
    await using dashboard = await openDashboard(uid);
    const found = await dashboard.page.locator('section.panel').evaluateAll((sections) =>
      sections.map((section) => ({
        title: section.getAttribute('aria-label') ?? '',
        state: section.getAttribute('data-state'),
        message: section.querySelector('.message')?.textContent ?? '',
      })),
    );
    await dashboard.picture(`grafana-${uid}`);
    expect(found).toHaveLength(panels.filter(({ type }) => type !== 'row').length);
    expect(
      found.filter(({ title, state, message }) => state !== 'drawn' && message !== rightlyEmpty[title]),
    ).toEqual([]);
    expect(dashboard.problems).toEqual([]);
  });

  test('the slow replica stands out of the others, above the line of the alert', async () => {
    await using service = await openDashboard('service');
    await expect
      .poll(() => drawnValues(service, 'p95 by replica'), { timeout: 30_000 })
      .toMatchObject({ 'api-1': expect.any(Number) });
    const { 'api-1': slow = 0, ...others } = await drawnValues(service, 'p95 by replica');
    expect(slow).toBeGreaterThan(0.3);
    expect(Object.keys(others)).toEqual(['api-2', 'api-3']);
    for (const value of Object.values(others)) expect(value).toBeLessThan(0.3);
  });

  test('a click on a series in the legend hides it, and its arrow leads to the instance', async () => {
    await using service = await openDashboard('service?from=now-5m&to=now');
    const replicas = panel(service, 'p95 by replica');
    await replicas.getByRole('button', { name: 'api-2' }).click();
    expect(Object.keys(await drawnValues(service, 'p95 by replica'))).toEqual(['api-1', 'api-3']);
    await replicas.getByRole('button', { name: 'api-2' }).click();
    expect(Object.keys(await drawnValues(service, 'p95 by replica'))).toContain('api-2');
    await replicas.getByRole('link', { name: 'Open the instance: api-1' }).click();
    await service.page.waitForURL(/\/d\/instance\?var-instance=api-1&from=\d+&to=\d+$/);
    await panel(service, 'Duration').getByRole('img').waitFor();
    await service.page.getByLabel('Instance').selectOption('api-2');
    await service.page.waitForURL(/var-instance=api-2/);
    await panel(service, 'Duration').getByRole('img').waitFor();
    expect(service.page.url()).toMatch(/from=\d+&to=\d+/);
    expect(service.problems).toEqual([]);
  });

  test('pointing at a graph shows every value of that moment, dragging over it zooms in', async () => {
    await using service = await openDashboard('service?from=now-1m&to=now');
    const plot = panel(service, 'Share of the traffic').locator('.u-over');
    const { x, y, width, height } = (await plot.boundingBox())!;
    await service.page.mouse.move(x + width * 0.9, y + height / 2);
    const tooltip = panel(service, 'Share of the traffic').locator('.tooltip');
    await tooltip.waitFor();
    expect(await tooltip.textContent()).toMatch(/^\d\d:\d\d:\d\d[\s\S]*%/);
    const before = Date.now();
    await service.page.mouse.move(x + width * 0.5, y + height / 2);
    await service.page.mouse.down();
    await service.page.mouse.move(x + width * 0.8, y + height / 2, { steps: 5 });
    await service.page.mouse.up();
    await service.page.waitForURL(/from=\d+&to=\d+/);
    const { searchParams } = new URL(service.page.url());
    const [from, to] = ['from', 'to'].map((name) => Number(searchParams.get(name)));
    // Three tenths of a minute, which ended a fifth of a minute ago.
    expect(Math.abs(to! - from! - 18_000)).toBeLessThan(3_000);
    expect(Math.abs(before - to! - 12_000)).toBeLessThan(8_000);
  });

  test('from an exemplar to its trace, to the log lines of the trace, and back to the trace', async () => {
    await using service = await openDashboard('service?from=now-5m&to=now');
    const slow = panel(service, 'p95 by replica').getByRole('link', {
      name: /^Trace \w{32} .*(?:[5-9]\d\d ms|\d s)$/,
    });
    const id = /Trace (\w{32})/.exec((await slow.first().getAttribute('aria-label')) ?? '')?.[1] ?? '';
    // Over a graph that is redrawn every five seconds a click may miss: its address is what counts.
    await service.page.goto(
      new URL((await slow.first().getAttribute('href')) ?? '', service.page.url()).href,
    );
    const { page } = service;
    await page.getByText(`Trace ${id}`).waitFor();
    expect(await page.locator('.waterfall summary').allInnerTexts()).toContainEqual(
      expect.stringMatching(/^api: pg\.query/),
    );
    await service.picture('grafana-trace');
    await page.getByRole('link', { name: 'Logs of this trace' }).click();
    await page.waitForURL(/loki/);
    await page.locator('.lines li').first().waitFor();
    const lines = await page.locator('.lines li code').allInnerTexts();
    expect(lines.filter((line) => !line.includes(id))).toEqual([]);
    expect(lines.some((line) => line.includes('slow query'))).toBe(true);
    await service.picture('grafana-logs-of-a-trace');
    await page.locator('.lines li').first().getByRole('link', { name: 'Trace' }).click();
    await page.getByText(`Trace ${id}`).waitFor();
    expect(service.problems).toEqual([]);
  });

  test('the service map has the calls between services, as arrows and as a table, and leads to their traces', async () => {
    await using debug = await openDashboard('debug');
    const { page } = debug;
    const map = panel(debug, 'Who calls whom');
    const box = (service: string) =>
      map.getByRole('link', { name: new RegExp(`^${service} .* of spans failed$`) });
    await box('gateway').waitFor();
    const counts = await map.locator('.call title').allTextContents();
    expect(counts).toContainEqual(expect.stringMatching(/^gateway calls api: [\d,]+$/));
    expect(await box('api').textContent()).toMatch(/^api [\d,]+ calls .*of spans failed$/);
    const { x: caller } = (await box('gateway').boundingBox())!;
    const { x: called } = (await box('api').boundingBox())!;
    expect(caller).toBeLessThan(called);

    // By keyboard; it stays open, and the focus where it is, over a refresh.
    await map.getByText('As a table').focus();
    await page.keyboard.press('Enter');
    const row = map.getByRole('row', { name: /^gateway api [\d,]+$/ });
    const first = await row.textContent();
    await expect.poll(() => row.textContent(), { timeout: 30_000 }).not.toBe(first);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('As a table');
    await debug.picture('grafana-service-map');

    await map.getByRole('link', { name: 'Explore' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/explore\?.*dependencyGraph/);
    await page.locator('.service-map').getByRole('link', { name: /^api / }).click();
    await page.locator('#result tbody tr').first().waitFor();
    expect(await page.locator('.cm-content').textContent()).toBe('api');
    await page.getByRole('button', { name: 'Service map' }).click();
    await page.locator('.service-map').waitFor();
    expect(debug.problems).toEqual([]);
  });

  test('a query that cannot be parsed is answered with its error, and the page stays usable', async () => {
    await using explore = await lab.open(`${lab.url('grafana')}/explore`);
    const query = explore.page.getByLabel('Query');
    await query.fill('sum(');
    await explore.page.getByRole('button', { name: 'Run query' }).click();
    await explore.page.locator('#status.error').waitFor();
    expect(await explore.page.locator('#status').textContent()).toContain('parse error');
    await query.fill('up');
    await explore.page.getByRole('button', { name: 'Run query' }).click();
    await explore.page.getByText(/^\d+ series at/).waitFor();
    expect(await explore.page.locator('#status').textContent()).toBe('');
  });
});

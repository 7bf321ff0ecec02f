import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawnTypes } from '../../stack/embedded/grafana/pages/panel-view.ts';
import { GrafanaClient } from '../observe/grafana-client.ts';
import { JaegerClient } from '../observe/jaeger-client.ts';
import { projectRoot } from '../root.ts';
import { type BrokenLab, bootBrokenLab, chromium, skipReason } from './broken-lab.ts';

/** A dashboard with a panel of every type that is drawn. */
const everyPanel = {
  uid: 'every-panel',
  title: 'Every panel',
  time: { from: 'now-5m', to: 'now' },
  panels: [...drawnTypes].map((type, index) => ({
    id: index + 1,
    type,
    title: `A ${type}`,
    gridPos: { x: 12 * (index % 2), y: 8 * Math.floor(index / 2), w: 12, h: 8 },
    datasource: { uid: { logs: 'loki', nodeGraph: 'jaeger' }[type] ?? 'prometheus' },
    options: { content: 'Some words.', stateFilter: { firing: true, normal: true } },
    fieldConfig: {
      defaults: {
        thresholds: {
          steps: [
            { value: null, color: 'green' },
            { value: 0.5, color: 'orange' },
          ],
        },
      },
    },
    targets: [
      {
        expr:
          {
            logs: '{app="notes"}',
            heatmap: 'sum by (le) (rate(http_request_duration_seconds_bucket[15s]))',
            text: '',
            row: '',
          }[type] ?? 'up',
        legendFormat: '{{instance}}',
        ...(type === 'nodeGraph' && { queryType: 'dependencyGraph' }),
        exemplar: true,
      },
    ].filter(({ expr }) => expr !== '' && type !== 'alertlist'),
  })),
};

const folder = join(projectRoot, 'stack', 'grafana', 'dashboards');
const dashboards = readdirSync(folder).map((name) => `/d/${name.replace('.json', '')}`);

/** What axe-core finds that keeps somebody from using a page, each with the elements and what to do. */
async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html}\n${failureSummary}`),
    );
}

describe.skipIf(chromium === undefined)(`every page can be read and used by everybody${skipReason}`, () => {
  let lab: BrokenLab;
  beforeAll(async () => {
    const name = 'accessibility';
    lab = await bootBrokenLab(name, 'light');
    writeFileSync(
      join(projectRoot, '.lab', `${name}-${process.pid}`, 'config', 'grafana', 'dashboards', 'every.json'),
      JSON.stringify(everyPanel),
    );
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  /** Looks at a page in the light and in the dark, where `ready` says that it is there. */
  async function expectNoBarriers(address: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
    await using opened = await lab.open(address);
    const { page } = opened;
    await page.setViewportSize({ width: 1280, height: 3000 });
    await ready(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // What is on canvases takes the colours of the page at the next refresh.
      const name = expect.getState().currentTestName?.split(' > ').at(-1) ?? '';
      await opened.picture(`accessibility-${name.replace(/\W+/g, '-')}-${colorScheme}`);
      expect(await findBarriers(page), colorScheme).toEqual([]);
    }
  }

  test.each([...dashboards, '/d/every-panel'])('Grafana %s', (path) =>
    expectNoBarriers(lab.url('grafana') + path, (page) =>
      page.locator('section.panel:not([data-state])').first().waitFor({ state: 'detached' }),
    ),
  );

  test('Grafana, home', () =>
    expectNoBarriers(lab.url('grafana'), (page) => page.getByText('Data sources').waitFor()));

  test.each([
    ['prometheus', 'instance:http_request_duration_seconds:p95'],
    ['loki', '{app="notes"}'],
    ['jaeger', 'api minDuration=300ms'],
    ['prometheus', 'sum('],
  ] as const)('Grafana, Explore: %s %s', (source, query) =>
    expectNoBarriers(new GrafanaClient(lab.url('grafana')).exploreLink(source, query), (page) =>
      page.locator('#result :is(td, li), #status.error').first().waitFor(),
    ),
  );

  test('Grafana, Explore while names are offered, with its history open', () =>
    expectNoBarriers(
      new GrafanaClient(lab.url('grafana')).exploreLink('loki', '{app="notes"}'),
      async (page) => {
        await page.locator('.lines li').first().waitFor();
        await page.getByText('Query history').click();
        const editor = page.locator('.cm-content');
        await editor.fill('');
        await editor.pressSequentially('{');
        await page.locator('.cm-tooltip-autocomplete li').first().waitFor();
      },
    ));

  test('Grafana, Explore while a log is followed', () =>
    expectNoBarriers(
      new GrafanaClient(lab.url('grafana')).exploreLink('loki', '{app="notes"}'),
      async (page) => {
        await page.getByRole('button', { name: 'Live' }).click();
        await page.locator('.tail').waitFor();
        await page.locator('.lines li').first().waitFor();
        await page.getByRole('button', { name: 'Pause' }).click();
      },
    ));

  test('Grafana, Explore with the service map and its table', () =>
    expectNoBarriers(new GrafanaClient(lab.url('grafana')).exploreLink('jaeger', ''), async (page) => {
      await page.getByRole('button', { name: 'Service map' }).click();
      await page.getByText('As a table').click();
      await page.getByRole('row', { name: /^gateway api/ }).waitFor();
    }));

  test('Grafana, a trace', async () => {
    const now = Date.now();
    const found = await new JaegerClient(lab.url('jaeger')).findTraces({
      service: 'api',
      minDurationMs: 300,
      startMs: now - 60_000,
      endMs: now,
      limit: 1,
    });
    const [id = ''] = found.keys();
    await expectNoBarriers(new GrafanaClient(lab.url('grafana')).exploreLink('jaeger', id), (page) =>
      page.locator('.waterfall').waitFor(),
    );
  });

  test('Grafana, alerts, also with an alert being silenced', async () => {
    const address = `${lab.url('grafana')}/alerting/list`;
    const button = (page: Page) => page.locator('#rules').getByRole('button', { name: 'HighLatency' });
    await expectNoBarriers(address, (page) => button(page).waitFor());
    await expectNoBarriers(address, (page) => button(page).click());
  });

  test('the inbox, with an acknowledged page; it keeps itself up to date, and the focus where it is', async () => {
    await using inbox = await lab.open(lab.url('inbox'));
    const { page } = inbox;
    await page.getByRole('button', { name: 'Acknowledge' }).first().click();
    await page.locator('li.acknowledged').first().waitFor();
    const link = page.getByRole('link', { name: 'Status page' });
    await link.focus();
    await page
      .locator('time')
      .first()
      .evaluate((time) => {
        time.textContent = 'old';
      });
    await page.getByText('old', { exact: true }).waitFor({ state: 'detached' });
    expect(await link.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    expect(inbox.problems).toEqual([]);
  });

  test.each(['/', '/status', '/runbooks', '/runbooks/HighLatency'])('the inbox, %s', (path) =>
    expectNoBarriers(lab.url('inbox') + path, (page) => page.locator('h1').first().waitFor()),
  );
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGrafana } from '../../stack/embedded/grafana/server.ts';
import { AlertmanagerClient } from '../observe/alertmanager-client.ts';
import { projectRoot } from '../root.ts';
import { type BrokenLab, bootBrokenLab, chromium, skipReason } from './broken-lab.ts';
import type { WatchedPage } from './watched-page.ts';

describe.skipIf(chromium === undefined)(`the alerts page of the embedded Grafana${skipReason}`, () => {
  let lab: BrokenLab;
  beforeAll(async () => {
    lab = await bootBrokenLab('alerts', 'light');
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const silences = () => new AlertmanagerClient(lab.url('alertmanager')).silences();
  const rowOf = ({ page }: WatchedPage, part: string, text: string) =>
    page.locator(`#${part} tbody tr`).filter({ hasText: text });
  async function openForm(alerts: WatchedPage) {
    await alerts.page.locator('#rules').getByRole('button', { name: 'Silence HighLatency, api-1' }).click();
    const form = alerts.page.getByRole('dialog', { name: 'Silence HighLatency' });
    await form.waitFor();
    return form;
  }

  test('every alerting rule is there: what fires with since, value, labels and its runbook, first', async () => {
    await using home = await lab.open(lab.url('grafana'));
    await home.page.getByRole('link', { name: 'Alerts' }).click();
    await home.page.waitForURL('**/alerting/list');
    const firing = rowOf(home, 'rules', 'HighLatency');
    await firing.first().waitFor();
    const [state = '', name = '', since = '', value = '', labels = ''] = await firing
      .first()
      .locator('td')
      .allInnerTexts();
    expect(state).toBe('firing');
    expect(name).toMatch(/^HighLatency for \d/);
    expect(since).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(Number(value)).toBeGreaterThan(0.3);
    expect(labels).toContain('instance="api-1"');
    const answer = await fetch(`${lab.url('prometheus')}/api/v1/rules?type=alert`);
    const { data } = (await answer.json()) as { data: { groups: { rules: { name: string }[] }[] } };
    const shown = (await home.page.locator('#rules td:nth-child(2) a').allInnerTexts()).toSorted();
    expect([...new Set(shown)]).toEqual(
      [...new Set(data.groups.flatMap(({ rules }) => rules.map((rule) => rule.name)))].toSorted(),
    );
    expect(await home.page.locator('#count').textContent()).toMatch(
      /^[1-9]\d* firing, \d+ pending, \d+ inactive$/,
    );
    await home.picture('grafana-alerts');
    await firing.first().getByRole('link', { name: 'Runbook' }).click();
    await home.page.waitForURL('**/runbooks/HighLatency');
    expect(home.problems).toEqual([]);
  });

  test('a firing alert is silenced by click, is shown as silenced, and the silence is ended by click', async () => {
    await using alerts = await lab.open(`${lab.url('grafana')}/alerting/list`);
    const form = await openForm(alerts);
    await form.getByLabel('Duration').selectOption('1h');
    await form.getByLabel('Comment').fill('known: <b>slow</b> disk');
    await form.getByLabel('Author').fill('rosa');
    await alerts.picture('grafana-silence-form');
    await form.getByRole('button', { name: 'Silence' }).click();
    const row = rowOf(alerts, 'silences', 'known: <b>slow</b> disk');
    await row.waitFor();
    expect(await row.locator('td').allInnerTexts()).toMatchObject({
      0: 'active',
      1: expect.stringMatching(/^alertname="HighLatency", instance="api-1"/),
      2: 'rosa',
    });
    const [silence] = await silences();
    expect(silence).toMatchObject({ createdBy: 'rosa', comment: 'known: <b>slow</b> disk' });
    expect(Math.round((Date.parse(silence!.endsAt) - Date.now()) / 60_000)).toBeGreaterThan(50);
    await rowOf(alerts, 'rules', 'HighLatency').filter({ hasText: 'silenced' }).first().waitFor();
    await rowOf(alerts, 'groups', 'suppressed').first().waitFor();
    await alerts.picture('grafana-silenced');

    await row.getByRole('button', { name: 'Expire' }).click();
    await alerts.page.getByText('Nothing is silenced.').waitFor();
    await alerts.page.getByText('Expired (1)').waitFor();
    expect((await silences()).map(({ status }) => status.state)).toEqual(['expired']);
    expect(alerts.problems).toEqual([]);
  });

  test('what Alertmanager does not take is said in its words, and a comment is asked for', async () => {
    await using alerts = await lab.open(`${lab.url('grafana')}/alerting/list`);
    const before = (await silences()).length;
    const form = await openForm(alerts);
    await form.getByLabel('Author').fill('rosa');
    await form.getByRole('button', { name: 'Silence' }).click();
    expect(await form.getByLabel('Comment').evaluate((field) => field.matches(':invalid'))).toBe(true);
    await form.getByLabel('Comment').fill('everything');
    for (const box of await form.getByRole('checkbox').all()) await box.uncheck();
    await form.getByRole('button', { name: 'Silence' }).click();
    await form.getByText('matchers in body should have at least 1 items', { exact: true }).waitFor();
    expect(await silences()).toHaveLength(before);
    await form.getByRole('button', { name: 'Cancel' }).click();
    await form.waitFor({ state: 'hidden' });
  });

  test('the rules of every Prometheus are there, under its name; one that does not answer hides no other', async () => {
    const source = (uid: string, url: string, type = 'prometheus') => ({ name: uid, uid, type, url });
    const prometheus = lab.url('prometheus');
    const folder = mkdtempSync(join(tmpdir(), 'grafana-'));
    const datasources = [
      source('Away', 'http://127.0.0.1:1'),
      source('East', prometheus),
      source('West', prometheus),
      source('Alertmanager', lab.url('alertmanager'), 'alertmanager'),
    ];
    try {
      mkdirSync(join(folder, 'datasources'));
      writeFileSync(join(folder, 'datasources', 'three.yaml'), JSON.stringify({ datasources }));
      await using grafana = await startGrafana({
        host: '127.0.0.1',
        port: 0,
        provisioningPath: folder,
        adminPassword: 'admin',
        anonymousEnabled: true,
        webPath: join(projectRoot, 'dist', 'web'),
      });
      await using alerts = await lab.open(`${grafana.url}/alerting/list`);
      const { page } = alerts;
      const rulesOf = (name: string) =>
        page.locator('#rules').getByRole('heading', { name }).locator('xpath=following-sibling::div[1]');
      await rulesOf('Away').getByText('cannot reach data source Away').waitFor();
      for (const name of ['East', 'West']) {
        await rulesOf(name).getByRole('button', { name: 'Silence HighLatency, api-1' }).waitFor();
      }
      const rows = await rulesOf('West').locator('tbody tr').count();
      expect(rows).toBeGreaterThan(10);
      const firing = await rulesOf('West').locator('tbody tr').filter({ hasText: 'firing' }).count();
      expect(firing).toBeGreaterThanOrEqual(2);
      const [counted] = /^\d+/.exec((await page.locator('#count').textContent()) ?? '') ?? [];
      expect(Number(counted)).toBeGreaterThanOrEqual(4);
      await alerts.picture('grafana-alerts-of-three');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a page of another site cannot silence anything', async () => {
    const before = (await silences()).length;
    const answer = await fetch(
      `${lab.url('grafana')}/api/datasources/proxy/uid/alertmanager/api/v2/silences`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
        body: '{}',
      },
    );
    expect(answer.status).toBe(403);
    expect(await silences()).toHaveLength(before);
  });
});

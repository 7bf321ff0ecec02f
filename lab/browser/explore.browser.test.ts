import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrafanaClient } from '../observe/grafana-client.ts';
import { type BrokenLab, bootBrokenLab, chromium, skipReason } from './broken-lab.ts';

describe.skipIf(chromium === undefined)(`Explore of the embedded Grafana${skipReason}`, () => {
  let lab: BrokenLab;
  beforeAll(async () => {
    lab = await bootBrokenLab('explore', 'light');
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const open = (source: 'prometheus' | 'loki', query = '') =>
    lab.open(new GrafanaClient(lab.url('grafana')).exploreLink(source, query));
  const editor = (page: Page) => page.getByLabel('Query', { exact: true }).and(page.locator('.cm-content'));
  const offered = (page: Page, text: string) =>
    page.locator('.cm-tooltip-autocomplete li').filter({ hasText: text }).first();
  /** Types as a person does, in the place of what stood there. */
  async function type(page: Page, text: string): Promise<void> {
    await editor(page).fill('');
    await editor(page).pressSequentially(text);
  }

  test.each([
    ['prometheus', 'http_requests_to', 'http_requests_total'],
    ['prometheus', 'histogram_qu', 'histogram_quantile'],
    ['prometheus', 'http_requests_total{inst', 'instance'],
    ['prometheus', 'http_requests_total{instance="ap', 'api-2'],
    ['loki', '{lev', 'level'],
    ['loki', '{app="notes", instance="', 'api-2'],
    ['loki', '{app="notes"} | js', 'json'],
    ['loki', 'count_ov', 'count_over_time'],
  ] as const)('%s, typing %s: %s is offered, and taken with Enter', async (source, typed, name) => {
    await using explore = await open(source);
    const { page } = explore;
    await type(page, typed);
    await offered(page, name).waitFor();
    await explore.picture(`explore-completion-${typed.replace(/\W+/g, '-')}`);
    // The list takes no key in its first moments: it would be meant for the text.
    await expect
      .poll(async () => {
        if (await page.locator('.cm-tooltip-autocomplete').isVisible()) {
          const chosen = page.locator('.cm-tooltip-autocomplete li[aria-selected]');
          if ((await chosen.textContent())?.includes(name) === true) await page.keyboard.press('Enter');
          else await page.keyboard.press('ArrowDown');
        }
        return editor(page).textContent();
      })
      .toContain(name);
    expect(explore.problems).toEqual([]);
  });

  test('what was run is in the history, newest first, also after the page was left, and runs by click', async () => {
    await using explore = await open('prometheus', 'sum(up)');
    const { page } = explore;
    await page.getByText(/^1 series at/).waitFor();
    await editor(page).fill('count(up)');
    await editor(page).press('Shift+Enter');
    await page.getByText(/^1 series at/).waitFor();
    await page.goto(`${lab.url('grafana')}/explore`, { waitUntil: 'networkidle' });
    await page.getByText('Query history').click();
    const past = page.locator('.history li');
    await past.first().waitFor();
    expect((await past.allInnerTexts()).slice(0, 2).map((text) => text.replace(/\s+/g, ' '))).toEqual([
      'Prometheus count(up)',
      'Prometheus sum(up)',
    ]);
    await past.getByRole('button', { name: 'sum(up)' }).click();
    await page.getByText(/^1 series at/).waitFor();
    expect(await editor(page).textContent()).toBe('sum(up)');
    expect(explore.problems).toEqual([]);
  });

  test('the editor is loaded after the page, and only by Explore', async () => {
    await using explore = await open('prometheus');
    const scripts = (page: Page): Promise<string[]> =>
      page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)");
    await editor(explore.page).waitFor();
    expect((await scripts(explore.page)).filter((name) => name.includes('/editor-'))).toHaveLength(1);
    await explore.page.goto(`${lab.url('grafana')}/d/service`, { waitUntil: 'networkidle' });
    expect((await scripts(explore.page)).filter((name) => name.includes('/editor-'))).toEqual([]);
  });

  const push = async (...lines: string[]): Promise<void> => {
    const now = BigInt(Date.now()) * 1_000_000n;
    const values = lines.map((line, index) => [String(now + BigInt(index)), line]);
    const answer = await fetch(`${lab.url('loki')}/loki/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ streams: [{ stream: { app: 'tailed' }, values }] }),
    });
    expect(answer.status).toBe(204);
  };

  test('a log is followed: a new line comes by itself; it can be paused, cleared and stopped', async () => {
    await using explore = await open('loki', '{app="tailed"}');
    const { page } = explore;
    const lines = page.locator('.lines li');
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('Live', { exact: true }).and(page.getByRole('status')).waitFor();
    // Measured in the page, so that a slow test counts for nothing.
    await page.evaluate(`new MutationObserver(() => {
      const code = document.querySelector('.lines code');
      if (code !== null) globalThis.seenAt ??= Date.now();
    }).observe(document.getElementById('result'), { childList: true, subtree: true })`);
    const writtenAt = Date.now();
    await push('the first');
    await lines.filter({ hasText: 'the first' }).waitFor();
    const tookMs = Number(await page.evaluate('globalThis.seenAt')) - writtenAt;
    process.stdout.write(`Live tail: a line was on the page ${tookMs} ms after it was written.\n`);
    expect(tookMs).toBeGreaterThanOrEqual(0);

    await page.getByRole('button', { name: 'Pause' }).click();
    await push('the second');
    await page.getByText('Paused, 1 waiting').waitFor();
    expect(await lines.count()).toBe(1);
    await page.getByRole('button', { name: 'Continue' }).click();
    await lines.filter({ hasText: 'the second' }).waitFor();
    expect(await lines.first().textContent()).toContain('the second');
    await explore.picture('explore-live-tail');

    await page.getByRole('button', { name: 'Clear' }).click();
    await lines.first().waitFor({ state: 'detached' });
    for (let batch = 0; batch < 6; batch += 1) {
      await push(...Array.from({ length: 200 }, (_, index) => `line ${200 * batch + index}`));
    }
    await lines.filter({ hasText: /line 1199$/ }).waitFor();
    expect(await lines.count()).toBe(1_000);
    expect(await lines.last().textContent()).toMatch(/line 200$/);

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
    expect(explore.problems).toEqual([]);
  });

  test('a query that Loki refuses to follow is answered in its words', async () => {
    await using explore = await open('loki');
    const { page } = explore;
    await editor(page).fill('{app=');
    await page.getByRole('button', { name: 'Live' }).click();
    await page.locator('#status.error').filter({ hasText: 'parse error' }).waitFor();
    await editor(page).fill('rate({app="notes"}[1m])');
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('Only log lines can be followed').waitFor();
  });
});

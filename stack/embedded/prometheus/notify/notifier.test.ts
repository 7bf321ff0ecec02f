import { describe, expect, test } from 'vitest';
import { page, startTarget, startTestServer, until } from '../testing/test-server.ts';

interface Posted {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
}

const config = (shop: string, alertmanagers: string[], more = '') => `
global: {scrape_interval: 100ms, evaluation_interval: 100ms, external_labels: {region: eu}}
rule_files: [rules.yml]
scrape_configs: [{job_name: t, static_configs: [{targets: ['${shop}']}]}]
alerting:
  alertmanagers: [{timeout: 300ms, static_configs: [{targets: [${alertmanagers.map((address) => `'${address}'`).join(', ')}]}]}]
  ${more}
`;
const rules = `
groups:
  - name: g
    rules:
      - {alert: High, expr: 'load > 5', labels: {severity: page}, annotations: {summary: 'load {{ $value }}'}}
`;

describe('the notifier', () => {
  test('pushes a firing alert to API v2 and later its end', async () => {
    await using shop = await startTarget(page('load 9\n'));
    await using alertmanager = await startTarget((_request, response) => response.end());
    await using prometheus = await startTestServer(
      { 'prometheus.yml': config(shop.address, [alertmanager.address]), 'rules.yml': rules },
      ['--web.external-url=http://prometheus.test:9090'],
    );
    const [firing] = await until(
      () => alertmanager.requests.length > 0 && (JSON.parse(alertmanager.requests[0]!.body) as Posted[]),
    );
    expect(alertmanager.requests[0]).toMatchObject({ method: 'POST', url: '/api/v2/alerts' });
    expect(firing).toMatchObject({
      labels: { alertname: 'High', instance: shop.address, job: 't', severity: 'page', region: 'eu' },
      annotations: { summary: 'load 9' },
      generatorURL: 'http://prometheus.test:9090/graph?g0.expr=load+%3E+5&g0.tab=1',
    });
    expect(Date.parse(firing!.endsAt) - Date.parse(firing!.startsAt)).toBe(4 * 60_000);

    shop.handler = page('load 1\n');
    const resolved = await until(() =>
      alertmanager.requests
        .flatMap(({ body }) => JSON.parse(body) as Posted[])
        .find(({ endsAt, startsAt }) => Date.parse(endsAt) - Date.parse(startsAt) < 60_000),
    );
    expect(resolved.labels.alertname).toBe('High');
    expect(resolved.startsAt).toBe(firing!.startsAt);
    expect((await prometheus.get('alertmanagers')).body.data.activeAlertmanagers).toEqual([
      { url: `http://${alertmanager.address}/api/v2/alerts` },
    ]);
  });

  test('alert relabelling can rename and drop', async () => {
    await using shop = await startTarget(page('load 9\n'));
    await using alertmanager = await startTarget((_request, response) => response.end());
    await using _prometheus = await startTestServer({
      'prometheus.yml': config(
        shop.address,
        [alertmanager.address],
        'alert_relabel_configs: [{regex: region|job, action: labeldrop}, {source_labels: [alertname], regex: Low, action: drop}]',
      ),
      'rules.yml': `${rules}      - {alert: Low, expr: 'load > 5'}\n`,
    });
    const first = await until(() => alertmanager.requests[0]);
    const posted = JSON.parse(first.body) as Posted[];
    expect(posted.map(({ labels }) => labels)).toEqual([
      { alertname: 'High', instance: shop.address, severity: 'page' },
    ]);
  });

  test('an Alertmanager that hangs costs neither samples nor evaluations, nor the others their alerts', async () => {
    await using shop = await startTarget(page('load 9\n'));
    await using hanging = await startTarget(() => {});
    await using healthy = await startTarget((_request, response) => response.end());
    await using prometheus = await startTestServer({
      'prometheus.yml': config(shop.address, [hanging.address, healthy.address]),
      'rules.yml': rules,
    });
    await until(() => hanging.requests.length > 0);
    await until(() => healthy.requests.length > 0);
    const before = Number((await prometheus.query('count_over_time(up[1m])'))[0]!.value);
    await until(
      async () => Number((await prometheus.query('count_over_time(up[1m])'))[0]!.value) >= before + 5,
    );
    const { head } = prometheus.server;
    expect(head.counters.outOfOrder + head.counters.duplicate).toBe(0);
    const errors = await until(async () => {
      const text = await (await fetch(`${prometheus.server.url}/metrics`)).text();
      return /prometheus_notifications_errors_total\{alertmanager="[^"]*"\} [1-9]/.exec(text)?.[0];
    });
    expect(errors).toContain(hanging.address);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, settled } from './manual-clock.ts';
import { type RunningAlertmanager, startAlertmanager } from './server.ts';

interface Body {
  readonly status?: string;
  readonly notification_reason?: string;
  readonly alerts?: readonly { readonly status: string }[];
  readonly groupLabels?: Readonly<Record<string, string>>;
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly attachments?: readonly { readonly title: string }[];
}
interface Received {
  readonly path: string;
  readonly at: number;
  readonly body: Body;
}
const start = Date.parse('2026-01-05T12:00:00Z');
const second = 1000;

describe('Alertmanager', () => {
  let folder: string;
  let receiver: Server;
  let received: Received[];
  /** What the receiver answers, by path; a hang never answers. */
  let answers: Record<string, number | 'hang'>;
  let hanging: number;
  let clock: ManualClock;
  let running: RunningAlertmanager | undefined;
  const configFile = () => join(folder, 'alertmanager.yml');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alertmanager-'));
    received = [];
    answers = {};
    hanging = 0;
    clock = new ManualClock(start);
    receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const path = request.url ?? '';
        received.push({ path, at: (clock.now() - start) / second, body: JSON.parse(text) });
        const answer = answers[path] ?? 200;
        if (answer === 'hang') {
          hanging++;
          return;
        }
        response.statusCode = answer;
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    receiver.closeAllConnections();
    receiver.close();
    rmSync(folder, { recursive: true });
  });

  const hook = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  async function boot(config: string, storagePath?: string) {
    writeFileSync(configFile(), config.replaceAll('HOOK', hook()));
    running = await startAlertmanager('127.0.0.1:0', {
      configFile: configFile(),
      clock,
      externalUrl: 'http://alertmanager.test',
      storagePath,
    });
  }
  const request = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(running?.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) };
  };
  const fire = (labels: Record<string, string>, endsInSeconds?: number) =>
    request('POST', '/api/v2/alerts', [
      {
        labels,
        annotations: { summary: `${labels.alertname} is on` },
        endsAt:
          endsInSeconds === undefined
            ? undefined
            : new Date(clock.now() + endsInSeconds * second).toISOString(),
      },
    ]);
  const at = (seconds: number) =>
    clock.advanceTo(start + seconds * second, () => settled(running!.manager.sending, () => hanging));
  const sent = (path = '/hook') => received.filter((item) => item.path === path);
  const summary = (item: Received) =>
    `${item.at} ${item.body.status} ${item.body.alerts?.map((alert) => alert.status)} (${item.body.notification_reason})`;
  const simple = `
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 5s, repeat_interval: 1m}
receivers: [{name: hook, webhook_configs: [{url: HOOK/hook}]}]
`;

  it('waits, batches, tells what is new each interval, repeats, and tells the end', async () => {
    await boot(simple);
    await fire({ alertname: 'A', instance: '1' }, 600);
    await at(0.5);
    await fire({ alertname: 'A', instance: '2' }, 600);
    await at(3);
    expect(sent().map(summary)).toEqual(['1 firing firing,firing (first notification)']);
    await fire({ alertname: 'A', instance: '3' }, 600);
    await at(60);
    expect(sent().slice(1).map(summary)).toEqual(['6 firing firing,firing,firing (new alerts added)']);
    await at(72);
    expect(sent().slice(2).map(summary)).toEqual([
      '71 firing firing,firing,firing (repeat interval elapsed)',
    ]);
    for (const instance of ['1', '2', '3']) await fire({ alertname: 'A', instance }, 0);
    await at(200);
    expect(sent().slice(3).map(summary)).toEqual([
      '76 resolved resolved,resolved,resolved (all alerts resolved)',
    ]);
  });

  it('resolves by itself an alert that is no longer sent, after resolve_timeout', async () => {
    await boot(`global: {resolve_timeout: 20s}\n${simple}`);
    await fire({ alertname: 'A' });
    await at(40);
    expect(sent().map(summary)).toEqual([
      '1 firing firing (first notification)',
      '21 resolved resolved (all alerts resolved)',
    ]);
  });

  it('does not wait for an alert that has been firing for longer than group_wait', async () => {
    await boot(simple);
    await request('POST', '/api/v2/alerts', [
      { labels: { alertname: 'Old' }, startsAt: new Date(start - 60 * second).toISOString() },
    ]);
    await at(0.1);
    expect(sent().map((item) => item.at)).toEqual([0]);
  });

  it('inhibits while the source fires and labels are equal', async () => {
    await boot(`${simple}
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [service]}]`);
    await fire({ alertname: 'Down', severity: 'critical', service: 'a' }, 8);
    await fire({ alertname: 'Slow', severity: 'warning', service: 'a' }, 600);
    await fire({ alertname: 'Other', severity: 'warning', service: 'b' }, 600);
    await at(2);
    const names = () => sent().map((item) => `${item.body.groupLabels?.alertname}@${item.at}`);
    expect(names()).toEqual(['Down@1', 'Other@1']);
    const [slow] = (await request('GET', '/api/v2/alerts?filter=alertname=Slow')).json();
    expect(slow.status).toMatchObject({
      state: 'suppressed',
      inhibitedBy: [expect.stringMatching(/^[0-9a-f]{16}$/)],
    });
    await at(15);
    expect(names().filter((name) => name.startsWith('Slow'))).toEqual(['Slow@11']);
  });

  it('keeps silent while a silence holds, and keeps silences over a restart', async () => {
    const storage = join(folder, 'data');
    await boot(simple, storage);
    const silence = {
      matchers: [{ name: 'alertname', value: 'A|B', isRegex: true }],
      startsAt: new Date(start).toISOString(),
      endsAt: new Date(start + 10 * second).toISOString(),
      createdBy: 'me',
      comment: 'test',
    };
    const { silenceID } = (await request('POST', '/api/v2/silences', silence)).json();
    await fire({ alertname: 'A' }, 600);
    await at(5);
    expect(sent()).toEqual([]);
    await running?.close();
    await boot(simple, storage);
    expect((await request('GET', `/api/v2/silence/${silenceID}`)).json().status.state).toBe('active');
    await fire({ alertname: 'A' }, 600);
    await at(9);
    expect(sent()).toEqual([]);
    await at(20);
    expect(sent()).toHaveLength(1);
  });

  it('mutes a route inside its time interval and outside its active one', async () => {
    await boot(`
route:
  receiver: hook
  group_wait: 1s
  routes:
    - {matchers: [a="muted"], mute_time_intervals: [monday]}
    - {matchers: [a="active"], active_time_intervals: [monday]}
    - {matchers: [a="inactive"], active_time_intervals: [night]}
time_intervals:
  - {name: monday, time_intervals: [{weekdays: [monday], times: [{start_time: '11:00', end_time: '13:00'}]}]}
  - {name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}
receivers: [{name: hook, webhook_configs: [{url: HOOK/hook}]}]`);
    for (const a of ['muted', 'active', 'inactive']) await fire({ alertname: 'T', a });
    await at(2);
    expect(sent().map((item) => item.body.commonLabels?.a)).toEqual(['active']);
    const groups = (await request('GET', '/api/v2/alerts/groups')).json();
    expect(
      groups
        .map((group: { alerts: { status: { mutedBy: string[] } }[] }) => group.alerts[0]?.status.mutedBy)
        .sort(),
    ).toEqual([[], ['monday'], ['night']]);
  });

  it('tries again after 503, gives up at 400, and lets a hanging receiver block nobody', async () => {
    await boot(`
route: {receiver: all, group_wait: 1s, group_interval: 5m}
receivers: [{name: all, webhook_configs: [{url: HOOK/busy}, {url: HOOK/bad}, {url: HOOK/hang}, {url: HOOK/good}]}]`);
    answers = { '/busy': 503, '/bad': 400, '/hang': 'hang' };
    await fire({ alertname: 'A' }, 600);
    await at(3);
    answers['/busy'] = 200;
    await at(10);
    expect(sent('/busy').length).toBeGreaterThan(1);
    expect(sent('/bad')).toHaveLength(1);
    expect(sent('/hang')).toHaveLength(1);
    // Its arrival is stamped after some retries to the others may have moved the clock on.
    expect(sent('/good').map((item) => Math.floor(item.at))).toEqual([1]);
    const metrics = (await request('GET', '/metrics')).text;
    expect(metrics).toContain(
      'alertmanager_notifications_failed_total{integration="webhook",reason="clientError"} 1',
    );
    expect(metrics).toContain('alertmanager_notifications_total{integration="webhook"} 4');
    expect(metrics).toContain('alertmanager_alerts{state="active"} 1');
  });

  it('sends Slack and PagerDuty the bodies that they take', async () => {
    await boot(`
global: {slack_api_url: HOOK/slack, pagerduty_url: HOOK/pagerduty}
route: {receiver: all, group_by: [alertname], group_wait: 1s}
receivers:
  - name: all
    slack_configs: [{channel: '#alerts', send_resolved: true, fields: [{title: severity, value: '{{ .CommonLabels.severity }}', short: true}]}]
    pagerduty_configs: [{routing_key: key, severity: '{{ .CommonLabels.severity }}', details: {alertname: '{{ .CommonLabels.alertname }}'}}]`);
    await fire({ alertname: 'A', severity: 'critical' }, 600);
    await at(2);
    expect(sent('/slack')[0]?.body).toEqual({
      channel: '#alerts',
      username: 'Alertmanager',
      attachments: [
        {
          title: '[FIRING:1] A (critical)',
          title_link: 'http://alertmanager.test/#/alerts?receiver=all',
          text: '',
          fallback: '[FIRING:1] A (critical) | http://alertmanager.test/#/alerts?receiver=all',
          callback_id: '',
          fields: [{ title: 'severity', value: 'critical', short: true }],
          footer: '',
          color: 'danger',
          mrkdwn_in: ['fallback', 'pretext', 'text'],
        },
      ],
    });
    expect(sent('/pagerduty')[0]?.body).toMatchObject({
      routing_key: 'key',
      event_action: 'trigger',
      dedup_key: 'ad4b39d3af6c5f089ddb8504a474cd124febe3ef322f263d58074fb0c51dc572',
      client: 'Alertmanager',
      payload: {
        summary: '[FIRING:1] A (critical)',
        source: 'Alertmanager',
        severity: 'critical',
        custom_details: { alertname: 'A', num_firing: 1, num_resolved: 0, resolved: [] },
      },
    });
  });

  it('sends mail as text and HTML with the headers that are configured', async () => {
    const mails: { to: string[]; text: string }[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, session, done) {
        let text = '';
        stream.on('data', (chunk) => {
          text += chunk;
        });
        stream.on('end', () => {
          mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    const { port } = smtp.server.address() as AddressInfo;
    try {
      await boot(`
global: {smtp_smarthost: '127.0.0.1:${port}', smtp_from: am@lab.test, smtp_require_tls: false}
route: {receiver: mail, group_by: [alertname], group_wait: 1s}
receivers: [{name: mail, email_configs: [{to: 'on-call@lab.test', text: 'Look at {{ .CommonLabels.alertname }}', headers: {X-Alertname: '{{ .CommonLabels.alertname }}'}}]}]`);
      await fire({ alertname: 'A', x: '<b>' }, 600);
      await at(2);
      await expect.poll(() => mails.length).toBe(1);
      expect(mails[0]?.to).toEqual(['on-call@lab.test']);
      expect(mails[0]?.text).toMatch(/^X-Alertname: A\r$/m);
      expect(mails[0]?.text).toMatch(/^Subject: \[FIRING:1\] A \(<b>\)\r$/m);
      expect(mails[0]?.text).toContain('Look at A');
      expect(mails[0]?.text).toContain('x =3D &lt;b&gt;');
    } finally {
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
    }
  });

  it('keeps the old configuration when a reload fails, and says so', async () => {
    await boot(simple);
    writeFileSync(configFile(), 'route: {receiver: nobody}\nreceivers: []\n');
    const refused = await request('POST', '/-/reload');
    expect([refused.status, refused.text]).toEqual([
      500,
      'failed to reload config: undefined receiver "nobody" used in route\n',
    ]);
    expect((await request('GET', '/metrics')).text).toContain('alertmanager_config_last_reload_successful 0');
    await fire({ alertname: 'A' });
    await at(2);
    expect(sent()).toHaveLength(1);
    expect((await request('GET', '/-/ready')).text).toBe('OK');
  });

  it('reads template files and lets them replace the default templates', async () => {
    writeFileSync(join(folder, 'own.tmpl'), '{{ define "slack.default.title" }}own {{ .Status }}{{ end }}');
    await boot(`
global: {slack_api_url: HOOK/slack}
templates: ['*.tmpl']
route: {receiver: slack, group_wait: 1s}
receivers: [{name: slack, slack_configs: [{channel: '#a'}]}]`);
    await fire({ alertname: 'A' });
    await at(2);
    expect(sent('/slack')[0]?.body.attachments?.[0]?.title).toBe('own firing');
  });

  it('shows a person the alerts, escaped', async () => {
    await boot(simple);
    await fire({ alertname: '<script>' });
    const page = (await request('GET', '/')).text;
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>');
  });

  it('refuses bodies that are too large and regular expressions that are none, and lives on', async () => {
    await boot(simple);
    const big = await fetch(`${running?.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `["${'x'.repeat(17 << 20)}"]`,
    });
    expect(big.status).toBe(413);
    const keys = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`key${index}`, 1]));
    expect((await request('POST', '/api/v2/silences', keys)).status).toBe(413);
    expect((await request('GET', `/api/v2/alerts?filter=${encodeURIComponent('a=~"("')}`)).text).toBe(
      '"error parsing regexp: missing closing ): `^(?:()$`"\n',
    );
    expect((await request('GET', '/-/healthy')).status).toBe(200);
  });
});

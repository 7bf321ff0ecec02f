import { connect } from 'node:net';
import nodemailer from 'nodemailer';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestTelemetry, sampleOf, serve, until } from '../telemetry/test-service.ts';
import { startInbox } from './inbox.ts';
import type { Notification } from './notification.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: { watchdogTimeoutMs?: number; notificationsMax?: number } = {}) {
  const telemetry = createTestTelemetry();
  const inbox = await startInbox({
    host: '127.0.0.1',
    smtpPort: 0,
    watchdogTimeoutMs: options.watchdogTimeoutMs ?? 60_000,
    notificationsMax: options.notificationsMax ?? 100,
    token: 'the-lab-token',
    ...telemetry,
  });
  const server = await serve(inbox.app);
  cleanups.push(
    () => inbox.close(),
    () => server[Symbol.asyncDispose](),
  );
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    });
  const list = async (query = '') => {
    const response = await fetch(`${server.url}/api/notifications${query}`);
    return ((await response.json()) as { notifications: Notification[] }).notifications;
  };
  return { ...telemetry, inbox, url: server.url, post, list };
}

const slackMessage = {
  channel: '#incidents',
  attachments: [
    {
      title: '[FIRING:2] HighErrorRate',
      title_link: 'http://127.0.0.1:9093',
      text: 'Errors above 5 %.',
      color: 'danger',
      fields: [
        { title: 'alertname', value: 'HighErrorRate', short: true },
        { title: 'service', value: 'api', short: true },
        { title: 'severity', value: 'critical', short: true },
        { title: 'instances', value: 'api-1, api-2, api-1', short: true },
      ],
    },
  ],
};

const routingKey = '0123456789abcdef0123456789abcdef';
const event = (change: object = {}) => ({
  routing_key: routingKey,
  event_action: 'trigger',
  dedup_key: 'incident-1',
  payload: {
    summary: '[FIRING:1] ServiceDown',
    source: 'alertmanager',
    severity: 'critical',
    custom_details: { alertname: 'ServiceDown', service: 'api', severity: 'critical', instances: 'api-2' },
  },
  ...change,
});

const webhook = (alertname: string, status: 'firing' | 'resolved' = 'firing') => ({
  version: '4',
  groupKey: `{}:{alertname="${alertname}"}`,
  truncatedAlerts: 0,
  status,
  receiver: 'hook',
  groupLabels: { alertname },
  commonLabels: { alertname, service: 'api', severity: 'warning' },
  commonAnnotations: { summary: 'Something is slow.' },
  externalURL: 'http://127.0.0.1:9093',
  alerts: ['api-1', 'api-3'].map((instance) => ({
    status,
    labels: { alertname, instance },
    annotations: {},
    startsAt: '2026-01-01T00:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: 'f',
  })),
});

describe('Slack', () => {
  it('takes a message and files its fields', async () => {
    const { post, list } = await start();
    const answer = await post('/slack/incidents', slackMessage);
    expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
    expect(await list()).toMatchObject([
      {
        channel: 'slack',
        receiver: '#incidents',
        status: 'firing',
        alertname: 'HighErrorRate',
        service: 'api',
        severity: 'critical',
        instances: ['api-1', 'api-2'],
        title: '[FIRING:2] HighErrorRate',
        text: 'Errors above 5 %.',
      },
    ]);
  });

  it('takes the form that Slack takes too', async () => {
    const { post, list } = await start();
    const form = new URLSearchParams({ payload: JSON.stringify({ text: '[RESOLVED] HighErrorRate' }) });
    const answer = await post('/slack/alerts', String(form), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer.status).toBe(200);
    expect(await list()).toMatchObject([{ status: 'resolved', alertname: 'HighErrorRate' }]);
  });

  it.each([
    [{}, 400, 'no_text'],
    [{ attachments: 'x' }, 400, 'invalid_payload'],
    [[], 400, 'invalid_payload'],
    ['null', 400, 'invalid_payload'],
  ])('refuses %j in Slack’s words', async (body, status, text) => {
    const { post, list } = await start();
    const refused = await post('/slack/incidents', body);
    expect([refused.status, await refused.text()]).toEqual([status, text]);
    expect(await list()).toEqual([]);
  });
});

describe('PagerDuty', () => {
  it('files an empty detail as nothing: an alert without an instance names none', async () => {
    const { post, list } = await start();
    const { payload } = event();
    const custom_details = { ...payload.custom_details, instances: null };
    await post('/v2/enqueue', event({ payload: { ...payload, custom_details } }));
    expect(await list()).toMatchObject([{ alertname: 'ServiceDown', instances: [] }]);
  });

  it('follows an incident from trigger to acknowledgement to resolution', async () => {
    const { post, list } = await start();
    const answer = await post('/v2/enqueue', event());
    expect([answer.status, await answer.json()]).toEqual([
      202,
      { status: 'success', message: 'Event processed', dedup_key: 'incident-1' },
    ]);
    const followUp = (event_action: string) =>
      post('/v2/enqueue', { routing_key: routingKey, event_action, dedup_key: 'incident-1' });
    expect((await followUp('acknowledge')).status).toBe(202);
    expect(await list()).toMatchObject([
      { status: 'firing', alertname: 'ServiceDown', acknowledgedBy: 'PagerDuty', dedupKey: 'incident-1' },
    ]);
    await followUp('resolve');
    await followUp('resolve');
    expect(await list('?status=resolved')).toMatchObject([
      {
        status: 'resolved',
        alertname: 'ServiceDown',
        severity: 'critical',
        instances: ['api-2'],
        title: '[RESOLVED] ServiceDown',
      },
    ]);
  });

  it('makes a key for an event that brings none', async () => {
    const { post } = await start();
    const answer = (await (await post('/v2/enqueue', event({ dedup_key: undefined }))).json()) as {
      dedup_key: string;
    };
    expect(answer.dedup_key).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    [event({ event_action: undefined }), "'event_action' is missing or blank"],
    [
      event({ event_action: 'shout' }),
      "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
    ],
    [event({ routing_key: undefined }), "'routing_key' is missing or blank"],
    [event({ routing_key: 'short' }), "Length of 'routing_key' is incorrect (should be 32 characters)"],
    [event({ payload: undefined }), "'payload' is missing or blank"],
    [event({ payload: { source: 'a', severity: 'info' } }), "'payload.summary' is missing or blank"],
    [
      event({ payload: { summary: 'a', source: 'a', severity: 'bad' } }),
      "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ],
    [event({ event_action: 'resolve', dedup_key: undefined }), "'dedup_key' is missing or blank"],
    [null, "'event_action' is missing or blank"],
  ])('refuses an invalid event %#', async (body, error) => {
    const { post } = await start();
    const refused = await post('/v2/enqueue', JSON.stringify(body));
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { status: 'invalid event', message: 'Event object is invalid', errors: [error] },
    ]);
  });
});

describe('webhook', () => {
  it('files a group as one notification', async () => {
    const { post, list } = await start();
    expect((await post('/webhook/hook', webhook('HighLatency'))).status).toBe(200);
    expect(await list()).toMatchObject([
      {
        channel: 'webhook',
        receiver: 'hook',
        alertname: 'HighLatency',
        service: 'api',
        severity: 'warning',
        instances: ['api-1', 'api-3'],
        title: '[FIRING:2] HighLatency',
        text: 'Something is slow.',
      },
    ]);
  });

  it.each([
    ['another version', { ...webhook('A'), version: '3' }],
    ['no alerts', { ...webhook('A'), alerts: [] }],
    ['nonsense', '{'],
  ])('refuses %s with a problem body', async (_what, body) => {
    const { post } = await start();
    const refused = await post('/webhook/hook', body);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
  });
});

describe('e-mail', () => {
  const send = (port: number, mail: object) =>
    nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true }).sendMail({
      from: 'alertmanager@lab.example',
      to: 'team@lab.example',
      ...mail,
    });

  it('reads the alert from the headers and the text from the message', async () => {
    const { inbox, list } = await start();
    await send(inbox.smtpPort, {
      subject: '[FIRING:1] UnusuallyHighNoteCreation – schön',
      headers: {
        'X-Alertname': 'UnusuallyHighNoteCreation',
        'X-Service': 'api',
        'X-Severity': 'low',
        'X-Instances': 'api-1,api-2',
      },
      text: 'Ein Satz, der länger ist als eine Zeile fassen darf: '.repeat(4),
      html: '<p>no</p>',
    });
    expect(await list()).toMatchObject([
      {
        channel: 'email',
        receiver: 'team',
        status: 'firing',
        alertname: 'UnusuallyHighNoteCreation',
        service: 'api',
        severity: 'low',
        instances: ['api-1', 'api-2'],
        title: '[FIRING:1] UnusuallyHighNoteCreation – schön',
        text: 'Ein Satz, der länger ist als eine Zeile fassen darf: '.repeat(4).trim(),
      },
    ]);
  });

  it('shows HTML without its tags, and takes the status from a header', async () => {
    const { inbox, list } = await start();
    await send(inbox.smtpPort, {
      subject: 'All is well',
      headers: { 'X-Status': 'resolved' },
      html: '<style>p{}</style><p>Rate &lt; 5&nbsp;%</p>',
    });
    expect(await list()).toMatchObject([{ status: 'resolved', alertname: 'unknown', text: 'Rate < 5 %' }]);
  });

  it('refuses a message that is too long and lives on', async () => {
    const { inbox, list } = await start();
    await expect(send(inbox.smtpPort, { subject: 'x', text: 'x'.repeat(400_000) })).rejects.toThrow(/552/);
    await send(inbox.smtpPort, { subject: '[FIRING:1] Small', text: 'x' });
    expect((await list()).map(({ alertname }) => alertname)).toEqual(['Small']);
  });

  it('survives a client that talks nonsense and hangs up', async () => {
    const { inbox, list } = await start();
    await new Promise<void>((resolve) => {
      const socket = connect(inbox.smtpPort, '127.0.0.1', () => socket.end('\u0000\r\nDATA\r\n.\r\n'));
      socket.resume().on('close', () => resolve());
    });
    await send(inbox.smtpPort, { subject: '[FIRING:1] After', text: 'x' });
    expect(await list()).toHaveLength(1);
  });
});

describe('reading', () => {
  it('filters, bounds, and keeps the newest last', async () => {
    const { post, list } = await start({ notificationsMax: 3 });
    for (const name of ['A', 'B', 'C', 'D']) await post('/webhook/hook', webhook(name));
    await post('/slack/incidents', slackMessage);
    expect((await list()).map(({ alertname }) => alertname)).toEqual(['C', 'D', 'HighErrorRate']);
    expect((await list('?limit=1')).map(({ alertname }) => alertname)).toEqual(['HighErrorRate']);
    expect(await list('?alertname=C')).toHaveLength(1);
    expect(await list('?channel=slack')).toHaveLength(1);
    const since = (await list('?channel=slack'))[0]?.receivedAt ?? '';
    expect((await list(`?since=${encodeURIComponent(since)}`)).at(-1)?.alertname).toBe('HighErrorRate');
    expect(await list('?since=2999-01-01T00:00:00Z')).toEqual([]);
  });

  it.each(['since=yesterday', 'status=odd', 'channel=fax', 'limit=0', 'other=1'])(
    'refuses ?%s',
    async (query) => {
      const { url } = await start();
      expect((await fetch(`${url}/api/notifications?${query}`)).status).toBe(400);
    },
  );

  it('acknowledges once, by name', async () => {
    const { post, list, registry } = await start();
    await post('/slack/incidents', slackMessage);
    const id = (await list())[0]?.id;
    const first = (await (await post(`/api/notifications/${id}/ack`, { by: 'ada' })).json()) as Notification;
    const second = (await (await post(`/api/notifications/${id}/ack`, { by: 'bob' })).json()) as Notification;
    expect(first.acknowledgedBy).toBe('ada');
    expect(second).toEqual(first);
    expect(await sampleOf(registry, 'inbox_acknowledged_total')).toBe(1);
    expect(
      await sampleOf(
        registry,
        'inbox_notifications_total{channel="slack",receiver="#incidents",status="firing"}',
      ),
    ).toBe(1);
    expect((await post('/api/notifications/none/ack', { by: 'ada' })).status).toBe(404);
    expect((await post(`/api/notifications/${id}/ack`, {})).status).toBe(400);
  });
});

describe('the page', () => {
  it('shows what senders wrote as text, never as markup', async () => {
    const { post, url } = await start();
    await post('/slack/incidents', {
      attachments: [{ title: '<script>alert(1)</script>', text: '"><img src=x>' }],
    });
    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain('<img');
    // The page's own program, and no other.
    expect(html.match(/<script[^>]*>/g)).toEqual(['<script src="/refresh.js" data-seconds="3" defer>']);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect((await fetch(`${url}/refresh.js`)).headers.get('content-type')).toMatch(/^text\/javascript/);
  });

  it('acknowledges by its button, but not for a page of another site', async () => {
    const { post, list } = await start();
    await post('/slack/incidents', slackMessage);
    const id = (await list())[0]?.id;
    expect((await post(`/ack/${id}`, {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await list())[0]?.acknowledgedAt).toBeUndefined();
    const answer = await post(`/ack/${id}`, {}, { 'sec-fetch-site': 'same-origin' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect((await list())[0]?.acknowledgedBy).toBe('inbox page');
  });
});

describe('a page of another site', () => {
  it.each(['/slack/incidents', '/webhook/watchdog', '/ack/1', '/api/status'])(
    'changes nothing through %s',
    async (path) => {
      const { post, list } = await start();
      const answer = await post(path, slackMessage, { origin: 'https://evil.example' });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await list()).toEqual([]);
    },
  );
});

describe('the watchdog', () => {
  it('raises a notification when the Watchdog stops arriving, and resolves it when it is back', async () => {
    const { post, list, url, registry } = await start({ watchdogTimeoutMs: 1_000 });
    const state = async () => (await (await fetch(`${url}/api/watchdog`)).json()) as object;
    expect(await state()).toEqual({ healthy: false, lastSeenAt: null, timeoutSeconds: 1 });
    const page = async () => await (await fetch(url)).text();
    expect(await page()).toContain('Watchdog: not seen yet; alarm after 1 s');
    await post('/webhook/watchdog', webhook('Watchdog'));
    expect(await state()).toMatchObject({ healthy: true, lastSeenAt: expect.any(String) });
    expect(await page()).toMatch(/Watchdog: alive, last seen \d s ago; alarm after 1 s of silence/);
    expect(await sampleOf(registry, 'inbox_watchdog_healthy')).toBe(1);
    // The alert itself is no news.
    expect(await list()).toEqual([]);
    await until(async () => (await list()).length === 1);
    expect(await list()).toMatchObject([
      { alertname: 'WatchdogMissing', status: 'firing', severity: 'critical' },
    ]);
    expect(await state()).toMatchObject({ healthy: false });
    expect(await sampleOf(registry, 'inbox_watchdog_healthy')).toBe(0);
    expect(await page()).toMatch(/Watchdog: missing, last seen \d s ago: no alert can reach you/);
    await post('/webhook/watchdog', webhook('Watchdog'));
    expect((await list()).map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(await state()).toMatchObject({ healthy: true });
  });

  it('takes a resolved Watchdog for no sign of life', async () => {
    const { post, url } = await start();
    await post('/webhook/watchdog', webhook('Watchdog', 'resolved'));
    expect(await (await fetch(`${url}/api/watchdog`)).json()).toMatchObject({
      healthy: false,
      lastSeenAt: null,
    });
  });
});

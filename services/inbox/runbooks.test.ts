import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createTestTelemetry, serve } from '../telemetry/test-service.ts';
import { startInbox } from './inbox.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'inbox-runbooks-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function start(runbooksDirectory: string | undefined) {
  const inbox = await startInbox({
    host: '127.0.0.1',
    smtpPort: 0,
    watchdogTimeoutMs: 60_000,
    notificationsMax: 100,
    token: 'the-lab-token',
    runbooksDirectory,
    ...createTestTelemetry(),
  });
  const server = await serve(inbox.app);
  cleanups.push(
    () => inbox.close(),
    () => server[Symbol.asyncDispose](),
  );
  const page = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const post = (path: string, body: unknown) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { page, post };
}

test('the list names every runbook, and nothing else of the folder', async () => {
  const { page } = await start(
    folderOf({ 'ServiceDown.md': '# ServiceDown', 'HighLatency.md': '# HighLatency', 'notes.txt': 'x' }),
  );
  const { status, text, headers } = await page('/runbooks');
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect([...text.matchAll(/href="\/runbooks\/(\w+)"/g)].map(([, name]) => name)).toEqual([
    'HighLatency',
    'ServiceDown',
  ]);
});

test('a runbook is shown as a page, with its queries as they are and its links to others', async () => {
  const { page } = await start(
    folderOf({
      'HighLatency.md': '# HighLatency\n\n1. `rate(a{b="c"}[1m]) > 1`\n2. [Down](ServiceDown.md)\n',
    }),
  );
  const { status, text, headers } = await page('/runbooks/HighLatency');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('<title>HighLatency: runbook</title>');
  expect(text).toContain('<h1>HighLatency</h1>');
  expect(text).toContain('<code>rate(a{b=&quot;c&quot;}[1m]) &gt; 1</code>');
  expect(text).toContain('<a href="/runbooks/ServiceDown">Down</a>');
});

test('HTML in a runbook stays text, and a link cannot run a script', async () => {
  const { page } = await start(
    folderOf({
      'A.md':
        'x <b onclick="x()">bold</b>\n\n<script>alert(1)</script>\n\n[go](javascript:alert(1)) ![i](http://h/x.png)\n',
    }),
  );
  const { text } = await page('/runbooks/A');
  expect(text).toContain('&lt;b onclick=&quot;x()&quot;&gt;bold&lt;/b&gt;');
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(text).not.toMatch(/<script|<b |<img|javascript:/);
});

test.each(['/runbooks/Nothing', '/runbooks/..%2Fsecret', '/runbooks/A.md', '/runbooks/constructor'])(
  '%s is a problem of its own kind, 404',
  async (path) => {
    const { page } = await start(folderOf({ 'A.md': '# A' }));
    const { status, headers, text } = await page(path);
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(text)).toMatchObject({
      type: 'urn:problem:runbook-not-found',
      detail: 'There is no runbook of that name; /runbooks lists them.',
    });
  },
);

test('without a folder there are no runbooks, and the page says so', async () => {
  const { page } = await start(undefined);
  expect(await page('/runbooks')).toMatchObject({ status: 200, text: expect.stringContaining('None here') });
  expect((await page('/runbooks/ServiceDown')).status).toBe(404);
});

test('a folder that is not there is an error of one line', async () => {
  await expect(start('/nowhere/at/all')).rejects.toThrow(
    /^RUNBOOKS_DIRECTORY=\/nowhere\/at\/all cannot be read: ENOENT.*$/,
  );
});

test('a notification leads to its runbook and its dashboard, whichever way it came', async () => {
  const { page, post } = await start(folderOf({ 'HighLatency.md': '#', 'Watchdog.md': '#' }));
  const dashboard = 'http://127.0.0.1:3001/d/instance?var-instance=api-1&x=1';
  const attachment = { title: '[FIRING:1] HighLatency', title_link: dashboard };
  await post('/slack/alerts', { attachments: [attachment] });
  const linked =
    '<a href="/runbooks/HighLatency">Runbook</a> <a href="http://127.0.0.1:3001/d/instance?var-instance=api-1&amp;x=1">Dashboard</a>';
  expect((await page('/')).text.split(linked)).toHaveLength(2);
  await post('/v2/enqueue', {
    routing_key: '0123456789abcdef0123456789abcdef',
    event_action: 'trigger',
    dedup_key: 'incident',
    payload: {
      summary: 's',
      source: 's',
      severity: 'critical',
      custom_details: { alertname: 'HighLatency' },
    },
    links: [
      { href: 'http://127.0.0.1/runbook', text: 'Runbook' },
      { href: dashboard, text: 'Dashboard' },
    ],
  });
  expect((await page('/')).text.split(linked)).toHaveLength(3);
  await post('/v2/enqueue', {
    routing_key: '0123456789abcdef0123456789abcdef',
    event_action: 'resolve',
    dedup_key: 'incident',
  });
  expect((await page('/')).text.split(linked)).toHaveLength(4);
  await post('/webhook/hook', {
    version: '4',
    status: 'firing',
    receiver: 'hook',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'WatchdogMissing' },
        annotations: { dashboard_url: dashboard },
      },
    ],
  });
  expect((await page('/')).text).toContain('<a href="/runbooks/Watchdog">Runbook</a>');
  expect((await page('/')).text.match(/>Dashboard</g)).toHaveLength(4);
});

test.each(['javascript:alert(1)', 'data:text/html,x', '//host/x', '"><script>'])(
  'a dashboard at %s is not linked',
  async (title_link) => {
    const { page, post } = await start(undefined);
    await post('/slack/alerts', { attachments: [{ title: '[FIRING:1] A', title_link }] });
    const { text } = await page('/');
    expect(text).toContain('[FIRING:1] A');
    expect(text).not.toContain('Dashboard');
  },
);

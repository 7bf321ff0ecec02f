import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestTelemetry,
  serve,
  type TestServer,
  type TestTelemetry,
} from '../telemetry/test-service.ts';
import { type Inbox, startInbox } from './inbox.ts';

const token = 'a-token-that-nobody-guesses';
const well = {
  reading: 'operational',
  saving: 'operational',
  search: 'operational',
  'signing-in': 'operational',
  orders: 'operational',
};
const written = { ...well, token, state: 'identified', message: 'We know & repair', saving: 'major outage' };
const declared = {
  id: 'INC-1',
  title: 'Saving notes fails',
  severity: 'SEV1',
  state: 'investigating',
  declaredAt: '2026-01-01T10:00:00.000Z',
  resolvedAt: null,
  updates: [],
  timeToDetectSeconds: 8,
  timeToAcknowledgeSeconds: null,
  timeToRepairSeconds: null,
};

let telemetry: TestTelemetry;
let inbox: Inbox;
let server: TestServer;
beforeEach(async () => {
  telemetry = createTestTelemetry('debug');
  inbox = await startInbox({
    host: '127.0.0.1',
    smtpPort: 0,
    watchdogTimeoutMs: 60_000,
    notificationsMax: 10,
    token,
    ...telemetry,
  });
  server = await serve(inbox.app);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await inbox.close();
});

const publish = (incident: object, authorization = `Bearer ${token}`) =>
  fetch(`${server.url}/api/status`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ incidents: [incident] }),
  });
/** As a browser sends the form. */
const submit = (fields: Record<string, string>, accept = 'text/html,*/*;q=0.8') =>
  fetch(`${server.url}/status/edit`, {
    method: 'POST',
    headers: { accept },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
interface Told {
  readonly incidents: readonly { readonly updates: readonly object[] }[];
  readonly components: object;
  readonly edits: readonly { readonly components: object }[];
}
const read = async (path: string) => (await (await fetch(server.url + path)).json()) as Told;
const page = async (path: string) => (await fetch(server.url + path)).text();

describe('writing the status page', () => {
  it('adds an update and the state of each component, which everybody sees at once', async () => {
    await publish(declared);
    expect(await page('/status')).not.toContain('operational');
    const answer = await submit(written);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/status']);
    const status = await read('/api/status');
    expect(status.components).toEqual({ ...well, saving: 'major outage' });
    expect(status.incidents).toMatchObject([
      { state: 'identified', updates: [{ state: 'identified', message: 'We know & repair' }] },
    ]);
    const public_ = await page('/status');
    expect(public_).toContain('We know &amp; repair');
    expect(public_).toContain('<span>Saving notes</span> <span class="hurt">major outage</span>');
    expect((await read('/api/status/edits')).edits).toMatchObject([
      {
        incident: 'INC-1',
        state: 'identified',
        message: 'We know & repair',
        components: { saving: 'major outage' },
      },
    ]);
  });

  it('resolves the incident, after which everything is operational', async () => {
    await publish(declared);
    await submit(written);
    expect((await submit({ ...written, ...well, state: 'resolved' })).status).toBe(303);
    const { incidents, components } = await read('/api/status');
    expect(incidents[0]).toMatchObject({ state: 'resolved', resolvedAt: expect.any(String) });
    expect(components).toEqual(well);
    expect((await read('/api/status/edits')).edits[1]?.components).toEqual({ saving: 'operational' });
    expect(await page('/status')).toContain('Everything works.');
  });

  it('keeps what was written when the lab, which does not know it yet, writes the whole', async () => {
    await publish(declared);
    await submit(written);
    await publish({ ...declared, timeToAcknowledgeSeconds: 3 });
    const { incidents } = await read('/api/status');
    expect(incidents[0]).toMatchObject({ state: 'identified', timeToAcknowledgeSeconds: 3 });
    expect(incidents[0]?.updates).toHaveLength(1);
    await publish(incidents[0]!);
    expect((await read('/api/status')).incidents).toEqual(incidents);
    await publish({ ...incidents[0], state: 'resolved', resolvedAt: new Date().toISOString() });
    expect((await read('/api/status')).components).toEqual(well);
    // Of the components in the next incident nobody has said anything yet.
    await publish({ ...declared, id: 'INC-2' });
    expect((await read('/api/status')).components).toBeNull();
  });

  it('takes JSON with a bearer token as well', async () => {
    await publish(declared);
    const { token: _, ...body } = written;
    const answer = await fetch(`${server.url}/status/edit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { incident: 'INC-1' }]);
  });
});

describe('what may not be written', () => {
  it.each([
    [{ token: 'guess' }, 401, 'The token is not the one of this lab. npm run lab -- urls shows it'],
    [{ token: '' }, 401, 'The token is not the one of this lab.'],
    [{ state: 'gone' }, 400, '"gone" is no state of an update. Choose one of: investigating, identified,'],
    [{ state: '' }, 400, '"" is no state of an update.'],
    [{ saving: '<b>' }, 400, '"<b>" is no state of Saving notes. Choose one of: operational, degraded,'],
    [{ message: ' ' }, 400, 'The text is empty. Say it in a few words.'],
    [{ message: 'x'.repeat(501) }, 400, 'The text has 501 characters, and 500 are allowed.'],
    [{ message: 'postgres-primary is gone' }, 400, '"postgres-primary" is an internal name, and the status'],
    [{ message: 'see http://127.0.0.1:3001' }, 400, 'is an address, and the status page is public.'],
    [
      { message: 'TypeError: x\n    at f (a.js:1:2)' },
      400,
      'is a line of a stack trace, and the status page',
    ],
    [{ state: 'resolved' }, 400, 'the state of Saving notes is "major outage". Make it operational, or'],
    [{ host: 'api-1' }, 400, '"host" is no field of the status page: token, state, message,'],
  ])('%j is refused with %d in one clear line, and nothing changes', async (change, status, line) => {
    await publish(declared);
    const before = [await read('/api/status'), await read('/api/status/edits')];
    const fields = { ...written, ...change } as Record<string, string>;
    const refused = await submit(fields, '*/*');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    const { detail } = (await refused.json()) as { detail: string };
    expect(detail).toContain(line);
    expect(detail).not.toContain('\n');
    const shown = await submit(fields);
    expect(shown.status).toBe(status);
    const html = await shown.text();
    expect(html).toContain(`<p class="refused" role="alert">`);
    expect(html).not.toContain('<b>');
    expect([await read('/api/status'), await read('/api/status/edits')]).toEqual(before);
  });

  it('gives the words back that were refused, but for the token', async () => {
    await publish(declared);
    const html = await (await submit({ ...written, message: '</textarea>the inbox & more' })).text();
    expect(html).toContain('&lt;/textarea&gt;the inbox &amp; more</textarea>');
    expect(html).toContain('<option selected>major outage</option>');
    expect(html).not.toContain(token);
  });

  it('is an update without an incident', async () => {
    const refused = await submit(written, '*/*');
    expect(refused.status).toBe(409);
    expect(((await refused.json()) as { detail: string }).detail).toMatch(
      /^No incident is open\. Declare one/,
    );
    expect((await read('/api/status/edits')).edits).toEqual([]);
  });

  it.each(['', 'Bearer guess'])(
    'is the whole page, to who sends the authorization %j',
    async (authorization) => {
      expect((await publish(declared, authorization)).status).toBe(401);
      expect((await read('/api/status')).incidents).toEqual([]);
    },
  );

  it('is anything by a token in the address, which logs keep', async () => {
    await publish(declared);
    const { token: _, ...fields } = written;
    const answer = await fetch(`${server.url}/status/edit?token=${token}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    expect(answer.status).toBe(401);
  });

  it('is a form with more fields than there are', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field${index}`, 'x']));
    expect((await submit(many)).status).toBe(413);
  });
});

it('is not where the public page leads, does not load itself anew, and loads nothing', async () => {
  await publish(declared);
  expect(await page('/status')).not.toContain('/status/edit');
  const answer = await fetch(`${server.url}/status/edit`);
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await answer.text();
  expect(html).not.toContain('http-equiv="refresh"');
  expect(html).toContain('INC-1 is investigating: Saving notes fails');
});

it('logs no token, and counts under its own endpoint', async () => {
  await publish(declared);
  await submit(written);
  await submit({ ...written, token: `${token}-not` });
  expect(telemetry.lines().length).toBeGreaterThan(2);
  expect(JSON.stringify(telemetry.lines())).not.toContain(token);
  const metrics = await page('/metrics');
  expect(metrics).toMatch(/http_requests_total\{[^}]*endpoint="\/status\/edit"[^}]*status="303"/);
  expect(metrics).toMatch(/http_request_errors_total\{[^}]*error_type="unauthorized"/);
  expect(metrics).not.toContain(token);
});

import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createTestTelemetry, serve } from '../telemetry/test-service.ts';
import { startInbox } from './inbox.ts';
import { publicStatusSchema, renderStatusPage, StatusBoard } from './status-page.ts';
import { uptimeOf } from './uptime.ts';

const incident = {
  id: 'INC-1',
  title: 'Saving <b>notes</b> fails',
  severity: 'SEV1',
  state: 'identified',
  declaredAt: '2026-01-01T10:00:00.000Z',
  resolvedAt: null,
  updates: [
    { at: '2026-01-01T10:00:05.000Z', state: 'investigating', message: 'We look into it' },
    { at: '2026-01-01T10:02:00.000Z', state: 'identified', message: 'We know & repair' },
  ],
  timeToDetectSeconds: 8.2,
  timeToAcknowledgeSeconds: null,
  timeToRepairSeconds: null,
} as const;
const past = {
  ...incident,
  id: 'INC-0',
  title: 'Slow search',
  state: 'resolved',
  resolvedAt: '2026-01-01T09:30:00.000Z',
} as const;

const time = {
  nowMs: Date.parse('2026-01-01T10:05:30Z'),
  knownSinceMs: Date.parse('2026-01-01T09:50:00Z'),
};

describe('the last minutes', () => {
  const states = (incidents: object[], minutes: number): string =>
    uptimeOf(publicStatusSchema.parse({ incidents }), { ...time, minutes })
      .minutes.map(({ state }) => state[0])
      .join('');

  it('are up, and unknown before anybody looked', () => {
    const found = uptimeOf({ incidents: [] }, { ...time, minutes: 20 });
    expect(found.minutes.map(({ state }) => state).slice(0, 5)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      'unknown',
      'up',
    ]);
    expect(found.percent).toBe(100);
  });

  it('are down while a major incident is open, degraded by a minor one', () => {
    expect(states([incident], 8)).toBe('uudddddd');
    const minor = { ...incident, severity: 'SEV3', resolvedAt: '2026-01-01T10:02:10.000Z' };
    expect(
      uptimeOf(publicStatusSchema.parse({ incidents: [minor] }), { ...time, minutes: 8 }).minutes.map(
        ({ state }) => state,
      ),
    ).toEqual(['up', 'up', 'degraded', 'degraded', 'degraded', 'up', 'up', 'up']);
  });

  it('count as a share of what is known', () => {
    const found = uptimeOf(publicStatusSchema.parse({ incidents: [incident] }), { ...time, minutes: 60 });
    // 16 minutes are known; in the last 6 of them the incident is open.
    expect(found.percent).toBeCloseTo(62.5);
    const page = renderStatusPage(publicStatusSchema.parse({ incidents: [incident] }), time);
    expect(page.match(/<i class="down"/g)).toHaveLength(6);
    expect(page).toContain('title="10:05 UTC: does not work"');
    expect(page).toContain('up 62.5 % of the time');
    expect(
      uptimeOf({ incidents: [] }, { ...time, knownSinceMs: time.nowMs + 120_000 }).percent,
    ).toBeUndefined();
  });
});

describe('the status page', () => {
  it('says that everything works, and what was', () => {
    expect(renderStatusPage({ incidents: [] }, time)).toMatch(/Everything works\.[\s\S]*No incidents\./);
    const quiet = renderStatusPage(publicStatusSchema.parse({ incidents: [past] }), time);
    expect(quiet).toMatch(/Everything works\.[\s\S]*History[\s\S]*Slow search/);
    expect(quiet).toContain('2026-01-01 10:00 UTC to 2026-01-01 09:30 UTC');
  });

  it('puts what is open first, its newest update on top, and never markup', () => {
    const page = renderStatusPage(publicStatusSchema.parse({ incidents: [past, incident] }), time);
    expect(page).toMatch(/Something is wrong[\s\S]*We know &amp; repair[\s\S]*We look into it[\s\S]*History/);
    expect(page).toContain('Saving &lt;b&gt;notes&lt;/b&gt; fails');
  });

  it('is written as a whole, read by anybody, and refuses what is no status', async () => {
    const telemetry = createTestTelemetry();
    const inbox = await startInbox({
      host: '127.0.0.1',
      smtpPort: 0,
      watchdogTimeoutMs: 60_000,
      notificationsMax: 10,
      token: 'the-lab-token',
      ...telemetry,
    });
    await using server = await serve(inbox.app);
    try {
      const put = (body: unknown) =>
        fetch(`${server.url}/api/status`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', authorization: 'Bearer the-lab-token' },
          body: JSON.stringify(body),
        });
      expect((await put({ incidents: [incident] })).status).toBe(200);
      expect(await (await fetch(`${server.url}/api/status`)).json()).toMatchObject({ incidents: [incident] });
      const page = await fetch(`${server.url}/status`);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await page.text()).toContain('We know &amp; repair');
      for (const wrong of [
        { incidents: [{ ...incident, id: '<script>' }] },
        { incidents: [{ ...incident, host: 'api-1' }] },
        { incidents: 'none' },
      ]) {
        expect((await put(wrong)).status).toBe(400);
      }
      expect(await (await fetch(`${server.url}/api/status`)).json()).toMatchObject({ incidents: [incident] });
    } finally {
      await inbox.close();
    }
  });

  it('has the times of the incidents as metrics, those that are known', async () => {
    const registry = new Registry();
    const board = new StatusBoard(registry);
    board.publish(publicStatusSchema.parse({ incidents: [incident] }));
    const text = await registry.metrics();
    expect(text).toContain('incident_time_to_detect_seconds{incident="INC-1",severity="SEV1"} 8.2');
    expect(text).not.toContain('incident_time_to_repair_seconds{');
  });
});

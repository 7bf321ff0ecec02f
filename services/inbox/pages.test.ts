import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Incoming } from './notification.ts';
import { OncallSchedule } from './oncall.ts';
import { renderOncall } from './oncall-section.ts';
import { Pages } from './pages.ts';

const [ada, bo, cy] = ['Ada', 'Bo', 'Cy'].map((name) => ({ name, phone: '+1 555 0100' }));
const schedule = new OncallSchedule({
  secondsAMinute: 1,
  firstHandoverMs: 0,
  defaultTeam: 'sre',
  people: [ada, bo, cy],
  teams: [
    { team: 'backend', services: ['api'], primary: [ada], secondary: [bo] },
    { team: 'sre', services: ['gateway'], primary: [cy], secondary: [ada] },
  ],
  escalation: {
    critical: {
      phone: true,
      secondaryAfterMinutes: 15,
      everybodyAfterMinutes: 25,
      repeatEveryMinutes: 20,
      repeats: 2,
    },
    high: {
      phone: false,
      secondaryAfterMinutes: 30,
      everybodyAfterMinutes: 45,
      repeatEveryMinutes: 30,
      repeats: 0,
    },
  },
});

const page: Incoming = {
  channel: 'pagerduty',
  receiver: 'pagerduty',
  status: 'firing',
  alertname: 'ServiceDown',
  service: 'api',
  severity: 'critical',
  instances: ['api-2'],
  title: 'api-2 is down',
  text: 'api-2 is down',
  dedupKey: 'one',
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-05T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const registry = new Registry();
  const calls: Incoming[] = [];
  const pages = new Pages({ schedule, registry, call: (incoming) => calls.push(incoming) });
  return {
    pages,
    calls,
    names: () => calls.map(({ receiver }) => receiver),
    metrics: () => registry.metrics(),
  };
}
const seconds = (count: number) => vi.advanceTimersByTime(count * 1_000);

describe('a page that nobody acknowledges', () => {
  it('rings at once, then goes to the secondary, then to everybody, again at intervals, and ends', async () => {
    const { pages, calls, names, metrics } = start();
    pages.told(page);
    expect(names()).toEqual(['Ada']);
    expect(calls[0]).toMatchObject({
      channel: 'phone',
      status: 'firing',
      dedupKey: 'one',
      title: 'Call to Ada, primary: api-2 is down',
      instances: ['api-2'],
    });
    seconds(14.9);
    expect(names()).toEqual(['Ada']);
    seconds(0.1);
    expect(names()).toEqual(['Ada', 'Bo']);
    seconds(10);
    expect(names().slice(2)).toEqual(['everybody']);
    expect(calls[2]).toMatchObject({
      title: 'Call to everybody: api-2 is down',
      text: 'Ada +1 555 0100, Bo +1 555 0100, Cy +1 555 0100\napi-2 is down',
    });
    seconds(20);
    seconds(20);
    expect(names()).toHaveLength(2 + 3);
    seconds(3_600);
    expect(names()).toHaveLength(2 + 3);
    expect(pages.events.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'page: Ada (primary of backend) is paged for ServiceDown',
      'escalate: Nobody acknowledges ServiceDown within 15 min (here 15 s): Bo (secondary of backend) is called',
      'escalate: Nobody acknowledges ServiceDown within 25 min (here 25 s): everybody is called',
      'escalate: Still nobody acknowledges ServiceDown: everybody is called again (1 of 2)',
      'escalate: Still nobody acknowledges ServiceDown: everybody is called again (2 of 2)',
    ]);
    expect(pages.pages[0]).toMatchObject({ level: 'everybody', called: ['Ada', 'Bo', 'Cy'], nextAt: null });
    const text = await metrics();
    expect(text).toContain('pages_total{team="backend",severity="critical"} 1');
    expect(text).toContain('pages_escalated_total{team="backend",severity="critical",level="secondary"} 1');
    expect(text).toContain('pages_escalated_total{team="backend",severity="critical",level="everybody"} 1');
    expect(text).toContain('pages_repeated_total{team="backend",severity="critical"} 2');
    expect(text).toContain('pages_unacknowledged{team="backend"} 1');
  });

  it('of less haste shows only, and the telephone rings later', () => {
    const { pages, names } = start();
    pages.told({ ...page, severity: 'high', service: 'gateway' });
    seconds(29.9);
    expect(names()).toEqual([]);
    seconds(0.1);
    expect(names()).toEqual(['Ada']);
    seconds(15);
    expect(names()).toEqual(['Ada', 'everybody']);
    seconds(3_600);
    expect(names()).toHaveLength(2);
  });
});

describe('nobody else is called', () => {
  it.each([0, 1, 16, 30])('once somebody acknowledges it, after %d s', async (after) => {
    const { pages, names, metrics } = start();
    pages.told(page);
    seconds(after);
    const before = names().length;
    pages.acknowledge('one', 'Ada');
    pages.acknowledge('one', 'Bo');
    seconds(3_600);
    expect(names()).toHaveLength(before);
    expect(pages.pages[0]).toMatchObject({ acknowledgedBy: 'Ada', nextAt: null });
    const text = await metrics();
    expect(text).toContain(
      `page_time_to_acknowledge_seconds_sum{team="backend",severity="critical"} ${after}`,
    );
    expect(text).toContain('page_time_to_acknowledge_seconds_count{team="backend",severity="critical"} 1');
    expect(text).toContain('pages_unacknowledged{team="backend"} 0');
  });

  it('once it is resolved; a new trigger is a new page', () => {
    const { pages, names } = start();
    pages.told(page);
    seconds(1);
    pages.told({ ...page, status: 'resolved' });
    seconds(3_600);
    expect(names()).toEqual(['Ada']);
    expect(pages.events.at(-1)?.text).toBe(
      'The page for ServiceDown is resolved, and nobody acknowledged it',
    );
    pages.told(page);
    expect(names()).toEqual(['Ada', 'Ada']);
    expect(pages.pages).toHaveLength(2);
  });

  it('for what is told again, is no page, or has no haste', () => {
    const { pages, names } = start();
    pages.told(page);
    seconds(5);
    pages.told(page);
    pages.told({ ...page, channel: 'slack', dedupKey: 'two' });
    pages.told({ ...page, severity: 'warning', dedupKey: 'three' });
    const { dedupKey: _, ...keyless } = page;
    pages.told(keyless);
    seconds(10);
    expect(names()).toEqual(['Ada', 'Bo']);
    expect(pages.pages).toHaveLength(1);
  });

  it('after the inbox has stopped', () => {
    const { pages, names } = start();
    pages.told(page);
    pages.stop();
    seconds(3_600);
    expect(names()).toEqual(['Ada']);
  });
});

it.each([
  ['product', 'api', 'backend'],
  ['sre', 'api', 'sre'],
  [undefined, 'gateway', 'sre'],
  [undefined, 'unheard-of', 'sre'],
])('a page that names team %s and service %s goes to %s', (team, service, owner) => {
  const { pages } = start();
  pages.told({ ...page, service, team });
  expect(pages.pages[0]?.team).toBe(owner);
});

it('keeps a bounded number of pages, whatever comes', async () => {
  const { pages } = start();
  for (let index = 0; index < 1_200; index++) pages.told({ ...page, dedupKey: `key-${index}` });
  expect(pages.pages).toHaveLength(500);
  expect(pages.events.length).toBeLessThanOrEqual(2_000);
  pages.stop();
});

it('the page shows who is on call, which page waits, and both times', () => {
  const { pages } = start();
  pages.told({ ...page, alertname: '<Down>' });
  seconds(3);
  const html = renderOncall(schedule, pages.pages, new Date());
  expect(html).toContain(
    '<td>backend</td><td><strong>Ada</strong></td><td>Bo</td><td>2026-01-08 00:00 UTC</td>',
  );
  expect(html).toContain('&lt;Down&gt;');
  expect(html).toContain('called: Ada; the secondary is called in 12 s');
  expect(html).toContain('the secondary is called after 15 min (here 15 s)');
  pages.acknowledge('one', 'Ada');
  expect(renderOncall(schedule, pages.pages, new Date())).not.toContain('Down');
  pages.stop();
});

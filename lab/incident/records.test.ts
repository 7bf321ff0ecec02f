import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { StatusEdit } from '../../services/contract/status-words.ts';
import { paces } from '../../stack/pace.ts';
import { EventLog } from '../events/event-log.ts';
import { ObserveError } from '../observe/observe-error.ts';
import { Ledger } from '../traffic/ledger.ts';
import { Incidents } from './incident.ts';
import { recordPages } from './page-events.ts';
import { errorRatioBefore, figuresOf, type RecordsContext, timelineOf } from './records.ts';
import { recordStatusEdits } from './status-edits.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-records-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const begin = Date.parse('2026-01-01T12:00:00Z');
const at = (second: number): number => begin + 1000 * second;
const iso = (second: number): string => new Date(at(second)).toISOString();

/** 40 requests a second for two minutes; all fail from second 20 to 60. Paged at 28, taken at 35, declared at 40. */
mkdirSync(join(root, 'ledger'), { recursive: true });
writeFileSync(
  join(root, 'ledger', 'a.ndjson'),
  Array.from(
    { length: 120 },
    (_, second) =>
      `${JSON.stringify({
        second: begin / 1000 + second,
        kind: second % 2 === 0 ? 'read-note' : 'create-note',
        statuses: second >= 20 && second < 60 ? { 503: 40 } : { 200: 40 },
        latencies: [[12, 40]],
      })}\n`,
  ).join(''),
);
let now = at(5);
const events = new EventLog(join(root, 'events.ndjson'), () => now);
events.append({ kind: 'inject', actor: 'lab', text: 'the secret' });
now = at(40);
const incident = new Incidents(events).declare('Reading fails', 'SEV1');
const message = { channel: 'pagerduty', receiver: 'p', status: 'firing', alertname: 'DatabaseDown' };
const edits: StatusEdit[] = [];
const context = {
  events,
  ledger: new Ledger(root),
  pace: paces.lab,
  observe: {
    prometheus: { queryRange: async () => [] },
    alertmanager: {
      silences: async () => [
        {
          ...{
            id: 's',
            createdBy: 'rosa',
            comment: 'known',
            startsAt: iso(42),
            endsAt: iso(642),
            updatedAt: iso(42),
          },
          matchers: [{ name: 'alertname', value: 'DatabaseDown', isRegex: false, isEqual: true }],
          status: { state: 'active' },
        },
      ],
    },
    inbox: {
      notifications: async () => [
        { ...message, alertname: 'Earlier', receivedAt: iso(10) },
        { ...message, receivedAt: iso(28), acknowledgedAt: iso(35), acknowledgedBy: 'Ada' },
      ],
      statusEdits: async () => edits,
      oncall: async () => ({
        teams: [],
        pages: [],
        events: (['page', 'escalate', 'acknowledge'] as const).map((kind, index) => ({
          id: `step-${index}`,
          at: iso(28 + 3 * index),
          page: 'one',
          kind,
          team: 'sre',
          text: `the ${kind}`,
        })),
      }),
    },
  },
} as unknown as RecordsContext;

it('has the figures of an incident from the records, and an end only when there is one', async () => {
  expect(await figuresOf(context, incident, at(50))).toMatchObject({
    mitigatedAtMs: null,
    timeToRepairSeconds: null,
  });
  // Up to three seconds of the client's record are not written yet.
  expect(await figuresOf(cut(47), incident, at(50))).toMatchObject({ mitigatedAtMs: null });
  expect(await figuresOf(context, incident, at(100))).toMatchObject({
    startedAtMs: at(20),
    firstAlert: 'DatabaseDown',
    mitigatedAtMs: at(60),
    timeToDetectSeconds: 8,
    timeToAcknowledgeSeconds: 7,
    timeToRepairSeconds: 40,
    harmedSeconds: 40,
    requests: 1600,
    failedRequests: 1600,
    failedByKind: { 'read-note': { failed: 800, of: 800 }, 'create-note': { failed: 800, of: 800 } },
  });
});

/** The client's record as it was when it had been written up to this second. */
const cut = (last: number): RecordsContext => ({
  ...context,
  ledger: {
    slices: (range: { fromMs: number; toMs: number }) =>
      context.ledger.slices({ ...range, toMs: Math.min(range.toMs, at(last)) }),
    count: (range: { fromMs: number; toMs: number }) =>
      context.ledger.count({ ...range, toMs: Math.min(range.toMs, at(last)) }),
  } as unknown as Ledger,
});

it('says that users are served again once they are, and not at the newest second of the record', async () => {
  const served = async (written: number, toSecond: number) =>
    (await timelineOf(cut(written), { fromMs: begin, toMs: at(toSecond) }, { secrets: false }))
      .filter(({ kind }) => kind === 'users')
      .map(({ atMs, text }) => [(atMs - begin) / 1000, text.slice(0, 20)]);
  const harmed = [20, 'users begin to be ha'];
  expect(await served(50, 52)).toEqual([harmed]);
  expect(await served(62, 64)).toEqual([harmed]);
  expect(await served(63, 65)).toEqual([harmed, [60, 'users are served aga']]);
  // Nobody is answered any more: that is no end either.
  expect(await served(60, 90)).toEqual([harmed]);
  // Resolved at once: what came after tells whether it was true.
  expect(await served(119, 60)).toEqual([harmed, [60, 'users are served aga']]);
});

it('has the same figures at once as later, when the client has written its last seconds', async () => {
  const resolved = { ...incident, resolvedAtMs: at(100) };
  expect(await figuresOf(cut(98), resolved, at(100))).toEqual(await figuresOf(context, resolved, at(110)));
});

it('tells what happened in order, and what was broken on purpose only to whom it is no secret', async () => {
  const texts = async (secrets: boolean) =>
    (await timelineOf(context, { fromMs: begin, toMs: at(100) }, { secrets })).map(({ text }) => text);
  expect(await texts(false)).toEqual([
    'pagerduty p: Earlier firing',
    'users begin to be harmed: requests fail or take half a second',
    'pagerduty p: DatabaseDown firing',
    'the escalate',
    'DatabaseDown, by Ada',
    'INC-1 declared as SEV1: Reading fails',
    'alertname="DatabaseDown" is silenced by rosa: known',
    'users are served again, after 40 s',
  ]);
  expect((await texts(true))[0]).toBe('the secret');
});

it('tells what was written on the status page itself, once', async () => {
  edits.push({
    id: 'edit-1',
    at: iso(50),
    incident: 'INC-1',
    state: 'identified',
    message: 'We know why',
    components: { saving: 'major outage', orders: 'degraded' },
  });
  const texts = async () =>
    (await timelineOf(context, { fromMs: at(45), toMs: at(55) }, { secrets: false }))
      .filter(({ kind }) => kind === 'event')
      .map(({ text }) => text);
  const told = ['Status page: Saving notes: major outage, Orders: degraded', 'INC-1 identified: We know why'];
  expect(await texts()).toEqual(told);
  await recordStatusEdits(context);
  const recorded = events.read().filter(({ details }) => details?.statusEdit !== undefined);
  expect(recorded.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['status-update', 'learner'],
    ['status-update', 'learner'],
  ]);
  // Another command that read the inbox at the same moment.
  for (const event of recorded) events.append(event);
  expect(await texts()).toEqual(told);
  expect(new Incidents(events).all()).toMatchObject([
    { state: 'identified', updates: [{ atMs: at(50), state: 'identified', message: 'We know why' }] },
  ]);
});

it('goes on without an inbox that does not answer, and not without one that fails otherwise', async () => {
  const failing = (error: Error) =>
    recordStatusEdits({ events, observe: { inbox: { statusEdits: () => Promise.reject(error) } } });
  await failing(new ObserveError('unreachable', 'The inbox does not answer'));
  await expect(failing(new TypeError('a mistake'))).rejects.toThrow('a mistake');
});

it('has every step of a page in the event log once, at its own time, however often it looks', async () => {
  await recordPages(context);
  await recordPages(context);
  const steps = events.read().filter(({ details }) => details?.pageEvent !== undefined);
  expect(steps.map(({ at: when, kind, actor, text }) => [when, kind, actor, text])).toEqual([
    [iso(28), 'page', 'lab', 'the page'],
    [iso(31), 'escalate', 'lab', 'the escalate'],
    [iso(34), 'acknowledge', 'learner', 'the acknowledge'],
  ]);
  // An escalation of a page is none of an incident's severity.
  expect(new Incidents(events).all()).toHaveLength(1);
});

it('knows what users felt just before', () => {
  expect(errorRatioBefore(context.ledger, at(50))).toBe(1);
  expect(errorRatioBefore(context.ledger, at(20))).toBe(0);
  expect(errorRatioBefore(context.ledger, at(-60))).toBeUndefined();
});

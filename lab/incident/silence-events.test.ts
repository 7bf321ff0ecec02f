import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventLog } from '../events/event-log.ts';
import type { Silence } from '../observe/alertmanager-client.ts';
import { ObserveError } from '../observe/observe-error.ts';
import { byTheLab, describeMatchers, recordSilences, silenceEvent } from './silence-events.ts';

let folder: string;
let events: EventLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-silences-'));
  events = new EventLog(join(folder, 'events.ndjson'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const noon = '2026-01-01T12:00:00.000Z';
const one = '2026-01-01T13:00:00.000Z';
const silence = (state: Silence['status']['state'], changed: Partial<Silence> = {}): Silence => ({
  id: 's-1',
  comment: 'known: slow disk',
  createdBy: 'rosa',
  startsAt: noon,
  endsAt: one,
  updatedAt: noon,
  matchers: [{ name: 'alertname', value: 'HighLatency', isRegex: false, isEqual: true }],
  status: { state },
  ...changed,
});
const record = (...silences: Silence[]): Promise<void> =>
  recordSilences({ events, observe: { alertmanager: { silences: async () => silences } } });
const logged = () => events.read().map(({ at, kind, actor, text }) => [at, kind, actor, text]);

it('notes a silence that somebody made anywhere, once, when it began', async () => {
  await record(silence('active'));
  await record(silence('active'));
  const text = 'alertname="HighLatency" is silenced by rosa: known: slow disk';
  expect(logged()).toEqual([[noon, 'silence', 'learner', text]]);
});

it.each([
  ['ended by hand', one],
  ['its time is over', noon],
])('notes its end, and why: %s', async (why, updatedAt) => {
  await record(silence('active'));
  await record(silence('expired', { updatedAt }));
  await record(silence('expired', { updatedAt }));
  expect(logged().slice(1)).toEqual([
    [one, 'silence', 'learner', `alertname="HighLatency" is silenced no more: ${why}`],
  ]);
});

it('notes nothing twice that the command noted itself, and its end as that of any other', async () => {
  const details = { silenceEvent: silenceEvent('s-1', 'begin') };
  events.append({ at: noon, kind: 'silence', actor: 'learner', text: 'by the command', details });
  await record(silence('active'));
  expect(logged()).toHaveLength(1);
  await record(silence('expired'));
  expect(logged()).toHaveLength(2);
});

it('notes neither what has not begun nor what exercises try by themselves', async () => {
  await record(silence('pending'), silence('active', { id: 's-2', createdBy: byTheLab }));
  expect(logged()).toEqual([]);
});

it('waits for an Alertmanager that does not answer, and hides no other error', async () => {
  const failing = (error: Error) =>
    recordSilences({ events, observe: { alertmanager: { silences: () => Promise.reject(error) } } });
  await failing(new ObserveError('unreachable', 'Alertmanager does not answer'));
  expect(logged()).toEqual([]);
  await expect(failing(new TypeError('a bug'))).rejects.toThrow('a bug');
});

it('writes matchers as Alertmanager does', () => {
  const matchers = [
    { name: 'a', value: 'x', isRegex: false, isEqual: false },
    { name: 'b', value: 'y.*', isRegex: true, isEqual: true },
    { name: 'c', value: 'z', isRegex: true, isEqual: false },
  ];
  expect(describeMatchers({ matchers })).toBe('a!="x", b=~"y.*", c!~"z"');
});

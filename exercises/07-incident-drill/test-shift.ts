import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { EventLog } from '../../lab/events/event-log.ts';
import type { ExerciseContext, Judgement, Task } from '../../lab/exercise/model/model.ts';
import { Incidents } from '../../lab/incident/incident.ts';
import { Ledger } from '../../lab/traffic/ledger.ts';
import type { StatusEdit } from '../../services/contract/status-words.ts';
import { paces } from '../../stack/pace.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-07-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

export const begin = Date.parse('2026-01-01T12:00:00Z');
/** ISO time of a second of the shift. */
export const iso = (second: number): string => new Date(begin + 1000 * second).toISOString();
let made = 0;

/** What one shift is made of: real records in files; the inbox alone is played, with the messages that are put into it. */
export function shift({ failing = [[20, 60]] as readonly (readonly [number, number])[] } = {}) {
  const directory = join(root, String(made++));
  mkdirSync(join(directory, 'ledger'), { recursive: true });
  const seconds = Array.from({ length: 400 }, (_, index) => index);
  const lines = seconds.map((second) =>
    JSON.stringify({
      second: begin / 1000 + second,
      kind: 'read-note',
      statuses: failing.some(([from, to]) => second >= from && second < to) ? { 503: 40 } : { 200: 40 },
      latencies: [[12, 40]],
    }),
  );
  writeFileSync(join(directory, 'ledger', 'a.ndjson'), `${lines.join('\n')}\n`);
  let now = begin;
  const events = new EventLog(join(directory, 'events.ndjson'), () => now);
  const desk = new Incidents(events);
  const messages: object[] = [];
  const edits: StatusEdit[] = [];
  const context = {
    events,
    ledger: new Ledger(directory),
    lab: { directory },
    pace: paces.lab,
    observe: {
      prometheus: { queryRange: async () => [] },
      inbox: {
        notifications: async () => messages,
        statusEdits: async () => edits,
        oncall: async () => ({ teams: [], pages: [], events: [] }),
      },
    },
    timeline: { startedAtMs: begin, steadyAtMs: begin + 10_000, brokenAtMs: begin + 20_000 },
    clock: { now: () => now },
    signal: new AbortController().signal,
  } as unknown as ExerciseContext;
  return {
    desk,
    context,
    /** What was written on the status page itself. */
    edits,
    at: (second: number): void => {
      now = begin + 1000 * second;
    },
    /** A message reaches a person; `takenAt`: the second in which somebody acknowledges it. */
    told: (second: number, takenAt?: number, more: object = {}): void => {
      const message = { channel: 'pagerduty', receiver: 'p', status: 'firing', alertname: 'DatabaseDown' };
      const acknowledgedAt = takenAt === undefined ? null : iso(takenAt);
      messages.push({ ...message, receivedAt: iso(second), acknowledgedAt, ...more });
    },
    judge: (task: Task): Promise<Judgement> => {
      if (task.kind !== 'action') throw new Error('not an action');
      return task.verify(context);
    },
  };
}

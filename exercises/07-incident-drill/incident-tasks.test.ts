import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EventLog } from '../../lab/events/event-log.ts';
import type { ExerciseContext, Judgement } from '../../lab/exercise/model.ts';
import { Incidents } from '../../lab/incident/incident.ts';
import { Ledger } from '../../lab/traffic/ledger.ts';
import { communicate, declareIncident } from './incident-tasks.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-07-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const begin = Date.parse('2026-01-01T12:00:00Z');
let made = 0;

/** A shift in which every request failed from second 20 to 60. */
function shift() {
  const directory = join(root, String(made++));
  mkdirSync(join(directory, 'ledger'), { recursive: true });
  const seconds = Array.from({ length: 120 }, (_, index) => index);
  const lines = seconds.map((second) =>
    JSON.stringify({
      second: begin / 1000 + second,
      kind: 'read-note',
      statuses: second >= 20 && second < 60 ? { 503: 40 } : { 200: 40 },
      latencies: [[12, 40]],
    }),
  );
  writeFileSync(join(directory, 'ledger', 'a.ndjson'), `${lines.join('\n')}\n`);
  let now = begin;
  const events = new EventLog(join(directory, 'events.ndjson'), () => now);
  const desk = new Incidents(events);
  const context = {
    events,
    ledger: new Ledger(directory),
    timeline: { startedAtMs: begin, steadyAtMs: begin + 10_000 },
    clock: { now: () => now },
  } as unknown as ExerciseContext;
  return {
    desk,
    at: (second: number): void => {
      now = begin + 1000 * second;
    },
    judge: (task: typeof communicate): Promise<Judgement> => {
      if (task.kind !== 'action') throw new Error('not an action');
      return task.verify(context);
    },
  };
}

describe('declaring', () => {
  it('is asked for, with a severity that fits and a word to users', async () => {
    const { desk, at, judge } = shift();
    at(5);
    desk.declare('of an earlier shift', 'SEV1');
    at(40);
    expect((await judge(declareIncident)).because).toContain('no incident');
    const opened = desk.declare('Reading fails', 'SEV3');
    expect((await judge(declareIncident)).because).toContain('SEV3 is too low');
    desk.grade(opened, 'SEV1', 'nothing works');
    expect((await judge(declareIncident)).because).toContain('told nothing');
    desk.update(opened, 'investigating', 'We are at it');
    expect((await judge(declareIncident)).accepted).toBe(true);
  });
});

describe('communicating', () => {
  it('is accepted with a word during and a word after', async () => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    desk.update(opened, 'investigating', 'We are at it');
    at(70);
    expect((await judge(communicate)).because).toContain('still open');
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    expect(await judge(communicate)).toMatchObject({ accepted: true });
  });

  it.each([
    ['too early', 50, ['investigating'], 'said "resolved" 10 s before'],
    ['as the only word', 70, [], 'told once'],
  ] as const)('is rejected when "resolved" comes %s', async (_, second, before, because) => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    for (const state of before) desk.update(opened, state, 'We are at it');
    at(second);
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    const judgement = await judge(communicate);
    expect(judgement.accepted).toBe(false);
    expect(judgement.because).toContain(because);
  });

  it('is rejected when users hear of it only afterwards', async () => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    at(80);
    desk.update(opened, 'monitoring', 'It was down');
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    expect((await judge(communicate)).because).toContain('only after it was over');
  });
});

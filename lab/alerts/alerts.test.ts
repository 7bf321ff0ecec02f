import { describe, expect, it } from 'vitest';
import type { LedgerSlice } from '../traffic/ledger.ts';
import { type Episode, firedEpisodes, replayedEpisodes } from './episodes.ts';
import { judgeAlerting } from './judge-alerting.ts';
import { peopleWereTold, secondsToAcknowledge } from './review.ts';
import { harmfulStretches } from './user-harm.ts';

/** 40 requests in a second, of which so many are slow or fail. */
const second = (at: number, { slow = 0, failed = 0 } = {}): LedgerSlice => ({
  second: at,
  kind: 'read-note',
  statuses: { '200': 40 - failed, ...(failed > 0 ? { '503': failed } : {}) },
  latencies: [
    [20, 40 - slow],
    [900, slow],
  ],
});
const seconds = (from: number, to: number, what: { slow?: number; failed?: number } = {}): LedgerSlice[] =>
  Array.from({ length: to - from }, (_, index) => second(from + index, what));

describe('harm to users, by their own record', () => {
  it('is where more than one request in twenty is slow', () => {
    const slices = [...seconds(0, 20), ...seconds(20, 40, { slow: 6 }), ...seconds(40, 60)];
    expect(harmfulStretches(slices)).toEqual([{ fromMs: 20_000, toMs: 40_000 }]);
  });

  it('is where more than one in fifty fails', () => {
    const slices = [...seconds(0, 20), ...seconds(20, 30, { failed: 2 }), ...seconds(30, 60)];
    expect(harmfulStretches(slices)).toEqual([{ fromMs: 20_000, toMs: 30_000 }]);
  });

  it('is not where fewer do, nor where it lasts a moment', () => {
    expect(harmfulStretches(seconds(0, 60, { slow: 2 }))).toEqual([]);
    expect(
      harmfulStretches([...seconds(0, 20), ...seconds(20, 22, { slow: 20 }), ...seconds(22, 60)]),
    ).toEqual([]);
  });

  it('is one stretch when it comes back at once, and two when it rests', () => {
    const slow = { slow: 20 };
    const twice = (pause: number): LedgerSlice[] => [
      ...seconds(0, 10, slow),
      ...seconds(10, 10 + pause),
      ...seconds(10 + pause, 20 + pause, slow),
    ];
    expect(harmfulStretches(twice(4))).toHaveLength(1);
    expect(harmfulStretches(twice(12))).toHaveLength(2);
  });

  it('needs requests', () => {
    const few = Array.from({ length: 20 }, (_, at) => ({
      ...second(at),
      statuses: { '503': 1 },
      latencies: [],
    }));
    expect(harmfulStretches(few)).toEqual([]);
  });
});

const series = (labels: Record<string, string>, ...at: number[]) => ({
  labels,
  points: at.map((one) => ({ timestampMs: one * 1000, value: 1 })),
});
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('episodes', () => {
  it('begin anew after a gap', () => {
    const labels = { alertname: 'A', alertstate: 'firing', severity: 'high', instance: 'api-1' };
    expect(firedEpisodes([series(labels, 1, 2, 3, 7, 8)], 1)).toEqual([
      { alertname: 'A', severity: 'high', labels: { instance: 'api-1' }, fromMs: 1000, toMs: 3000 },
      { alertname: 'A', severity: 'high', labels: { instance: 'api-1' }, fromMs: 7000, toMs: 8000 },
    ]);
  });

  it('of a replay begin when the expression has held for long enough, and never when it has not', () => {
    const rule = { alertname: 'A', severity: 'warning', forSeconds: 5 };
    const found = replayedEpisodes(rule, [series({}, ...range(10, 14), ...range(20, 30))], 1);
    expect(found).toMatchObject([{ fromMs: 25_000, toMs: 30_000 }]);
    expect(replayedEpisodes({ ...rule, forSeconds: 3_600 }, [series({}, ...range(0, 60))], 1)).toEqual([]);
  });

  it('of a replay last as long as keep_firing_for says', () => {
    const rule = { alertname: 'A', severity: 'warning', forSeconds: 0, keepFiringForSeconds: 9 };
    expect(replayedEpisodes(rule, [series({}, 1, 2)], 1)).toMatchObject([{ fromMs: 1000, toMs: 11_000 }]);
  });
});

const episode = (from: number, severity = 'warning'): Episode => ({
  alertname: 'A',
  severity,
  labels: {},
  fromMs: from * 1000,
  toMs: from * 1000 + 5_000,
});
const harm = [
  { fromMs: 20_000, toMs: 40_000 },
  { fromMs: 90_000, toMs: 110_000 },
];
const hundred = { fromMs: 0, toMs: 120_000 };
const limitMs = 20_000;

describe('the quality of alerting', () => {
  it('is perfect where each harm is told in time and nothing else fires', () => {
    const quality = judgeAlerting([episode(30), episode(100)], harm, hundred, { limitMs });
    expect(quality).toMatchObject({ precision: 1, recall: 1, missed: [], unfounded: [] });
  });

  it('counts what no user felt', () => {
    const quality = judgeAlerting([episode(30), episode(60), episode(70), episode(100)], harm, hundred, {
      limitMs,
    });
    expect(quality).toMatchObject({ episodes: 4, founded: 2, precision: 0.5, recall: 1 });
    expect(quality.unfounded.map((one) => one.fromMs)).toEqual([60_000, 70_000]);
  });

  it('does not measure a ticket by what users feel at the moment', () => {
    const episodes = [episode(30), episode(60, 'low'), episode(100)];
    expect(judgeAlerting(episodes, harm, hundred, { limitMs })).toMatchObject({ episodes: 2, precision: 1 });
  });

  it('counts what was told too late, by mail alone, or never', () => {
    const late = judgeAlerting([episode(41), episode(100)], harm, hundred, { limitMs });
    expect(late).toMatchObject({ recall: 0.5, missed: [harm[0]] });
    const mail = judgeAlerting([episode(30, 'low'), episode(100, 'none')], harm, hundred, { limitMs });
    expect(mail).toMatchObject({ episodes: 1, precision: 1, recall: 0 });
    expect(judgeAlerting([], harm, hundred, { limitMs })).toMatchObject({ precision: undefined, recall: 0 });
  });

  it('does not judge a harm that is too recent, or that was under way', () => {
    const recent = judgeAlerting([], harm, { fromMs: 25_000, toMs: 100_000 }, { limitMs });
    expect(recent).toMatchObject({ stretches: 0, recall: undefined });
    const ongoing = judgeAlerting([episode(60)], [], { fromMs: 60_000, toMs: 100_000 }, { limitMs });
    expect(ongoing).toMatchObject({ episodes: 0, precision: undefined });
  });

  it('asks whoever knows what people were told', () => {
    const quality = judgeAlerting([episode(30), episode(100)], harm, hundred, {
      limitMs,
      tells: (from) => from > 50_000,
    });
    expect(quality).toMatchObject({ precision: 1, recall: 0.5, missed: [harm[0]] });
  });
});

describe('the time until somebody takes a message', () => {
  const message = (received: number, acknowledged?: number) => ({
    receivedAt: new Date(received * 1000).toISOString(),
    acknowledgedAt: acknowledged === undefined ? null : new Date(acknowledged * 1000).toISOString(),
  });

  it('is the middle one of those that were taken', () => {
    expect(secondsToAcknowledge([message(0, 4), message(10, 11), message(20), message(30, 90)])).toBe(4);
    expect(secondsToAcknowledge([message(0, 4), message(10, 11.25)])).toBe(1.3);
  });

  it('is nothing where nobody took any', () => {
    expect(secondsToAcknowledge([message(0)])).toBeNull();
    expect(secondsToAcknowledge([])).toBeNull();
  });
});

describe('people were told', () => {
  const message = (
    channel: string,
    receivedAt: string,
    receiver = 'oncall',
    rest: { status?: string; dedupKey?: string } = {},
  ) => ({ channel, receivedAt, receiver, alertname: 'A', service: 's', status: 'firing', ...rest }) as never;
  const [from, to] = [Date.parse('2026-01-01T00:00:00Z'), Date.parse('2026-01-01T00:00:20Z')];

  it.each([
    ['pagerduty', true],
    ['slack', true],
    ['webhook', true],
    ['email', false],
    // It repeats what was told before.
    ['phone', false],
  ])('by %s: %s', (channel, told) => {
    expect(peopleWereTold([message(channel, '2026-01-01T00:00:10Z')])(from, to)).toBe(told);
    expect(peopleWereTold([message(channel, '2026-01-01T00:00:21Z')])(from, to)).toBe(false);
  });

  it('by a message that came shortly before and still stands', () => {
    const page = (receivedAt: string, status: string, dedupKey = 'a') =>
      message('pagerduty', receivedAt, 'oncall', { status, dedupKey });
    const before = page('2025-12-31T23:59:45Z', 'firing');
    const takenBack = page('2025-12-31T23:59:55Z', 'resolved');
    expect(peopleWereTold([before])(from, to)).toBe(true);
    expect(peopleWereTold([page('2025-12-31T23:59:39Z', 'firing')])(from, to)).toBe(false);
    expect(peopleWereTold([before, takenBack])(from, to)).toBe(false);
    expect(peopleWereTold([before, page('2025-12-31T23:59:55Z', 'resolved', 'b')])(from, to)).toBe(true);
    expect(peopleWereTold([before, page('2026-01-01T00:00:05Z', 'resolved')])(from, to)).toBe(true);
    expect(peopleWereTold([takenBack])(from, to)).toBe(false);
  });

  it('not by what a team finds in its own channel', () => {
    const told = (receiver: string): boolean =>
      peopleWereTold([message('slack', '2026-01-01T00:00:10Z', receiver)])(from, to);
    expect(told('#alerts')).toBe(true);
    expect(told('#team-sre')).toBe(false);
  });
});

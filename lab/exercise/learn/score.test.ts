import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import drill from '../../../exercises/07-incident-drill/exercise.ts';
import { defineExercise } from '../model/define-exercise.ts';
import type { Exercise, ScoredPart } from '../model/model.ts';
import type { Progress } from '../model/progress.ts';
import { fakeContext } from '../testing/fake-context.ts';
import { measureParts } from './measure-parts.ts';
import { scoreOf } from './score.ts';
import { ScoreStore } from './score-store.ts';

const exercise = {
  id: '02-two-acts',
  minutes: 20,
  acts: [
    { id: 'stop', tasks: [{ id: 'which' }, { id: 'since' }] },
    { id: 'hang', tasks: [{ id: 'query' }, { id: 'bring-back' }] },
  ],
} as unknown as Exercise;

const right = { attempts: 1, hints: 0, shown: false, answeredAt: '2026-01-01T00:02:00Z' };
/** Done at once and within the time, but for what is given. */
function done(change: { tasks?: Record<string, object>; repairedAt?: string } = {}): Progress {
  const task = (id: string) => ({ ...right, ...change.tasks?.[id] });
  return {
    version: 2,
    id: exercise.id,
    startedAt: '2026-01-01T00:00:00Z',
    act: 'hang',
    doneAt: '2026-01-01T01:00:00Z',
    acts: {
      stop: {
        phase: 'recovered',
        startedAt: '2026-01-01T00:00:00Z',
        brokenAt: '2026-01-01T00:01:00Z',
        repairedAt: '2026-01-01T00:06:00Z',
        tasks: { which: task('which'), since: task('since') },
      },
      hang: {
        phase: 'recovered',
        startedAt: '2026-01-01T00:10:00Z',
        brokenAt: '2026-01-01T00:11:00Z',
        repairedAt: change.repairedAt ?? '2026-01-01T00:21:00Z',
        tasks: { query: task('query'), 'bring-back': task('bring-back') },
      },
    },
  };
}
const part = (progress: Progress, name: string) => {
  const { points, of, because } = scoreOf(exercise, progress).parts.find((one) => one.name === name)!;
  return [points, of, because];
};

describe('a score', () => {
  it('is 100 for who answers at once and repairs in time', () => {
    expect(scoreOf(exercise, done()).points).toBe(100);
    expect(part(done(), 'which')).toEqual([17.5, 17.5, 'right at once']);
    expect(part(done(), 'time to repair')).toEqual([30, 30, 'broken for 15 minutes; 20 minutes are allowed']);
  });

  it.each([
    [{ attempts: 2 }, 0.75, '1 wrong answer'],
    [{ attempts: 2, hints: 1 }, 0.5, '1 wrong answer, 1 hint'],
    [{ attempts: 9, hints: 3 }, 0.25, '8 wrong answers, 3 hints'],
    [{ shown: true }, 0, 'the solution was shown'],
    [{ answeredAt: undefined, attempts: 3 }, 0, 'not answered'],
  ])('says what %o costs', (task, worth, because) => {
    const progress = done({ tasks: { query: task } });
    expect(part(progress, 'query')).toEqual([17.5 * worth, 17.5, because]);
    expect(scoreOf(exercise, progress).points).toBe(Math.round(100 - 17.5 * (1 - worth)));
  });

  it('falls with the time that users wait, down to nothing for it', () => {
    // 5 minutes of the first act, and 25 of the second: half as long again as is allowed.
    expect(part(done({ repairedAt: '2026-01-01T00:36:00Z' }), 'time to repair')).toEqual([
      15,
      30,
      'broken for 30 minutes; 20 minutes are allowed',
    ]);
    expect(scoreOf(exercise, done({ repairedAt: '2026-01-01T05:00:00Z' })).points).toBe(70);
  });

  it('is of the time alone where there is no task', () => {
    const none = { ...exercise, acts: [{ id: 'stop', tasks: [] }] } as unknown as Exercise;
    expect(scoreOf(none, done()).points).toBe(100);
  });
});

describe('an exercise that measures parts itself', () => {
  const judged = (worth: number): ScoredPart => ({
    name: `worth ${worth}`,
    points: 20,
    judge: () => ({ worth, because: 'so it was' }),
  });
  const measure = (scored: readonly ScoredPart[]) =>
    measureParts({ scored }, fakeContext(), done(), { isOver: true });

  it('has a hundred points all the same, and no time to repair', async () => {
    const score = scoreOf(exercise, done(), await measure([judged(1), judged(0.5)]));
    expect(score.points).toBe(90);
    expect(score.parts.map(({ name, points, of }) => [name, points, of])).toEqual([
      ['which', 15, 15],
      ['since', 15, 15],
      ['query', 15, 15],
      ['bring-back', 15, 15],
      ['worth 1', 20, 20],
      ['worth 0.5', 10, 20],
    ]);
  });

  it.each([
    [2, 20],
    [-1, 0],
    [Number.NaN, 0],
  ])('takes a share of %d for %d points', async (worth, points) => {
    expect((await measure([judged(worth)]))[0]?.points).toBe(points);
  });

  it('is refused where the parts leave nothing, or have the name of a task', () => {
    const define = (scored: readonly ScoredPart[]) => () =>
      defineExercise({ ...drill, id: '07-incident-drill', scored });
    expect(define([1, 2, 3, 4, 5].map(judged))).toThrow('its scored parts have 100 points together');
    expect(define([judged(1), judged(1)])).toThrow('two scored parts or tasks are called worth 1');
    expect(define([{ ...judged(1), name: 'fail-over' }])).toThrow('are called fail-over');
    expect(define([{ ...judged(1), points: 0 }])).toThrow('the scored part worth 1 has 0 points');
  });
});

describe('the scores of a lab', () => {
  let directory: string;
  let store: ScoreStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'scores-'));
    store = new ScoreStore(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('keep the last and the best', () => {
    expect(store.read('01-x')).toBeUndefined();
    store.note('01-x', { points: 60 }, 'a');
    store.note('01-x', { points: 90 }, 'b');
    store.note('01-x', { points: 90 }, 'c');
    expect(store.note('01-x', { points: 40 }, 'd')).toEqual({
      version: 1,
      times: 4,
      last: { points: 40, at: 'd' },
      best: { points: 90, at: 'b' },
    });
    expect(new ScoreStore(directory).read('01-x')?.best.points).toBe(90);
    expect(store.read('02-y')).toBeUndefined();
  });

  it('keep why, of those that have parts', () => {
    const parts = [{ name: 'acknowledge', points: 5, of: 10, because: 'after 40 s; 20 s are allowed' }];
    store.note('07-x', { points: 60, parts: parts.map((one) => ({ ...one, open: false })) }, 'a');
    expect(store.read('07-x')?.best).toEqual({ points: 60, at: 'a', parts });
  });

  it.each(['{"version":1', '{"version":2}', '[]', ''])('lose nothing to a file that reads %s', (content) => {
    const file = join(directory, '01-x.json');
    writeFileSync(file, content);
    expect(() => store.note('01-x', { points: 60 }, 'a')).toThrow(
      /01-x\.json cannot be understood .* Delete it: /,
    );
    expect(readFileSync(file, 'utf8')).toBe(content);
  });
});

import { describe, expect, it } from 'vitest';
import type { Exercise } from '../exercise/model/model.ts';
import type { Progress } from '../exercise/model/progress.ts';
import { sumUpCourse } from './course.ts';

const exercise = (id: string) =>
  ({
    id,
    title: id,
    minutes: 20,
    acts: [
      { id: 'one', tasks: [{ id: 'a' }, { id: 'b' }] },
      { id: 'two', tasks: [{ id: 'a' }] },
    ],
  }) as unknown as Exercise;
const at = (seconds: number): string => new Date(1_800_000_000_000 + 1000 * seconds).toISOString();
const task = { attempts: 1, hints: 0, shown: false };
const scores = (last: number, best: number) =>
  ({ version: 1, times: 2, last: { points: last, at: at(0) }, best: { points: best, at: at(0) } }) as const;

const halfway: Progress = {
  version: 2,
  id: 'halfway',
  startedAt: at(0),
  act: 'two',
  acts: {
    one: {
      phase: 'recovered',
      startedAt: at(0),
      brokenAt: at(10),
      observedAt: at(40),
      repairedAt: at(110),
      tasks: { a: { ...task, answeredAt: at(50) }, b: task },
    },
    two: { phase: 'observed', startedAt: at(200), brokenAt: at(210), observedAt: at(220), tasks: {} },
  },
};

describe('a course', () => {
  it('says of each act how long it took to see and to repair it', () => {
    const course = sumUpCourse([{ exercise: exercise('halfway'), progress: halfway, scores: undefined }]);
    expect(course.exercises[0]).toMatchObject({ done: false, tasks: 3, tasksAnswered: 1, scores: null });
    expect(course.exercises[0]?.acts).toEqual([
      { act: 'one', secondsToSee: 30, secondsToRepair: 100 },
      { act: 'two', secondsToSee: 10, secondsToRepair: null },
    ]);
    expect(course).toMatchObject({
      done: 0,
      meanSecondsToSee: 20,
      meanSecondsToRepair: 100,
      meanBestScore: null,
    });
  });

  it('counts what was done and then reset by its score', () => {
    const course = sumUpCourse([
      { exercise: exercise('done'), progress: { ...halfway, doneAt: at(300) }, scores: scores(60, 80) },
      { exercise: exercise('reset'), progress: undefined, scores: scores(50, 50) },
      { exercise: exercise('never'), progress: undefined, scores: undefined },
    ]);
    expect(course.exercises.map((one) => one.done)).toEqual([true, true, false]);
    expect(course).toMatchObject({ done: 2, meanBestScore: 65 });
  });

  it('says nothing of what nobody has begun', () => {
    const course = sumUpCourse([{ exercise: exercise('never'), progress: undefined, scores: undefined }]);
    expect(course).toMatchObject({ done: 0, meanSecondsToSee: null, meanSecondsToRepair: null });
    expect(course.exercises[0]?.acts).toEqual([]);
  });
});

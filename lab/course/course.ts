import type { Scores } from '../exercise/learn/score-store.ts';
import type { Exercise } from '../exercise/model/model.ts';
import type { Progress } from '../exercise/model/progress.ts';

/** One act as a learner did it; seconds, null where it was not reached. */
export interface ActDone {
  readonly act: string;
  /** From the break until its evidence was found in every pillar. */
  readonly secondsToSee: number | null;
  /** From the break to the repair. */
  readonly secondsToRepair: number | null;
}

export interface ExerciseDone {
  readonly id: string;
  readonly title: string;
  readonly done: boolean;
  readonly tasks: number;
  readonly tasksAnswered: number;
  readonly acts: readonly ActDone[];
  readonly scores: Scores | null;
}

/** What a course has come to; seconds are means over the acts that were reached, null where none was. */
export interface Course {
  readonly exercises: readonly ExerciseDone[];
  readonly done: number;
  readonly meanSecondsToSee: number | null;
  readonly meanSecondsToRepair: number | null;
  /** Mean of the best scores of the exercises that have one. */
  readonly meanBestScore: number | null;
}

/** Sums up what the learner's records say. Pure. */
export function sumUpCourse(
  records: readonly {
    readonly exercise: Exercise;
    readonly progress: Progress | undefined;
    readonly scores: Scores | undefined;
  }[],
): Course {
  const exercises = records.map(({ exercise, progress, scores }): ExerciseDone => {
    const tasks = exercise.acts.flatMap((act) =>
      act.tasks.map((task) => progress?.acts[act.id]?.tasks[task.id]),
    );
    return {
      id: exercise.id,
      title: exercise.title,
      // After a reset the progress is gone; the score says that it was done.
      done: progress?.doneAt !== undefined || scores !== undefined,
      tasks: tasks.length,
      tasksAnswered: tasks.filter((task) => task?.answeredAt !== undefined).length,
      acts: exercise.acts.flatMap((act) => {
        const found = progress?.acts[act.id];
        if (found?.brokenAt === undefined) return [];
        return [
          {
            act: act.id,
            secondsToSee: secondsBetween(found.brokenAt, found.observedAt),
            secondsToRepair: secondsBetween(found.brokenAt, found.repairedAt),
          },
        ];
      }),
      scores: scores ?? null,
    };
  });
  const acts = exercises.flatMap((one) => one.acts);
  return {
    exercises,
    done: exercises.filter((one) => one.done).length,
    meanSecondsToSee: meanOf(acts.map((one) => one.secondsToSee)),
    meanSecondsToRepair: meanOf(acts.map((one) => one.secondsToRepair)),
    meanBestScore: meanOf(exercises.map((one) => one.scores?.best.points ?? null)),
  };
}

function secondsBetween(from: string, to: string | undefined): number | null {
  return to === undefined ? null : Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.round(known.reduce((sum, value) => sum + value, 0) / known.length);
}

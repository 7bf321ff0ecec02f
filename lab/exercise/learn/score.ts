import type { Exercise } from '../model/model.ts';
import type { Progress, TaskProgress } from '../model/progress.ts';

/** A part of a score, and why it is what it is. */
export interface ScorePart {
  readonly name: string;
  readonly points: number;
  readonly of: number;
  readonly because: string;
}

/** How well an exercise was done, of 100 points, with the parts that explain it. */
export interface Score {
  readonly points: number;
  readonly parts: readonly ScorePart[];
}

const pointsForTasks = 70;
const pointsForTime = 30;
/** What a wrong answer or a hint costs of a task's points, and what an own answer is worth at least. */
const cost = 0.25;
const atLeast = 0.25;

/**
 * The score of an exercise that is done. Seventy points are for the tasks, in equal shares: a wrong answer or a hint
 * costs a quarter of the share, an own answer keeps a quarter, a solution that was shown is worth nothing. Thirty points
 * are for the time that users had to wait, from each break to its repair: all of them within the exercise's minutes, none
 * from twice as long on. Parts that the exercise has measured itself stand in the place of that time, and the tasks share
 * what those leave of a hundred.
 */
export function scoreOf(exercise: Exercise, progress: Progress, measured: readonly ScorePart[] = []): Score {
  const tasks = exercise.acts.flatMap((act) =>
    act.tasks.map((task) => ({ id: task.id, progress: progress.acts[act.id]?.tasks[task.id] })),
  );
  const forTasks =
    measured.length === 0 ? pointsForTasks : 100 - measured.reduce((sum, part) => sum + part.of, 0);
  const share = tasks.length === 0 ? 0 : forTasks / tasks.length;
  const parts = tasks.map((task): ScorePart => {
    const { worth, because } = worthOf(task.progress);
    return { name: task.id, points: share * worth, of: share, because };
  });
  parts.push(...(measured.length === 0 ? [timePart(exercise, progress)] : measured));
  return { points: Math.round(parts.reduce((sum, part) => sum + part.points, 0)), parts };
}

function timePart(exercise: Exercise, progress: Progress): ScorePart {
  const brokenMinutes = exercise.acts.reduce((sum, act) => {
    const { brokenAt, repairedAt } = progress.acts[act.id] ?? {};
    if (brokenAt === undefined || repairedAt === undefined) return sum;
    return sum + (Date.parse(repairedAt) - Date.parse(brokenAt)) / 60_000;
  }, 0);
  // Without tasks the time is all there is.
  const isAll = exercise.acts.every((act) => act.tasks.length === 0);
  const ofTime = isAll ? pointsForTasks + pointsForTime : pointsForTime;
  const late = Math.min(1, Math.max(0, brokenMinutes / exercise.minutes - 1));
  return {
    name: 'time to repair',
    points: ofTime * (1 - late),
    of: ofTime,
    because: `broken for ${minutes(brokenMinutes)}; ${exercise.minutes} minutes are allowed`,
  };
}

function worthOf(task: TaskProgress | undefined): { worth: number; because: string } {
  if (task?.answeredAt === undefined) return { worth: 0, because: 'not answered' };
  if (task.shown) return { worth: 0, because: 'the solution was shown' };
  const wrong = task.attempts - 1;
  const paid = [
    ...(wrong > 0 ? [wrong === 1 ? '1 wrong answer' : `${wrong} wrong answers`] : []),
    ...(task.hints > 0 ? [task.hints === 1 ? '1 hint' : `${task.hints} hints`] : []),
  ];
  return {
    worth: Math.max(atLeast, 1 - cost * (Math.max(0, wrong) + task.hints)),
    because: paid.length === 0 ? 'right at once' : paid.join(', '),
  };
}

function minutes(value: number): string {
  return value < 1
    ? 'less than a minute'
    : `${Math.round(value)} ${Math.round(value) === 1 ? 'minute' : 'minutes'}`;
}

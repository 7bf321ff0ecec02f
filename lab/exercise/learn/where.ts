import { type Act, type Exercise, isDone, type Task } from '../model/model.ts';
import { type ActPhase, currentAct, keepsItsFaults, type Progress } from '../model/progress.ts';

export interface Whereabouts {
  readonly exercise: string;
  readonly act: { readonly id: string; readonly title: string; readonly number: number; readonly of: number };
  readonly phase: ActPhase | 'not begun' | 'done';
  /** Tasks of the act that can be answered now and are not. */
  readonly openTasks: readonly string[];
  /** What to do next, and the command for it. */
  readonly next: string;
  readonly command: string;
}

/** Where a learner is in an exercise, and what comes next. Pure. */
export function whereabouts(exercise: Exercise, progress: Progress | undefined): Whereabouts {
  const act = exercise.acts.find((one) => one.id === progress?.act) ?? exercise.acts[0]!;
  const number = exercise.acts.indexOf(act) + 1;
  const phase = phaseOf(progress);
  const openTasks = tasksDue(act, progress).map((task) => task.id);
  const [next, command] = nextStep(exercise, act, phase, openTasks);
  return {
    exercise: exercise.id,
    act: { id: act.id, title: act.title, number, of: exercise.acts.length },
    phase,
    openTasks,
    next,
    command: `npm run lab -- ${command}`,
  };
}

/** The phase of the act at work, in one word. */
export function phaseOf(progress: Progress | undefined): Whereabouts['phase'] {
  if (progress === undefined) return 'not begun';
  return progress.doneAt === undefined ? currentAct(progress).phase : 'done';
}

/** What somebody who watches can see: the checks, or what another terminal is doing or has done meanwhile. */
export function watchable(progress: Progress | undefined): 'checks' | 'starting' | 'done' | 'reset' {
  if (progress === undefined) return 'reset';
  if (progress.doneAt !== undefined) return 'done';
  return keepsItsFaults(progress) ? 'checks' : 'starting';
}

/** The tasks of the act that are not answered and can be, in the state that the act is in. */
export function tasksDue(act: Act, progress: Progress | undefined): readonly Task[] {
  if (progress === undefined || progress.doneAt !== undefined) return [];
  const { phase, tasks } = currentAct(progress);
  const repaired = phase === 'repaired' || phase === 'recovered';
  const broken = phase === 'broken' || phase === 'observed' || phase === 'tasks';
  return act.tasks.filter((task) => {
    if (tasks[task.id]?.answeredAt !== undefined) return false;
    if (task.when === 'repaired') return repaired;
    return broken || (isDone(task) && repaired);
  });
}

function nextStep(
  exercise: Exercise,
  act: Act,
  phase: Whereabouts['phase'],
  openTasks: readonly string[],
): [next: string, command: string] {
  const answers = act.tasks.filter((task) => !isDone(task)).map((task) => task.id);
  const open = openTasks.find((id) => answers.includes(id));
  const files = act.tasks.some((task) => task.kind === 'file' && openTasks.includes(task.id));
  switch (phase) {
    case 'not begun':
    case 'begun':
    case 'steady':
    case 'control':
      return ['Start it', `exercise start ${exercise.id}`];
    case 'broken':
      return ['Look for yourself, then see what you should be seeing', 'exercise check'];
    case 'observed':
    case 'tasks':
      return open === undefined
        ? files
          ? ['Edit the file in the workspace, and have the lab read it', 'exercise apply']
          : ['Repair it, by hand or with', 'exercise fix']
        : [`Answer the task ${open}`, `exercise answer ${open} <answer>`];
    case 'repaired':
      return ['See whether the steady state is back', 'exercise check'];
    case 'recovered': {
      const following = exercise.acts[exercise.acts.indexOf(act) + 1];
      const [left] = openTasks;
      if (following === undefined && left !== undefined) {
        return answers.includes(left)
          ? [`Answer the task ${left}`, `exercise answer ${left} <answer>`]
          : [`Do the task ${left}, then have it judged`, `exercise answer ${left}`];
      }
      return following === undefined
        ? ['See that it is done', 'exercise check']
        : [`Go on with the next act: ${following.title}`, 'exercise start'];
    }
    case 'done':
      return ['Done, and the lab is as it was. Begin anew', `exercise reset ${exercise.id}`];
  }
}

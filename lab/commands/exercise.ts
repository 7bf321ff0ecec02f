import { join } from 'node:path';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { checkLine, controlLine } from '../exercise/check-line.ts';
import { Learner, openExerciseId, type PhaseOutcome } from '../exercise/learner.ts';
import { exerciseIds, loadExercise, loadExercises } from '../exercise/load-exercises.ts';
import type { Exercise, Task } from '../exercise/model.ts';
import { type Progress, ProgressStore } from '../exercise/progress.ts';
import { Workshop } from '../exercise/workshop.ts';
import { projectRoot } from '../root.ts';
import { acquireLock } from '../state/lock.ts';
import { bootLab } from './boot.ts';

/** `exercise`: a learner's way through the exercises. State is kept, so that every step is a command of its own. */
export function register(program: Command, context: LabContext): void {
  const exercise = program
    .command('exercise')
    .description('learn by breaking: list, start, check, hint, answer, solve, fix, reset');
  const step = (name: string, description: string): Command =>
    exercise.command(name).description(description);

  step('list', 'show the exercises and how far you are').action(() => listExercises(context));
  step('start', 'start an exercise, or take it up again')
    .argument('<id>', 'its ID or number')
    .action((id: string) => startExercise(context, id));
  step('check', 'check what you should be seeing; after the fix, the recovery')
    .argument('[id]', 'default: the open exercise')
    .action((id: string | undefined) => checkExercise(context, id));
  step('hint', 'the next hint of a task')
    .argument('[words...]', '[id] [task]')
    .action(async (words: string[]) => {
      const { learner, rest } = await learnerAt(context, words);
      const { task, number, text } = learner.hint(rest[0]);
      context.ui.result({ task: task.id, number, of: task.hints.length, hint: text }, () =>
        context.ui.line(`${task.id}, hint ${number} of ${task.hints.length}: ${text}`),
      );
    });
  step('answer', 'answer a task')
    .argument('[words...]', '[id] <task> <answer>')
    .action((words: string[]) => answerTask(context, words));
  step('solve', 'show how a task is solved')
    .argument('[words...]', '[id] [task]')
    .action(async (words: string[]) => {
      const { learner, rest } = await learnerAt(context, words);
      const { task, solution } = await learner.solve(rest[0]);
      context.ui.result({ task: task.id, solution }, () => context.ui.line(`${task.id}: ${solution}`));
    });
  step('fix', 'repair what is broken')
    .argument('[id]', 'default: the open exercise')
    .action(async (id: string | undefined) => {
      const { learner } = await learnerAt(context, id === undefined ? [] : [id]);
      await learner.fix();
      context.ui.result({ fixed: learner.exercise.id }, () =>
        context.ui.line('Repaired. See whether it holds: npm run lab -- exercise check'),
      );
    });
  step('reset', 'undo everything of an exercise and forget the progress')
    .argument('[id]', 'default: the open exercise')
    .action((id: string | undefined) => resetExercise(context, id));
}

async function listExercises({ ui, paths }: LabContext): Promise<void> {
  const store = new ProgressStore(paths.exercises);
  const exercises = (await loadExercises(projectRoot)).map((exercise) => {
    const progress = store.read(exercise.id);
    return { exercise, progress, done: countAnswered(exercise, progress) };
  });
  const data = exercises.map(({ exercise, progress, done }) => ({
    id: exercise.id,
    title: exercise.title,
    minutes: exercise.minutes,
    phase: progress?.phase ?? 'not begun',
    tasksAnswered: done,
    tasks: exercise.tasks.length,
  }));
  ui.result({ exercises: data }, () =>
    ui.table([
      ['EXERCISE', 'TITLE', 'MINUTES', 'PROGRESS', 'TASKS'],
      ...data.map((one) => [
        one.id,
        one.title,
        String(one.minutes),
        one.phase,
        `${one.tasksAnswered}/${one.tasks}`,
      ]),
    ]),
  );
}

/** Starts or resumes; used by the menu as well. */
export async function startExercise(context: LabContext, given: string): Promise<void> {
  const exercise = await loadExercise(projectRoot, given);
  const { ui } = context;
  await exclusively(context, `exercise start ${exercise.id}`, async () => {
    const lab = await bootLab(context);
    const learner = makeLearner(context, new Workshop(context, lab), exercise);
    const { resumed, outcomes } = await learner.start();
    const failed = outcomes.find((outcome) => !outcome.held);
    if (failed !== undefined) {
      ui.warn(
        `The ${failed.phase} did not hold, so nothing was broken. Start again when the lab has calmed down.`,
      );
      context.exitWith(exitCodeOf(failed));
    }
    ui.result({ id: exercise.id, resumed, begun: failed === undefined, outcomes }, () => {
      if (failed === undefined) introduce(context, exercise, learner.progress, resumed);
    });
  });
}

/** Checks the phase the learner is in; used by the menu as well. */
export async function checkExercise(context: LabContext, id: string | undefined): Promise<void> {
  const { learner } = await learnerAt(context, id === undefined ? [] : [id]);
  const outcome = await learner.check();
  context.exitWith(exitCodeOf(outcome));
  context.ui.result({ id: learner.exercise.id, ...outcome, progress: learner.progress?.phase }, () => {
    if (!outcome.held) return context.ui.line('Not yet. The lines above say where to look.');
    if (outcome.phase === 'recover') {
      context.ui.line('The steady state is back: done. What to take along:');
      for (const learning of learner.exercise.learnings) context.ui.line(`  - ${learning}`);
      return;
    }
    context.ui.line('The break is seen in every pillar. Now the tasks:');
    showTasks(context, learner.exercise, learner.progress);
  });
}

async function answerTask(context: LabContext, words: string[]): Promise<void> {
  const { learner, rest } = await learnerAt(context, words);
  const [taskId, ...answer] = rest;
  if (taskId === undefined || answer.length === 0) {
    throw new UsageError(
      'An answer names its task.',
      'Write: npm run lab -- exercise answer <task> <answer>',
    );
  }
  const judgement = await learner.answer(taskId, answer.join(' '));
  if (!judgement.accepted) context.exitWith(1);
  context.ui.result({ task: taskId, ...judgement }, () => {
    context.ui.line(`${judgement.accepted ? '✓' : '✗'} ${taskId}: ${judgement.because}`);
    if (judgement.accepted) showTasks(context, learner.exercise, learner.progress);
  });
}

/** Works without a running lab too: then only the progress is there to forget. */
async function resetExercise(context: LabContext, id: string | undefined): Promise<void> {
  const store = new ProgressStore(context.paths.exercises);
  const known = exerciseIds(projectRoot);
  const exercise = await loadExercise(projectRoot, id ?? openExerciseId({ progress: store }, known));
  const lab = await (await context.runtime()).attach();
  if (lab === undefined) store.reset(exercise.id);
  else await makeLearner(context, new Workshop(context, lab), exercise).reset();
  context.ui.result({ reset: exercise.id }, () => context.ui.line(`${exercise.id} is as if never begun.`));
}

/** The learner of the exercise that the first word names, or of the open one; and the words behind it. */
async function learnerAt(
  context: LabContext,
  words: readonly string[],
): Promise<{ learner: Learner; rest: readonly string[] }> {
  const known = exerciseIds(projectRoot);
  const workshop = new Workshop(context, await context.running());
  const named = words[0] !== undefined && known.includes(words[0]);
  const id = named
    ? words[0]!
    : words.length === 1 && /^\d{2}-/.test(words[0]!)
      ? words[0]!
      : openExerciseId(workshop, known);
  const exercise = await loadExercise(projectRoot, id);
  return {
    learner: makeLearner(context, workshop, exercise),
    rest: id === words[0] ? words.slice(1) : words,
  };
}

function makeLearner({ ui }: LabContext, workshop: Workshop, exercise: Exercise): Learner {
  return new Learner(workshop, exercise, {
    onStep: (text) => ui.line(text),
    onCheck: (result) => ui.line(`  ${result.phase === 'control' ? controlLine(result) : checkLine(result)}`),
  });
}

/** One command at a time changes what is broken. */
async function exclusively(context: LabContext, command: string, work: () => Promise<void>): Promise<void> {
  const lock = await acquireLock(join(context.paths.base, `.${context.name}.run.lock`), {
    labName: context.name,
    command,
    signal: context.signal,
  });
  try {
    await work();
  } finally {
    lock.release();
  }
}

function introduce(
  context: LabContext,
  exercise: Exercise,
  progress: Progress | undefined,
  resumed: boolean,
): void {
  const { ui } = context;
  ui.line();
  ui.line(
    resumed
      ? `${exercise.title}, where you left it (${progress?.phase}).`
      : `${exercise.title}: ${exercise.summary}`,
  );
  ui.line(`Guide: exercises/${exercise.id}/README.md`);
  showTasks(context, exercise, progress);
  ui.line('See what you should be seeing: npm run lab -- exercise check');
}

function showTasks({ ui }: LabContext, exercise: Exercise, progress: Progress | undefined): void {
  for (const [index, task] of exercise.tasks.entries()) {
    const answered = progress?.tasks[task.id]?.answeredAt !== undefined;
    ui.line(`  ${answered ? '✓' : ' '} ${index + 1}. ${task.prompt} (${task.id})`);
    if (!answered) describeChoices(ui, task);
  }
  const open = exercise.tasks.find((task) => progress?.tasks[task.id]?.answeredAt === undefined);
  ui.line(
    open === undefined
      ? '  All answered. Repair it: npm run lab -- exercise fix'
      : `  Answer: npm run lab -- exercise answer ${open.id} <answer>; a hint: npm run lab -- exercise hint ${open.id}`,
  );
}

function describeChoices(ui: LabContext['ui'], task: Task): void {
  for (const [index, choice] of (task.choices ?? []).entries())
    ui.line(`        ${'abcdefgh'[index]}) ${choice}`);
}

function countAnswered(exercise: Exercise, progress: Progress | undefined): number {
  return exercise.tasks.filter((task) => progress?.tasks[task.id]?.answeredAt !== undefined).length;
}

function exitCodeOf(outcome: PhaseOutcome): number {
  if (outcome.held) return 0;
  const wanted = outcome.phase === 'control' ? 'failed' : 'passed';
  return outcome.results.some(
    (one) => one.verdict !== wanted && one.verdict !== 'error' && one.verdict !== 'skipped',
  )
    ? 1
    : 2;
}

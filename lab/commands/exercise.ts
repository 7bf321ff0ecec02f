import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { Learner, openExerciseId } from '../exercise/learn/learner.ts';
import type { MeasuredPart } from '../exercise/learn/measure-parts.ts';
import { ScoreStore } from '../exercise/learn/score-store.ts';
import { phaseOf, watchable, whereabouts } from '../exercise/learn/where.ts';
import { systemClock } from '../exercise/model/clock.ts';
import { exerciseIds, loadExercise, loadExercises } from '../exercise/model/load-exercises.ts';
import { type Exercise, isDone } from '../exercise/model/model.ts';
import { isUnderWay, ProgressStore } from '../exercise/model/progress.ts';
import { planExercise, writeScaffold } from '../exercise/model/scaffold.ts';
import { assertVaries, parseSeed, seedToStart, withSeed } from '../exercise/model/variant.ts';
import { checkLine, resultLine } from '../exercise/report/check-line.ts';
import type { PhaseOutcome } from '../exercise/run/lifecycle.ts';
import { isAsWanted } from '../exercise/run/phase.ts';
import { pollInterval } from '../exercise/run/run-check.ts';
import { projectRoot } from '../root.ts';
import { acquireLock } from '../state/lock.ts';
import { scoresLine, showScoreboard } from '../ui/scores.ts';
import { Workshop } from '../workshop.ts';
import { bootLab, bootLabAgain } from './boot.ts';
import { countAnswered, introduce, showLearnings, showTasks } from './exercise-texts.ts';

/** `exercise`: a learner's way through the exercises. State is kept, so that every step is a command of its own. */
export function register(program: Command, context: LabContext): void {
  const exercise = program
    .command('exercise')
    .description('learn by breaking; without a verb: where you are, and what comes next')
    .action(() => showWhereabouts(context));
  const step = (name: string, description: string): Command =>
    exercise.command(name).description(description);

  step('list', 'show the exercises and how far you are').action(() => listExercises(context));
  step('start', 'start an exercise, go on with its next act, or take it up again')
    .argument('[id]', 'its ID or number; default: the open exercise')
    .option('--seed <number>', 'which variant, where it has several; default: by chance', parseSeed)
    .action((id: string | undefined, options: { seed?: number }) => startExercise(context, id, options.seed));
  step('new', 'write the files of a new exercise, to be filled in')
    .argument('<id>', 'two digits and a name, such as 08-cpu-burn')
    .action((id: string) => newExercise(context, id));
  step('check', 'check what you should be seeing; after the fix, the recovery')
    .argument('[id]', 'default: the open exercise')
    .action((id: string | undefined) => checkExercise(context, id));
  step('watch', 'the checks of the moment on screen, measured again and again, until Ctrl-C')
    .argument('[id]', 'default: the open exercise')
    .action((id: string | undefined) => watchExercise(context, id));
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
    .argument('[words...]', '[id] <task> <answer>; a task that asks you to do something wants no answer')
    .action((words: string[]) => answerTask(context, words));
  step('solve', 'show how a task is solved')
    .argument('[words...]', '[id] [task]')
    .action(async (words: string[]) => {
      const { learner, rest } = await learnerAt(context, words);
      const { task, solution } = await learner.solve(rest[0]);
      context.ui.result({ task: task.id, solution }, () => context.ui.line(`${task.id}: ${solution}`));
    });
  step('apply', 'have the lab read the files that you edited in the workspace')
    .argument('[id]', 'default: the open exercise')
    .action((id: string | undefined) => applyFiles(context, id));
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
  const scores = new ScoreStore(paths.scores);
  const exercises = (await loadExercises(projectRoot)).map((exercise) => {
    const progress = store.read(exercise.id);
    return { exercise, progress, done: countAnswered(exercise, progress) };
  });
  const data = exercises.map(({ exercise, progress, done }) => ({
    id: exercise.id,
    title: exercise.title,
    minutes: exercise.minutes,
    acts: exercise.acts.length,
    act: progress === undefined ? 0 : exercise.acts.findIndex((act) => act.id === progress.act) + 1,
    phase: phaseOf(progress),
    tasksAnswered: done,
    tasks: exercise.acts.flatMap((act) => act.tasks).length,
    scores: scores.read(exercise.id) ?? null,
  }));
  ui.result({ exercises: data }, () =>
    ui.table([
      ['EXERCISE', 'TITLE', 'MINUTES', 'PROGRESS', 'TASKS', 'SCORE'],
      ...data.map((one) => [
        one.id,
        one.title,
        String(one.minutes),
        one.acts > 1 && one.act > 0 ? `act ${one.act} of ${one.acts}, ${one.phase}` : one.phase,
        `${one.tasksAnswered}/${one.tasks}`,
        one.scores === null ? '-' : scoresLine(one.scores),
      ]),
    ]),
  );
}

/** The files of a new exercise: they compile, and fail their proof until they are written. */
function newExercise({ ui }: LabContext, id: string): void {
  const scaffold = planExercise(projectRoot, id);
  writeScaffold(projectRoot, scaffold);
  const written = [...scaffold.keys()];
  ui.result({ id, written }, () => {
    for (const path of written) ui.line(`Written: ${path}`);
    ui.line('Fill in what says TODO. It compiles now, and fails until then:');
    ui.line(`  npm run lab -- ci ${id} --prove`);
    ui.line('How, step by step: .github/CONTRIBUTING.md');
  });
}

/** Starts or resumes; used by the menu as well. */
export async function startExercise(
  context: LabContext,
  given: string | undefined,
  seed?: number,
): Promise<void> {
  const open =
    given ??
    openExerciseId({ progress: new ProgressStore(context.paths.exercises) }, exerciseIds(projectRoot));
  const loaded = await loadExercise(projectRoot, open);
  if (seed !== undefined) assertVaries([loaded]);
  const { ui } = context;
  const store = new ProgressStore(context.paths.exercises);
  const progress = store.read(loaded.id);
  const exercise = withSeed(loaded, seedToStart(loaded, progress, seed));
  await exclusively(context, `exercise start ${exercise.id}`, async () => {
    const goesOn = progress !== undefined && isUnderWay(progress);
    const lab = await (goesOn ? bootLabAgain(context) : bootLab(context));
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
      if (failed === undefined) introduce(context, learner, resumed);
    });
  });
}

/** Checks the phase the learner is in; used by the menu as well. */
export async function checkExercise(context: LabContext, id: string | undefined): Promise<void> {
  const { learner } = await learnerAt(context, id === undefined ? [] : [id]);
  const outcome = await learner.check();
  context.exitWith(exitCodeOf(outcome));
  context.ui.result(
    {
      id: learner.exercise.id,
      act: learner.act.id,
      ...outcome,
      progress: phaseOf(learner.progress),
      ...learner.score,
    },
    () => {
      if (!outcome.held) return context.ui.line('Not yet. The lines above say where to look.');
      if (outcome.phase !== 'recover') {
        context.ui.line('The break is seen in every pillar. Now the tasks:');
        return showTasks(context, learner);
      }
      if (outcome.nextAct !== undefined) {
        context.ui.line(`The steady state is back. Next act: ${outcome.nextAct.title}.`);
        return context.ui.line('Go on: npm run lab -- exercise start');
      }
      if (outcome.openTasks !== undefined && outcome.openTasks.length > 0) {
        context.ui.line('The steady state is back. What is left to do:');
        return showTasks(context, learner);
      }
      showLearnings(context, learner);
    },
  );
}

async function showWhereabouts(context: LabContext): Promise<void> {
  const { ui, paths } = context;
  const store = new ProgressStore(paths.exercises);
  const id = openExerciseId({ progress: store }, exerciseIds(projectRoot));
  const exercise = await loadExercise(projectRoot, id);
  const where = whereabouts(exercise, store.read(id));
  const scoreboard = await scoreboardOf(context, exercise);
  ui.result({ ...where, ...(scoreboard.length === 0 ? {} : { scoreboard }) }, () => {
    const act =
      where.act.of === 1 ? '' : `, act ${where.act.number} of ${where.act.of} ("${where.act.title}")`;
    ui.line(`${where.exercise}${act}: ${where.phase}.`);
    if (where.openTasks.length > 0) ui.line(`Open tasks: ${where.openTasks.join(', ')}`);
    ui.line(`${where.next}: ${where.command}`);
    ui.line(`Guide: exercises/${where.exercise}/README.md`);
    showScoreboard(ui, scoreboard);
  });
}

/** Nothing where the exercise has none, or where no lab runs that it could be read from. */
async function scoreboardOf(context: LabContext, exercise: Exercise): Promise<readonly MeasuredPart[]> {
  if (exercise.scored === undefined) return [];
  const lab = await (await context.runtime()).attach();
  return lab === undefined ? [] : learnerOf(context, new Workshop(context, lab), exercise).scoreboard();
}

/** The checks of the moment, drawn again and again. Without a terminal, a block of lines each time. */
async function watchExercise(context: LabContext, id: string | undefined): Promise<void> {
  const { learner } = await learnerAt(context, id === undefined ? [] : [id]);
  const { ui, signal } = context;
  const pauseMs = 2 * pollInterval((await context.running()).pace);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    // An exercise that is not at work is an error at first; later it is what another terminal did meanwhile.
    const seen = isFirst ? 'checks' : watchable(learner.progress);
    if (seen === 'reset') return ui.line(`${learner.exercise.id} was reset.`);
    if (seen === 'done') return showLearnings(context, learner);
    if (seen === 'starting') {
      ui.line(`${learner.exercise.title}, ${learner.act.title}: it is being started.`);
      await systemClock.sleep(pauseMs, signal);
      continue;
    }
    const { results, phase } = await learner.look();
    const scoreboard = await learner.scoreboard();
    if (ui.interactive) ui.clear();
    const where = whereabouts(learner.exercise, learner.progress);
    ui.line(
      `${new Date().toLocaleTimeString()}  ${learner.exercise.title}, ${where.act.title}: ${where.phase}. Ctrl-C ends the watch, not the exercise.`,
    );
    for (const result of results) ui.line(`  ${checkLine(result)}`);
    showScoreboard(ui, scoreboard);
    ui.line(`${where.next}: ${where.command}`);
    if (ui.json) {
      const board = scoreboard.length === 0 ? {} : { scoreboard };
      process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), phase, results, ...board })}\n`);
    }
    await systemClock.sleep(pauseMs, signal);
  }
}

async function answerTask(context: LabContext, words: string[]): Promise<void> {
  const { learner, rest } = await learnerAt(context, words);
  const [taskId, ...answer] = rest;
  if (taskId === undefined || (answer.length === 0 && !isDone(learner.task(taskId)))) {
    throw new UsageError(
      'An answer names its task.',
      'Write: npm run lab -- exercise answer <task> <answer>',
    );
  }
  const judgement = await learner.answer(taskId, answer.length === 0 ? undefined : answer.join(' '));
  if (!judgement.accepted) context.exitWith(1);
  context.ui.result({ task: taskId, ...judgement, ...learner.score }, () => {
    context.ui.line(`${judgement.accepted ? '✓' : '✗'} ${taskId}: ${judgement.because}`);
    if (!judgement.accepted) return;
    if (learner.progress?.doneAt === undefined) showTasks(context, learner);
    else showLearnings(context, learner);
  });
}

/** Installs what was edited in the workspace, and says what changed. */
async function applyFiles(context: LabContext, id: string | undefined): Promise<void> {
  const { ui } = context;
  await exclusively(context, 'exercise apply', async () => {
    const { learner } = await learnerAt(context, id === undefined ? [] : [id]);
    const applied = await learner.apply();
    const data = applied.map(({ task, place, added, removed }) => ({
      task: task.id,
      component: task.file.component,
      path: task.file.path,
      place,
      added,
      removed,
    }));
    ui.result({ applied: data }, () => {
      if (applied.length === 0) {
        ui.line('Nothing to apply: the lab reads these files as they are. Edit one of:');
        for (const { place } of learner.edits()) ui.line(`  ${place}`);
      }
      for (const { task, added, removed, patch } of applied) {
        for (const line of patch.trimEnd().split('\n').slice(2)) ui.line(`  ${line}`);
        ui.line(`${task.file.component} reads it now: ${added} lines added, ${removed} removed.`);
        ui.line(`Is it right? npm run lab -- exercise answer ${task.id}`);
      }
    });
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
    learner: learnerOf(context, workshop, exercise),
    rest: id === words[0] ? words.slice(1) : words,
  };
}

/** The learner of an exercise that was begun: it stays the variant that it is. */
const learnerOf = (context: LabContext, workshop: Workshop, exercise: Exercise): Learner =>
  makeLearner(context, workshop, withSeed(exercise, workshop.progress.read(exercise.id)?.seed));

function makeLearner({ ui }: LabContext, workshop: Workshop, exercise: Exercise): Learner {
  return new Learner(workshop, exercise, {
    onStep: (text) => ui.line(text),
    onCheck: (result) => ui.line(`  ${resultLine(result)}`),
  });
}

/** One command at a time changes what is broken. */
async function exclusively(context: LabContext, command: string, work: () => Promise<void>): Promise<void> {
  const lock = await acquireLock(context.paths.runLockFile, {
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

function exitCodeOf(outcome: PhaseOutcome): number {
  if (outcome.held) return 0;
  return outcome.results.some((one) => !isAsWanted(one) && one.verdict !== 'error') ? 1 : 2;
}

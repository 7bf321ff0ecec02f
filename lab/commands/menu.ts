import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { Interrupted, LabError, UsageError } from '../errors.ts';
import { phaseOf as phaseInWords } from '../exercise/learn/where.ts';
import { loadExercises } from '../exercise/model/load-exercises.ts';
import { type Act, type Exercise, isDone } from '../exercise/model/model.ts';
import { currentAct, ProgressStore } from '../exercise/model/progress.ts';
import { faultCatalogue } from '../faults/catalogue.ts';
import { projectRoot } from '../root.ts';
import { Workshop } from '../workshop.ts';

/** Runs another command of the lab, as if it had been typed. */
type Run = (...command: string[]) => Promise<void>;

/** `menu`: the same commands for a person who does not know them yet. */
export function register(program: Command, context: LabContext): void {
  program
    .command('menu')
    .description('choose what to do from a menu')
    .action(async () => {
      if (!context.ui.interactive || process.stdin.isTTY !== true) {
        throw new UsageError('The menu needs a terminal.', 'See the commands: npm run lab -- --help');
      }
      const run: Run = async (...command) => {
        try {
          await program.parseAsync(command, { from: 'user' });
        } catch (error) {
          // A mishap in one command is told and leads back to the menu; an interruption ends it.
          if (context.signal.aborted || !(error instanceof LabError)) throw error;
          context.ui.failure(error);
        }
      };
      await comeIn(context, run);
      while (await mainMenu(context, run)) context.exitWith(0);
      context.exitWith(0);
    });
}

/** Starts the lab. Who comes back in the middle of an exercise finds broken what it broke. */
export async function comeIn(context: LabContext, run: Run): Promise<void> {
  const lab = await (await context.runtime()).attach();
  const [open] = lab === undefined ? [] : new Workshop(context, lab).exercisesUnderWay();
  if (open === undefined) return run('up');
  context.ui.line(
    `The exercise ${open} goes on: what it broke stays broken. Choose "Exercises" to go on with it.`,
  );
}

/** One round; false when the person leaves. */
async function mainMenu(context: LabContext, run: Run): Promise<boolean> {
  const choice = await choose(context, 'What would you like to do?', [
    { name: 'Exercises', value: 'exercises' },
    { name: 'Status and addresses', value: 'status' },
    { name: 'Inbox of the person on call', value: 'inbox' },
    { name: 'Break something by hand', value: 'break' },
    { name: 'Heal everything', value: 'heal' },
    { name: 'Start the lab (what of it does not run)', value: 'up' },
    { name: 'Stop the lab and leave', value: 'stop' },
    { name: 'Leave; the lab goes on running', value: 'leave' },
  ]);
  switch (choice) {
    case 'exercises':
      await exerciseMenu(context, run);
      return true;
    case 'status':
      await run('status');
      await run('urls');
      return true;
    case 'inbox':
      await run('inbox');
      return true;
    case 'break':
      await breakMenu(context, run);
      return true;
    case 'heal':
      await run('heal');
      return true;
    case 'up':
      await run('up');
      return true;
    case 'stop':
      await run('down');
      return false;
    default:
      return false;
  }
}

async function exerciseMenu(context: LabContext, run: Run): Promise<void> {
  const store = new ProgressStore(context.paths.exercises);
  const exercises = await loadExercises(projectRoot);
  const id = await choose(context, 'Which exercise?', [
    ...exercises.map((exercise) => ({
      name: `${exercise.id}  ${exercise.title}, ${exercise.minutes} minutes (${phaseOf(store, exercise.id)})`,
      value: exercise.id,
    })),
    { name: 'Back', value: '' },
  ]);
  const exercise = exercises.find((one) => one.id === id);
  if (exercise === undefined) return;
  for (;;) {
    const progress = store.read(exercise.id);
    const begun =
      progress !== undefined && progress.doneAt === undefined && currentAct(progress).brokenAt !== undefined;
    const act = exercise.acts.find((one) => one.id === progress?.act) ?? exercise.acts[0]!;
    const step = await choose(context, `${exercise.title} (${phaseOf(store, exercise.id)})`, [
      { name: begun ? 'Go on' : 'Start', value: 'start' },
      ...(begun
        ? [
            { name: 'Check', value: 'check' },
            { name: 'Answer a task', value: 'answer' },
            { name: 'A hint', value: 'hint' },
            { name: 'Show a solution', value: 'solve' },
            ...(act.tasks.some((task) => task.kind === 'file')
              ? [{ name: 'Have the lab read the edited files', value: 'apply' }]
              : []),
            { name: 'Repair it', value: 'fix' },
            { name: 'Begin anew', value: 'reset' },
          ]
        : []),
      { name: 'Back', value: '' },
    ]);
    if (step === '') return;
    if (step === 'answer') await answerMenu(context, run, exercise, act);
    else if (step === 'hint' || step === 'solve') {
      await run('exercise', step, exercise.id, await chooseTask(context, act));
    } else await run('exercise', step, exercise.id);
  }
}

async function answerMenu(context: LabContext, run: Run, exercise: Exercise, act: Act): Promise<void> {
  const id = await chooseTask(context, act);
  const task = act.tasks.find((one) => one.id === id)!;
  if (isDone(task)) return run('exercise', 'answer', exercise.id, id);
  const answer =
    task.kind === 'number' || task.choices === undefined
      ? await ask(context, task.prompt)
      : await choose(
          context,
          task.prompt,
          task.choices.map((choice) => ({ name: choice, value: choice })),
        );
  // Two dashes: an answer may begin with one.
  if (answer.trim() !== '') await run('exercise', 'answer', '--', exercise.id, id, answer);
}

async function breakMenu(context: LabContext, run: Run): Promise<void> {
  const id = await choose(context, 'Which fault? It ends by itself after half an hour at the latest.', [
    ...faultCatalogue
      .filter((kind) => !['restart-with-env', 'config-overlay'].includes(kind.id))
      .map((kind) => ({ name: `${kind.id.padEnd(18)} ${kind.summary}`, value: kind.id })),
    { name: 'Back', value: '' },
  ]);
  const kind = faultCatalogue.find((one) => one.id === id);
  if (kind === undefined) return;
  const target = await choose(
    context,
    'Where?',
    kind.targets.map((one) => ({ name: one, value: one })),
  );
  await run('break', id, '--target', target);
}

function chooseTask(context: LabContext, act: Act): Promise<string> {
  return choose(
    context,
    'Which task?',
    act.tasks.map((task) => ({ name: task.prompt, value: task.id })),
  );
}

function phaseOf(store: ProgressStore, id: string): string {
  try {
    return phaseInWords(store.read(id));
  } catch {
    return 'progress cannot be read, begin anew';
  }
}

/** Loaded when a person sits there: every other command does without it. */
const loadInquirer = async () => (await import('inquirer')).default;

async function choose(
  context: LabContext,
  message: string,
  choices: { name: string; value: string }[],
): Promise<string> {
  const inquirer = await loadInquirer();
  const { choice } = await interruptible(
    inquirer.prompt<{ choice: string }>([{ type: 'select', name: 'choice', message, choices, pageSize: 14 }]),
  );
  context.signal.throwIfAborted();
  return choice;
}

async function ask(context: LabContext, message: string): Promise<string> {
  const inquirer = await loadInquirer();
  const { answer } = await interruptible(
    inquirer.prompt<{ answer: string }>([{ type: 'input', name: 'answer', message }]),
  );
  context.signal.throwIfAborted();
  return answer;
}

/** Ctrl-C at a prompt reaches the prompt, which then rejects, and not the process. */
async function interruptible<Answer>(prompt: Promise<Answer>): Promise<Answer> {
  try {
    return await prompt;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw new Interrupted({ cause: error });
    throw error;
  }
}

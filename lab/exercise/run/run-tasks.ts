import type { DoneTask, ExerciseContext, FileTask, NumberTask, Task, TextTask } from '../model/model.ts';
import type { TaskReport } from '../report/report.ts';
import type { ActSession } from './act-session.ts';
import { judgeAnswer } from './judge-answer.ts';
import { secondsAt } from './run-check.ts';

/** A solver or a judge that has not answered by then counts as failed. */
const taskTimeoutMs = 45_000;

/** Tries a task's wrong answers, which have to be rejected, and then its solver, which has to be accepted. */
export async function tryTask(task: TextTask | NumberTask, session: ActSession): Promise<TaskReport> {
  const context = bounded(session);
  const problems: string[] = [];
  let wrongRejected = true;
  for (const wrong of task.wrongAnswers) {
    const problem = await attempt(context, `a wrong answer (${wrong.why}) could not be judged`, async () => {
      const answer = typeof wrong.answer === 'function' ? await wrong.answer(context) : wrong.answer;
      const { accepted } = await judgeAnswer(task, answer, context);
      return accepted ? `the wrong answer ${JSON.stringify(answer)} was accepted (${wrong.why})` : undefined;
    });
    if (problem === undefined) continue;
    wrongRejected = false;
    problems.push(problem);
  }
  let solution: string | null = null;
  const unsolved = await attempt(context, 'it could not be solved', async () => {
    solution = await task.solve(context);
    const judgement = await judgeAnswer(task, solution, context);
    return judgement.accepted
      ? undefined
      : `the solver's ${JSON.stringify(solution)} was rejected: ${judgement.because}`;
  });
  if (unsolved !== undefined) problems.push(unsolved);
  return {
    id: task.id,
    kind: task.kind,
    wrongRejected,
    solverAccepted: unsolved === undefined,
    solution,
    problems,
  };
}

/**
 * The two halves of a task that is done: before it was done, and done wrongly, it has to be rejected; afterwards
 * accepted. Between them the repair happens, of which it is a part.
 */
export async function tryDone(
  task: DoneTask,
  session: ActSession,
): Promise<{ before: Pick<TaskReport, 'wrongRejected' | 'problems'>; finish(): Promise<TaskReport> }> {
  const context = (): ExerciseContext => bounded(session, judgedWithinMs(task, session));
  const problems: string[] = [];
  const early = await attempt(context(), 'it could not be judged before it was done', async () =>
    (await task.verify(context())).accepted ? 'it was accepted before anything was done' : undefined,
  );
  if (early !== undefined) problems.push(early);
  if (task.kind === 'file') problems.push(...(await tryWrongContents(task, session, context)));
  const wrongRejected = problems.length === 0;
  const others =
    task.kind === 'file' && session.everyRightVersion
      ? await tryRightContents(task, session, context)
      : undefined;
  problems.push(...(others?.problems ?? []));
  return {
    before: { wrongRejected, problems },
    async finish() {
      const unsolved = await attempt(context(), 'it could not be judged', async () => {
        const judgement = await task.verify(context());
        return judgement.accepted ? undefined : `it was done and rejected: ${judgement.because}`;
      });
      return {
        id: task.id,
        kind: task.kind,
        wrongRejected,
        solverAccepted: unsolved === undefined && (others?.problems ?? []).length === 0,
        solution: task.how,
        ...(others === undefined ? {} : { alsoAccepted: others.accepted }),
        problems: unsolved === undefined ? problems : [...problems, unsolved],
      };
    },
  };
}

/** Does it, as a person would. */
export async function doTask(task: DoneTask, session: ActSession): Promise<void> {
  if (task.kind === 'action') return task.act(session.actions());
  const current = session.context().lab.readConfig(task.file.path) ?? '';
  await session.install(task.file, task.solution(current));
}

/** Really applies each wrong version; what the component itself refuses is rejected as well. */
async function tryWrongContents(
  task: FileTask,
  session: ActSession,
  context: () => ExerciseContext,
): Promise<string[]> {
  const problems: string[] = [];
  const current = session.context().lab.readConfig(task.file.path) ?? '';
  for (const { why, content } of task.wrongContents) {
    const problem = await attempt(context(), `a wrong version (${why}) could not be judged`, async () => {
      await session.install(task.file, content(current));
      return (await task.verify(context())).accepted ? `a wrong version was accepted (${why})` : undefined;
    });
    if (problem !== undefined) problems.push(problem);
    await session.uninstall(task.file);
  }
  return problems;
}

/** Really applies each other version that is right. */
async function tryRightContents(
  task: FileTask,
  session: ActSession,
  context: () => ExerciseContext,
): Promise<{ accepted: string[]; problems: string[] }> {
  const accepted: string[] = [];
  const problems: string[] = [];
  const current = session.context().lab.readConfig(task.file.path) ?? '';
  for (const { how, content } of task.alsoRight ?? []) {
    const problem = await attempt(context(), `a right version (${how}) could not be judged`, async () => {
      await session.install(task.file, content(current));
      const judgement = await task.verify(context());
      if (judgement.accepted) accepted.push(`${how}: ${judgement.because}`);
      return judgement.accepted ? undefined : `a right version was rejected (${how}): ${judgement.because}`;
    });
    if (problem !== undefined) problems.push(problem);
    await session.uninstall(task.file);
  }
  return { accepted, problems };
}

function judgedWithinMs(task: DoneTask, session: ActSession): number {
  const given = task.kind === 'file' ? task.judgedWithinSeconds : undefined;
  return given === undefined ? taskTimeoutMs : 1000 * secondsAt(given, session.context().pace);
}

/** A task that was never come to. */
export function notReached(task: Task, reason: string): TaskReport {
  return {
    id: task.id,
    kind: task.kind,
    wrongRejected: null,
    solverAccepted: null,
    solution: null,
    problems: [reason],
  };
}

async function attempt(
  { signal }: ExerciseContext,
  failing: string,
  work: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    // An interruption of the run, not the task's own time limit.
    if (signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')) {
      throw signal.reason;
    }
    return `${failing}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function bounded(session: ActSession, withinMs = taskTimeoutMs): ExerciseContext {
  const context = session.context();
  return { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(withinMs)]) };
}

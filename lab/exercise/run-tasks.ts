import { judgeAnswer } from './judge-answer.ts';
import type { ActionTask, ExerciseContext, NumberTask, Task, TextTask } from './model.ts';
import type { TaskReport } from './report.ts';
import type { Session } from './session.ts';

/** A solver or a judge that has not answered by then counts as failed. */
const taskTimeoutMs = 45_000;

/** Tries a task's wrong answers, which have to be rejected, and then its solver, which has to be accepted. */
export async function tryTask(task: TextTask | NumberTask, session: Session): Promise<TaskReport> {
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
 * The two halves of an action: before it was done it has to be rejected, afterwards accepted. Between them the repair
 * happens, of which the action is a part.
 */
export async function tryAction(
  task: ActionTask,
  session: Session,
): Promise<{ before: Pick<TaskReport, 'wrongRejected' | 'problems'>; finish(): Promise<TaskReport> }> {
  const before = await attempt(bounded(session), 'it could not be judged before it was done', async () =>
    (await task.verify(bounded(session))).accepted ? 'it was accepted before anything was done' : undefined,
  );
  const problems = before === undefined ? [] : [before];
  const wrongRejected = before === undefined;
  return {
    before: { wrongRejected, problems },
    async finish() {
      const unsolved = await attempt(bounded(session), 'it could not be judged', async () => {
        const judgement = await task.verify(bounded(session));
        return judgement.accepted ? undefined : `it was done and rejected: ${judgement.because}`;
      });
      return {
        id: task.id,
        kind: task.kind,
        wrongRejected,
        solverAccepted: unsolved === undefined,
        solution: task.how,
        problems: unsolved === undefined ? problems : [...problems, unsolved],
      };
    },
  };
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

function bounded(session: Session): ExerciseContext {
  const context = session.context();
  return { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(taskTimeoutMs)]) };
}

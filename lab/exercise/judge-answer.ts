import type { ExerciseContext, Judgement, Task } from './model.ts';

const longest = 2_000;

/** Checks an answer's form first, and then, when it can be one at all, against live telemetry. */
export async function judgeAnswer(task: Task, given: string, context: ExerciseContext): Promise<Judgement> {
  const answer = given.trim();
  const rejected = (because: string): Judgement => ({ accepted: false, because });
  if (answer === '') return rejected('the answer is empty');
  if (answer.length > longest) return rejected(`the answer is longer than ${longest} characters`);
  switch (task.kind) {
    case 'choice': {
      const choice = chosen(task, answer);
      if (choice === undefined) return rejected(`"${answer}" is none of: ${task.choices?.join(', ')}`);
      return task.verify(choice, context);
    }
    case 'number':
      if (!Number.isFinite(Number(answer.replace(/\s*(ms|s|%)$/, ''))))
        return rejected(`"${answer}" is no number`);
      return task.verify(answer, context);
    case 'trace-id':
      if (!/^[0-9a-f]{32}$/i.test(answer)) return rejected('a trace ID has 32 hexadecimal digits');
      return task.verify(answer.toLowerCase(), context);
    default:
      return task.verify(answer, context);
  }
}

/** By its text, or by its number or letter in the list. */
function chosen(task: Task, answer: string): string | undefined {
  const choices = task.choices ?? [];
  const same = choices.find((choice) => choice.toLowerCase() === answer.toLowerCase());
  if (same !== undefined) return same;
  if (/^\d+$/.test(answer)) return choices[Number(answer) - 1];
  if (/^[a-z]$/i.test(answer)) return choices[answer.toLowerCase().charCodeAt(0) - 'a'.charCodeAt(0)];
  return undefined;
}

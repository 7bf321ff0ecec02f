import type { ExerciseContext, Judgement, NumberTask, TextTask } from '../model/model.ts';

const longest = 2_000;

const rejected = (because: string): Judgement => ({ accepted: false, because });

/** Checks an answer's form first, and then, when it can be one at all, against live telemetry. */
export async function judgeAnswer(
  task: TextTask | NumberTask,
  given: string,
  context: ExerciseContext,
): Promise<Judgement> {
  const answer = given.trim();
  if (answer === '') return rejected('the answer is empty');
  if (answer.length > longest) return rejected(`the answer is longer than ${longest} characters`);
  switch (task.kind) {
    case 'choice': {
      const choice = chosen(task, answer);
      if (choice === undefined) return rejected(`"${answer}" is none of: ${task.choices?.join(', ')}`);
      return task.verify(choice, context);
    }
    case 'number':
      return judgeNumbers(task, answer, context);
    case 'trace-id':
      if (!/^[0-9a-f]{32}$/i.test(answer)) return rejected('a trace ID has 32 hexadecimal digits');
      return task.verify(answer.toLowerCase(), context);
    default:
      return task.verify(answer, context);
  }
}

/** By its text, or by its number or letter in the list. */
function chosen(task: TextTask, answer: string): string | undefined {
  const choices = task.choices ?? [];
  const same = choices.find((choice) => choice.toLowerCase() === answer.toLowerCase());
  if (same !== undefined) return same;
  if (/^\d+$/.test(answer)) return choices[Number(answer) - 1];
  if (/^[a-z]$/i.test(answer)) return choices[answer.toLowerCase().charCodeAt(0) - 'a'.charCodeAt(0)];
  return undefined;
}

async function judgeNumbers(task: NumberTask, answer: string, context: ExerciseContext): Promise<Judgement> {
  const numbers = parseNumbers(task, answer);
  if (typeof numbers === 'string') return rejected(numbers);
  const truths = await Promise.all(task.fields.map((field) => field.truth(context)));
  for (const [index, { name, tolerance }] of task.fields.entries()) {
    const { low, high } = truths[index]!;
    const value = numbers[index]!;
    if (value < low - tolerance * Math.abs(low)) return rejected(`${name} is higher than that`);
    if (value > high + tolerance * Math.abs(high)) return rejected(`${name} is lower than that`);
  }
  const { because } = task;
  return { accepted: true, because: typeof because === 'string' ? because : await because(context) };
}

/**
 * `mean=21 ms p95=480`, or the numbers alone in the order of the fields. A unit behind a number has to be the field's.
 * Returns what is wrong where it cannot be understood.
 */
export function parseNumbers(task: Pick<NumberTask, 'fields'>, answer: string): number[] | string {
  const wanted = task.fields
    .map(({ name, unit }) => `${name}=<number>${unit === '' ? '' : ` (${unit})`}`)
    .join(' ');
  const found = [
    ...answer.matchAll(
      /(?:([A-Za-z_][\w-]*)\s*[=:]\s*)?([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)\s*(%|[A-Za-zµ×/]+(?![\w-]*\s*[=:]))?/g,
    ),
  ].map(([, name, number, unit]) => ({ name, value: Number(number!.replace(',', '.')), unit }));
  if (found.length !== task.fields.length) {
    return `${task.fields.length === 1 ? 'one number is' : `${task.fields.length} numbers are`} wanted: ${wanted}`;
  }
  const values: number[] = [];
  for (const [index, { name, unit }] of task.fields.entries()) {
    const own = found.find((one) => one.name?.toLowerCase() === name.toLowerCase()) ?? found[index]!;
    if (own.name !== undefined && own.name.toLowerCase() !== name.toLowerCase()) {
      return `"${own.name}" is not asked for; wanted: ${wanted}`;
    }
    if (own.unit !== undefined && own.unit !== unit) {
      return `${name} is wanted ${unit === '' ? 'without a unit' : `in ${unit}`}, not in "${own.unit}"`;
    }
    values.push(own.value);
  }
  return values;
}

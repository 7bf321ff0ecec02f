import type { z } from 'zod';
import { Problem } from './problem.ts';

/**
 * Parses what came from outside.
 * @throws Problem 400 `validation-failed` that names each field and the rule it breaks.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    pointer: issue.path
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join(''),
    detail: issue.message,
  }));
  const first = errors[0];
  throw new Problem(
    400,
    'validation-failed',
    first === undefined || first.pointer === ''
      ? (first?.detail ?? 'Invalid input')
      : `${first.pointer}: ${first.detail}`,
    { errors },
  );
}

import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/**
 * What a JSON file says, as its schema has it; undefined when there is none.
 *
 * @param corrupt makes the error of a file that cannot be understood, from the problem in words
 * @param inspect sees the document before the schema does, and may refuse it with an error of its own
 */
export function readJson<T>(
  path: string,
  schema: z.ZodType<T>,
  corrupt: (problem: string, options: { cause: unknown }) => Error,
  inspect?: (document: unknown) => void,
): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw corrupt('no valid JSON', { cause: error });
  }
  inspect?.(document);
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw corrupt(`${issue?.path.join('.') || 'document'}: ${issue?.message}`, { cause: parsed.error });
}

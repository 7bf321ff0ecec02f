import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGuide } from '../lab/exercise/model/guide.ts';
import { exerciseIds, loadExercise } from '../lab/exercise/model/load-exercises.ts';
import { projectRoot } from '../lab/root.ts';
import { parseQuery } from '../stack/embedded/loki/logql/parser.ts';
import { parseExpr } from '../stack/embedded/prometheus/promql/parser/parse.ts';

const ids = exerciseIds(projectRoot);
const guide = (id: string): string => readFileSync(join(projectRoot, 'exercises', id, 'README.md'), 'utf8');

const queries = ids.flatMap((id) => readGuide(projectRoot, id).map((query) => [id, query] as const));

const parses = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the guides', () => {
  it.each(queries)('%s: PromQL or LogQL, ready to paste: %s', (_, query) => {
    expect(parses(parseExpr, query) || parses(parseQuery, query)).toBe(true);
  });

  it.each(ids)('%s asks for every task by its name, and for no other', async (id) => {
    const exercise = await loadExercise(projectRoot, id);
    const tasks = exercise.acts.flatMap((act) => act.tasks.map((task) => task.id));
    const asked = [...guide(id).matchAll(/exercise answer ([\w-]+)/g)].map((match) => match[1]!);
    expect(new Set(asked)).toEqual(new Set(tasks));
  });

  it.each(ids)('%s has the learnings and the way out', (id) => {
    expect(guide(id)).toContain('## Take along');
    expect(guide(id)).toContain(`exercise reset ${id}`);
  });
});

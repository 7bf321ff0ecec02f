import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExerciseInvalid, ExerciseUnknown } from '../../errors.ts';
import type { Exercise } from './model.ts';

/** The exercises there are, by their folders, in order. Nothing is loaded. */
export function exerciseIds(root: string): string[] {
  const folder = join(root, 'exercises');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'exercise.ts')))
    .map((entry) => entry.name)
    .sort();
}

/** Loads one exercise, by its full ID or its number (`1`, `01`). */
export async function loadExercise(root: string, given: string): Promise<Exercise> {
  const ids = exerciseIds(root);
  const id =
    ids.find((one) => one === given) ??
    (/^\d{1,2}$/.test(given) ? ids.find((one) => one.startsWith(`${given.padStart(2, '0')}-`)) : undefined);
  if (id === undefined) throw new ExerciseUnknown(given, ids.join(', '));
  const built = join(root, 'dist', 'exercises', id, 'exercise.js');
  const module: { default?: Exercise } = await import(pathToFileURL(built).href);
  if (module.default === undefined) throw new ExerciseInvalid(id, 'it has no default export');
  if (module.default.id !== id)
    throw new ExerciseInvalid(id, `its id is ${module.default.id}, its folder is ${id}`);
  return module.default;
}

/** Every exercise, in order. */
export async function loadExercises(root: string): Promise<Exercise[]> {
  return Promise.all(exerciseIds(root).map((id) => loadExercise(root, id)));
}

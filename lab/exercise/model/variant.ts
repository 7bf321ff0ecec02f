import { randomInt } from 'node:crypto';
import { UsageError } from '../../errors.ts';
import { type Exercise, isDone, type Task, type Variant } from './model.ts';
import type { Progress } from './progress.ts';

const maxSeed = 999_999;

/** What an unattended run takes where no seed is given: always the same one, so that runs can be compared. */
export const unattendedSeed = 1;

/** A seed by chance, for a learner who gives none. */
const seedByChance = (): number => randomInt(1, maxSeed + 1);

/** A seed as it was typed. */
export function parseSeed(given: string): number {
  const seed = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (seed >= 1) return seed;
  throw new UsageError(
    `--seed ${given} is not a seed.`,
    `Give a whole number from 1 to ${maxSeed}, such as --seed 3.`,
  );
}

/** The variant that a seed stands for: one after the other, so that ten seeds in a row have each of them often. */
export function variantOf(variants: readonly Variant[], seed: number): Variant {
  return variants[(seed - 1) % variants.length]!;
}

/** The exercise as this seed makes it; one without variants, or without a seed, stays as it is. */
export function withSeed(exercise: Exercise, seed: number | undefined): Exercise {
  if (exercise.variants === undefined || seed === undefined) return exercise;
  const { id, acts } = variantOf(exercise.variants, seed);
  return { ...exercise, acts, played: { seed, variant: id } };
}

/** An exercise that is open keeps its seed; a new one gets the seed that was asked for, or one by chance. */
export function seedToStart(
  { id }: Pick<Exercise, 'id'>,
  progress: Progress | undefined,
  seed: number | undefined,
): number {
  if (progress === undefined || progress.doneAt !== undefined) return seed ?? seedByChance();
  const kept = progress.seed ?? unattendedSeed;
  if (seed !== undefined && seed !== kept) {
    throw new UsageError(
      `--seed ${seed} comes too late: ${id} is begun, and keeps what it began with.`,
      `Begin anew: npm run lab -- exercise reset ${id}, then start it with the seed.`,
    );
  }
  return kept;
}

/** Refuses a seed where none of the exercises has variants for it. */
export function assertVaries(exercises: readonly Exercise[]): void {
  if (exercises.some(({ variants }) => variants !== undefined)) return;
  throw new UsageError(
    `--seed chooses among variants, and ${exercises.map(({ id }) => id).join(', ')} has none.`,
    'Leave it out.',
  );
}

/**
 * What a learner reads of an exercise while it runs: its acts, the claims of its checks, its tasks with choices and
 * hints. Variants have to agree in it, or it would tell which of them is played.
 */
export function wordsOf({ acts }: Pick<Exercise, 'acts'>): string {
  return JSON.stringify(
    acts.map((act) => ({
      act: [act.id, act.title, act.summary, act.load],
      checks: [...act.observe, ...act.recover, ...act.invariants].map((check) => [
        check.id,
        check.claim,
        check.expect,
        check.next,
      ]),
      tasks: act.tasks.map(wordsOfTask),
      repair: act.repair.steps.map(({ description }) => description),
    })),
  );
}

const wordsOfTask = (task: Task): unknown => [
  task.id,
  task.kind,
  task.when,
  task.prompt,
  task.hints,
  ...(task.kind === 'number' ? [task.fields.map(({ name, unit }) => [name, unit])] : []),
  ...(isDone(task) ? [task.how] : task.kind === 'number' ? [] : [task.choices]),
];

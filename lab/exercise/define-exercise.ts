import { ExerciseInvalid } from '../errors.ts';
import { faultSpec } from '../faults/catalogue.ts';
import type { Exercise } from './model.ts';

/** Checks that a definition is whole, so that a mistake in it shows when it is loaded and not in the middle of a run. */
export function defineExercise(exercise: Exercise): Exercise {
  const refuse = (problem: string): never => {
    throw new ExerciseInvalid(exercise.id, problem);
  };
  if (!/^\d{2}-[a-z0-9]+(-[a-z0-9]+)*$/.test(exercise.id)) refuse('its id must look like 01-some-name');
  const evidence = exercise.observe.filter((check) => check.invariant === undefined);
  if (exercise.baseline.length === 0) refuse('it has no baseline checks');
  if (evidence.length === 0) refuse('it has no observe check that could fail its control');
  if (exercise.recover.length === 0) refuse('it has no recover checks');
  if (exercise.break.length === 0) refuse('it breaks nothing');
  if (exercise.fix.length === 0) refuse('it repairs nothing');
  if (exercise.tasks.length === 0) refuse('it has no tasks');
  if (exercise.decoys.length === 0) refuse('it has no decoys');

  for (const phase of ['baseline', 'observe', 'recover'] as const) {
    const repeated = firstRepeated(exercise[phase].map((check) => check.id));
    if (repeated !== undefined) refuse(`two ${phase} checks are called ${repeated}`);
  }
  const repeatedTask = firstRepeated(exercise.tasks.map((task) => task.id));
  if (repeatedTask !== undefined) refuse(`two tasks are called ${repeatedTask}`);
  for (const task of exercise.tasks) {
    if (task.hints.length < 1 || task.hints.length > 3)
      refuse(`task ${task.id} has ${task.hints.length} hints, 1 to 3 are wanted`);
    if (task.wrongAnswers.length === 0) refuse(`task ${task.id} names no wrong answer`);
    if ((task.kind === 'choice') !== (task.choices !== undefined))
      refuse(`task ${task.id}: choices belong to the kind "choice"`);
  }
  const repeatedDecoy = firstRepeated(exercise.decoys.map((decoy) => decoy.id));
  if (repeatedDecoy !== undefined) refuse(`two decoys are called ${repeatedDecoy}`);
  for (const decoy of exercise.decoys) {
    if (decoy.rejectedBy.length === 0) refuse(`decoy ${decoy.id} is rejected by no check`);
    const known = new Set(exercise[decoy.judgedBy].map((check) => check.id));
    for (const id of decoy.rejectedBy) {
      if (!known.has(id))
        refuse(`decoy ${decoy.id} names the ${decoy.judgedBy} check ${id}, which does not exist`);
    }
  }
  for (const fault of exercise.break) faultSpec(fault.kind, fault);
  return exercise;
}

function firstRepeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

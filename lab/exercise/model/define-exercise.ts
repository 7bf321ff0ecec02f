import { paces } from '../../../stack/pace.ts';
import { ExerciseInvalid } from '../../errors.ts';
import { faultSpec } from '../../faults/catalogue.ts';
import { type Act, type Exercise, faultsOf, type Task } from './model.ts';
import { wordsOf } from './variant.ts';

/** Checks that a definition is whole, so that a mistake in it shows when it is loaded and not in the middle of a run. */
export function defineExercise(exercise: Exercise): Exercise {
  const refuse = (problem: string): never => {
    throw new ExerciseInvalid(exercise.id, problem);
  };
  if (!/^\d{2}-[a-z0-9]+(-[a-z0-9]+)*$/.test(exercise.id)) refuse('its id must look like 01-some-name');
  if (exercise.baseline.length === 0) refuse('it has no baseline checks');
  if (exercise.acts.length === 0) refuse('it has no acts');
  unique('baseline checks', exercise.baseline, refuse);
  unique('acts', exercise.acts, refuse);
  // A learner names a task without its act.
  unique(
    'tasks',
    exercise.acts.flatMap((act) => act.tasks),
    refuse,
  );
  checkScored(exercise, refuse);
  for (const act of exercise.acts) checkAct(act, (problem) => refuse(`act ${act.id}: ${problem}`));
  checkVariants(exercise, refuse);
  return exercise;
}

type Refuse = (problem: string) => never;

function checkScored({ scored, acts }: Exercise, refuse: Refuse): void {
  if (scored === undefined) return;
  const tasks = acts.flatMap((act) => act.tasks);
  unique('scored parts or tasks', [...tasks, ...scored.map(({ name }) => ({ id: name }))], refuse);
  for (const { name, points } of scored)
    if (!(points > 0)) refuse(`the scored part ${name} has ${points} points, more than 0 are wanted`);
  const sum = scored.reduce((total, { points }) => total + points, 0);
  if (sum >= 100)
    refuse(`its scored parts have ${sum} points together; fewer than 100 leave some for the tasks`);
}

function checkVariants({ acts, variants }: Exercise, refuse: Refuse): void {
  if (variants === undefined) return;
  unique('variants', variants, refuse);
  if (variants[0]?.acts !== acts) refuse('its first variant has other acts than the exercise itself');
  for (const variant of variants) {
    if (wordsOf(variant) !== wordsOf({ acts }))
      refuse(`variant ${variant.id} reads otherwise than the first, which gives it away`);
    for (const act of variant.acts)
      checkAct(act, (problem) => refuse(`variant ${variant.id}, act ${act.id}: ${problem}`));
  }
}

function checkAct(act: Act, refuse: Refuse): void {
  if (faultsOf(act, paces.lab).length === 0) refuse('it breaks nothing');
  if (act.observe.length === 0) refuse('it has no observe checks');
  if (act.recover.length === 0) refuse('it has no recover checks');
  if (act.invariants.length === 0) refuse('it has no invariants');
  if (act.repair.steps.length === 0) refuse('it repairs nothing');
  if (act.tasks.length === 0) refuse('it has no tasks');
  if (act.decoys.length === 0) refuse('it has no decoys');
  unique('checks', [...act.observe, ...act.recover, ...act.invariants], refuse);
  unique('decoys', act.decoys, refuse);
  for (const task of act.tasks) checkTask(task, refuse);
  const judges = new Set([...act.recover, ...act.invariants].map((check) => check.id));
  for (const decoy of act.decoys) {
    if (decoy.rejectedBy.length === 0) refuse(`decoy ${decoy.id} is rejected by no check`);
    for (const id of decoy.rejectedBy) {
      if (!judges.has(id))
        refuse(`decoy ${decoy.id} names ${id}, which is neither a recover check nor an invariant`);
    }
  }
  for (const { id, violatedBy } of act.invariants) {
    const decoy = act.decoys.find((one) => one.id === violatedBy);
    if (decoy === undefined) refuse(`invariant ${id} names the decoy ${violatedBy}, which does not exist`);
    else if (!decoy.rejectedBy.includes(id))
      refuse(`decoy ${violatedBy} is not rejected by the invariant ${id}`);
  }
  for (const pace of Object.values(paces))
    for (const fault of faultsOf(act, pace)) faultSpec(fault.kind, fault);
}

function checkTask(task: Task, refuse: Refuse): void {
  const { id, hints } = task;
  if (hints.length < 1 || hints.length > 3) refuse(`task ${id} has ${hints.length} hints, 1 to 3 are wanted`);
  if (task.kind === 'action') return;
  if (task.kind === 'file') {
    if (task.wrongContents.length === 0) refuse(`task ${id} names no wrong content`);
    return;
  }
  if (task.wrongAnswers.length === 0) refuse(`task ${id} names no wrong answer`);
  if (task.kind === 'number') {
    if (task.fields.length === 0) refuse(`task ${id} asks for no number`);
    return;
  }
  if ((task.kind === 'choice') !== (task.choices !== undefined))
    refuse(`task ${id}: choices belong to the kind "choice"`);
}

function unique(what: string, items: readonly { readonly id: string }[], refuse: Refuse): void {
  const repeated = items.find((item, index) => items.findIndex((one) => one.id === item.id) !== index);
  if (repeated !== undefined) refuse(`two ${what} are called ${repeated.id}`);
}

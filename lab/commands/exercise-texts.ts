// What a learner reads of an exercise: where it begins, its tasks, what to take along.
import type { LabContext } from '../context.ts';
import type { Learner } from '../exercise/learn/learner.ts';
import { whereabouts } from '../exercise/learn/where.ts';
import { type Exercise, isDone, type Task } from '../exercise/model/model.ts';
import type { Progress } from '../exercise/model/progress.ts';
import { scoreRow, scoresLine } from '../ui/scores.ts';

export function showLearnings({ ui }: LabContext, { exercise, score }: Learner): void {
  ui.line('The steady state is back: done. What to take along:');
  for (const learning of exercise.learnings) ui.line(`  - ${learning}`);
  const { played } = exercise;
  if (played !== undefined)
    ui.line(`This time: ${played.variant} (seed ${played.seed}). Another time it may be another way.`);
  if (score === undefined) return;
  ui.line();
  const { points, parts } = score.score;
  const again = score.scores !== undefined && score.scores.times > 1 ? scoresLine(score.scores) : undefined;
  ui.line(`Score: ${points} of 100${again === undefined ? '' : ` (${again})`}`);
  ui.table(parts.map(scoreRow));
  ui.line(`Once more: npm run lab -- exercise reset ${exercise.id}, then start it. The best score stays.`);
}

export function introduce(context: LabContext, learner: Learner, resumed: boolean): void {
  const { ui } = context;
  const { exercise, act } = learner;
  const where = whereabouts(exercise, learner.progress);
  ui.line();
  ui.line(
    resumed
      ? `${exercise.title}, where you left it (${where.phase}).`
      : exercise.acts.length === 1
        ? `${exercise.title}: ${act.summary}`
        : `${exercise.title}, act ${where.act.number} of ${where.act.of}, ${act.title}: ${act.summary}`,
  );
  ui.line(`Guide: exercises/${exercise.id}/README.md`);
  showTasks(context, learner);
  ui.line('See what you should be seeing: npm run lab -- exercise check');
}

export function showTasks({ ui }: LabContext, { exercise, act, progress }: Learner): void {
  const answered = (task: Task): boolean => isAnswered(progress, act.id, task);
  for (const [index, task] of act.tasks.entries()) {
    const later = task.when === 'repaired' ? ', after the repair' : '';
    ui.line(`  ${answered(task) ? '✓' : ' '} ${index + 1}. ${task.prompt} (${task.id}${later})`);
    if (!answered(task)) describeChoices(ui, task);
  }
  const { next, command, openTasks } = whereabouts(exercise, progress);
  const open = openTasks[0];
  ui.line(`  ${next}: ${command}`);
  if (open !== undefined) ui.line(`  A hint: npm run lab -- exercise hint ${open}`);
}

function describeChoices(ui: LabContext['ui'], task: Task): void {
  if (isDone(task) || task.kind === 'number') return;
  for (const [index, choice] of (task.choices ?? []).entries())
    ui.line(`        ${'abcdefgh'[index]}) ${choice}`);
}

function isAnswered(progress: Progress | undefined, actId: string, task: Task): boolean {
  return progress?.acts[actId]?.tasks[task.id]?.answeredAt !== undefined;
}

export function countAnswered(exercise: Exercise, progress: Progress | undefined): number {
  return exercise.acts.reduce(
    (sum, act) => sum + act.tasks.filter((task) => isAnswered(progress, act.id, task)).length,
    0,
  );
}

import type { Command } from 'commander';
import { type AlertsReview, reviewAlerts } from '../alerts/review.ts';
import type { LabContext } from '../context.ts';
import { type Course, sumUpCourse } from '../course/course.ts';
import { readTelemetry, type TelemetryNow } from '../course/read-telemetry.ts';
import { ScoreStore } from '../exercise/learn/score-store.ts';
import { loadExercises } from '../exercise/model/load-exercises.ts';
import { ProgressStore } from '../exercise/model/progress.ts';
import { projectRoot } from '../root.ts';
import { readSlo, type SloState } from '../slo/read-slo.ts';
import { Ledger } from '../traffic/ledger.ts';
import type { Ui } from '../ui/ui.ts';
import { Workshop } from '../workshop.ts';
import { parseTtl } from './break.ts';

/** What a running lab adds to the records. */
interface LabNow {
  readonly telemetry: TelemetryNow;
  readonly alerting: Pick<AlertsReview, 'from' | 'to' | 'quality' | 'pagesAnHour'>;
  readonly slo: Pick<SloState, 'objectives' | 'budget' | 'policy'>;
}

/** `report`: what a course has come to. The records alone will do; a running lab adds what it collects. */
export function register(program: Command, context: LabContext): void {
  program
    .command('report')
    .description(
      'sum up a course: exercises, scores, times to see and to repair; what the lab collects, how good its alerting is',
    )
    .option('--for <duration>', 'how far back alerting is judged, such as 5m; at most 30m', '10m')
    .action(async (options: { for: string }) => {
      const lookBackMs = parseTtl(options.for);
      const { ui, paths } = context;
      const progress = new ProgressStore(paths.exercises);
      const scores = new ScoreStore(paths.scores);
      const course = sumUpCourse(
        (await loadExercises(projectRoot)).map((exercise) => ({
          exercise,
          progress: progress.read(exercise.id),
          scores: scores.read(exercise.id),
        })),
      );
      const now = await readLab(context, lookBackMs);
      ui.result({ ...course, lab: now ?? null }, () => {
        showCourse(ui, course);
        ui.line();
        if (now === undefined)
          ui.line('The lab does not run: what it collects and how good its alerting is cannot be said now.');
        else showLab(ui, now, options.for);
      });
    });
}

async function readLab(context: LabContext, lookBackMs: number): Promise<LabNow | undefined> {
  const lab = await (await context.runtime()).attach();
  if (lab === undefined) return undefined;
  const { signal } = context;
  const { backends } = new Workshop(context, lab);
  const toMs = Date.now();
  const [telemetry, review, slo] = await Promise.all([
    readTelemetry(backends, lab.pace, toMs, signal),
    reviewAlerts(
      { observe: backends, ledger: new Ledger(lab.directory), pace: lab.pace, signal },
      { fromMs: toMs - lookBackMs, toMs },
    ),
    readSlo(backends.prometheus, lab.pace, signal),
  ]);
  const { from, to, quality, pagesAnHour } = review;
  const { objectives, budget, policy } = slo;
  return { telemetry, alerting: { from, to, quality, pagesAnHour }, slo: { objectives, budget, policy } };
}

function showCourse(ui: Ui, course: Course): void {
  ui.table([
    ['EXERCISE', 'TITLE', 'DONE', 'TASKS', 'SCORE', 'SEEN AFTER', 'REPAIRED AFTER'],
    ...course.exercises.map((one) => [
      one.id,
      one.title,
      one.done ? 'yes' : 'no',
      `${one.tasksAnswered}/${one.tasks}`,
      one.scores === null ? '-' : `${one.scores.best.points}`,
      times(one.acts.map((act) => act.secondsToSee)),
      times(one.acts.map((act) => act.secondsToRepair)),
    ]),
  ]);
  ui.line();
  const scored =
    course.meanBestScore === null ? '' : `; the best scores have a mean of ${course.meanBestScore}`;
  ui.line(`${course.done} of ${course.exercises.length} exercises are done${scored}.`);
  if (course.meanSecondsToSee === null) return;
  const repaired = course.meanSecondsToRepair;
  ui.line(
    `A break was seen in every pillar after ${seconds(course.meanSecondsToSee)}${repaired === null ? '' : `, and repaired after ${seconds(repaired)}`} (means of the acts above).`,
  );
}

function showLab(ui: Ui, { telemetry, alerting, slo }: LabNow, lookBack: string): void {
  const { series, logGigabytesADay, tracesKeptPercent, dashboards } = telemetry;
  ui.line(
    `Collected now: ${series ?? '-'} time series; ${number(logGigabytesADay, 2)} GB of logs a day, if it goes on like this; ${number(tracesKeptPercent, 0)} % of the traces; ${dashboards} dashboards show it.`,
  );
  const { quality, pagesAnHour } = alerting;
  const falsePositives = quality.precision === null ? null : 100 * (1 - quality.precision);
  ui.line(
    quality.episodes === 0
      ? `Alerting in the last ${lookBack}: nothing fired${quality.stretches === 0 ? '' : `, although users were harmed ${quality.stretches} ×`}.`
      : `Alerting in the last ${lookBack}: ${number(falsePositives, 0)} % of what fired was a false positive; users were harmed ${quality.stretches} ×, and somebody was told in time ${quality.told} ×; ${Math.round(pagesAnHour)} pages an hour.`,
  );
  const missed = slo.objectives.filter((one) => one.met === false);
  ui.line(
    `Service levels: ${missed.length === 0 ? 'every objective that can be measured is met' : `missed: ${missed.map((one) => one.objective).join('; ')}`}. ${(100 * slo.budget.remainingRatio).toFixed(1)} % of the error budget is left. Policy: ${slo.policy.words}.`,
  );
}

function times(values: readonly (number | null)[]): string {
  return values.length === 0 ? '-' : values.map((value) => seconds(value)).join(', ');
}

function seconds(value: number | null): string {
  if (value === null) return '-';
  return value < 120 ? `${value} s` : `${Math.round(value / 60)} min`;
}

function number(value: number | null, decimals: number): string {
  return value === null ? '-' : value.toFixed(decimals);
}

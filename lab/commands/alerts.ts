import { Argument, type Command } from 'commander';
import { type AlertsReview, reviewAlerts, tellWithinSeconds } from '../alerts/review.ts';
import type { LabContext } from '../context.ts';
import { Ledger } from '../traffic/ledger.ts';
import { Workshop } from '../workshop.ts';
import { parseTtl } from './break.ts';

/** `alerts review`: which alerts were worth waking somebody, by what users felt. */
export function register(program: Command, context: LabContext): void {
  program
    .command('alerts')
    .description(
      'review: how often each alert fired, who was told, and whether users felt anything meanwhile',
    )
    .addArgument(new Argument('[what]', 'what to do').choices(['review']).default('review'))
    .option('--for <duration>', 'how far to look back, such as 5m; at most 30m', '10m')
    .action(async (_what: 'review', options: { for: string }) => {
      const lookBackMs = parseTtl(options.for);
      const { ui, signal } = context;
      const { backends, lab } = new Workshop(context, await context.running());
      const toMs = Date.now();
      const review = await reviewAlerts(
        { observe: backends, ledger: new Ledger(lab.directory), pace: lab.pace, signal },
        { fromMs: toMs - lookBackMs, toMs },
      );
      ui.result(review, () => show(context, review, tellWithinSeconds(lab.pace)));
    });
}

function show({ ui }: LabContext, review: AlertsReview, limitSeconds: number): void {
  const time = (iso: string): string => new Date(iso).toLocaleTimeString();
  ui.line(`From ${time(review.from)} to ${time(review.to)}:`);
  ui.line();
  const fired = review.alerts.filter((one) => one.fired > 0);
  if (fired.length === 0) ui.line('No alert fired.');
  else {
    ui.table([
      ['ALERT', 'SEVERITY', 'FIRED', 'FOR', 'USERS FELT IT', 'TOLD', 'ACKNOWLEDGED', 'ADVICE'],
      ...fired.map((one) => [
        one.alertname,
        one.severity,
        `${one.fired} ×`,
        `${one.firingSeconds} s`,
        one.founded === null ? '-' : `${one.founded} of ${one.fired}`,
        Object.entries(one.told)
          .map(([channel, count]) => `${channel} ${count}`)
          .join(', ') || '-',
        one.secondsToAcknowledge === null
          ? String(one.acknowledged)
          : `${one.acknowledged}, after ${one.secondsToAcknowledge} s`,
        one.advice,
      ]),
    ]);
    const silent = review.alerts.length - fired.length;
    if (silent > 0) ui.line(`${silent} other alerts did not fire.`);
  }
  ui.line();
  const { episodes, founded, precision, stretches, told, recall } = review.quality;
  if (review.harm.length === 0) ui.line('Users were not harmed in this time, by their own record.');
  for (const one of review.harm) {
    const words =
      one.told === null
        ? 'too recent to judge'
        : one.told
          ? 'somebody was told in time'
          : `nobody was told within ${limitSeconds} s`;
    ui.line(`Users were harmed from ${time(one.from)} to ${time(one.to)}: ${words}.`);
  }
  ui.line(
    `Precision: ${share(precision)} (${founded} of ${episodes} times that an alert fired, users felt it). Recall: ${share(recall)} (${told} of ${stretches} times that users were harmed, somebody was told within ${limitSeconds} s).`,
  );
  ui.line(`At this rate: ${Math.round(review.pagesAnHour)} pages an hour.`);
}

const share = (ratio: number | null): string => (ratio === null ? '-' : `${(100 * ratio).toFixed(0)} %`);

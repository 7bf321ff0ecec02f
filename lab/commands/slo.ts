import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { systemClock } from '../exercise/model/clock.ts';
import { type ObjectiveState, readSlo, type SloState } from '../slo/read-slo.ts';
import type { Ui } from '../ui/ui.ts';
import { openWorkshop } from '../workshop.ts';

/** `slo`: objectives, error budget, burn rates, and what the team has agreed to do. */
export function register(program: Command, context: LabContext): void {
  program
    .command('slo')
    .description('show the service levels: objectives, error budget, burn rates, policy')
    .option('--watch', 'again and again, until Ctrl-C')
    .action(async (options: { watch?: boolean }) => {
      const { ui, signal } = context;
      const { backends, lab } = await openWorkshop(context);
      const read = (): Promise<SloState> => readSlo(backends.prometheus, lab.pace, signal);
      if (options.watch !== true) {
        const state = await read();
        return ui.result({ pace: lab.pace.name, ...state }, () => show(ui, state, lab.pace.name));
      }
      while (!signal.aborted) {
        const state = await read();
        if (ui.json) process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...state })}\n`);
        else {
          if (ui.interactive) ui.clear();
          ui.line(new Date().toLocaleTimeString());
          show(ui, state, lab.pace.name);
        }
        await systemClock.sleep(2_000, signal);
      }
    });
}

function show(ui: Ui, state: SloState, pace: string): void {
  ui.table([
    ['OBJECTIVE', 'WANTED', 'MEASURED', 'OVER THE LAST', ''],
    ...state.objectives.map((one) => [
      one.name,
      one.objective,
      measured(one),
      duration(one.overSeconds),
      verdict(one),
    ]),
  ]);
  const { budget, burnRates } = state;
  ui.line();
  ui.line(
    `Error budget over ${duration(state.windowSeconds)} (pace ${pace}): ${percent(budget.remainingRatio)} left, ${budget.remainingMinutes.toFixed(2)} of ${budget.allowedMinutes.toFixed(2)} minutes of full outage.`,
  );
  ui.line(
    `Failed requests: ${Math.round(budget.spentRequests)} of ${budget.allowedRequests.toFixed(1)} that were allowed so far.`,
  );
  ui.line(
    `Burn rate: ${Object.entries(burnRates)
      .map(([window, rate]) => `${window} ${rate === null ? '-' : rate.toFixed(1)}`)
      .join(', ')}. 1 spends the budget exactly over its window.`,
  );
  ui.line(
    state.secondsToExhaustion === null
      ? 'Nothing burns now.'
      : state.secondsToExhaustion === 0
        ? 'The budget is spent.'
        : `At this rate it is spent in ${duration(state.secondsToExhaustion)}.`,
  );
  ui.line(`Policy: ${state.policy.step}: ${state.policy.words}.`);
}

function measured({ measured: value, unit }: ObjectiveState): string {
  if (value === null) return 'no requests';
  return `${value.toFixed(unit === '%' ? 3 : 1)} ${unit}`;
}

function verdict({ met, name }: ObjectiveState): string {
  if (name === 'throughput' || met === null) return '';
  return met ? 'met' : 'missed';
}

const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;

/** `43.2 minutes`, `7.2 hours`, `30 days`. */
function duration(seconds: number): string {
  const [amount, unit] =
    seconds < 90
      ? [seconds, 'seconds']
      : seconds < 5_400
        ? [seconds / 60, 'minutes']
        : seconds < 172_800
          ? [seconds / 3_600, 'hours']
          : [seconds / 86_400, 'days'];
  return `${Number(amount.toFixed(1))} ${unit}`;
}

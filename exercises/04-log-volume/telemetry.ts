import type { ExerciseContext } from '../../lab/exercise/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { freshSeconds } from '../kit/windows.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const loud = ['gateway', 'api-1', 'api-2', 'api-3'] as const;
export const plantedEveryMs = 1_000;

export const volume = 'loki:received_bytes:rate';

/** The planted errors, as the gateway writes them. */
export const plantedLines = '{service="gateway", level="error"} |= "settlement lost"';

/** What Loki received in the last few seconds: the load may not have run for a whole rate window. */
const freshVolume = (pace: Pace): string =>
  `sum(rate(loki_distributor_bytes_received_total[${freshSeconds(pace)}s]))`;

/** Bytes a second before the break, by which the flood is measured. */
export async function volumeBefore(context: ExerciseContext): Promise<number> {
  const { observe, pace, signal } = context;
  const timeMs = (context.timeline.brokenAtMs ?? context.clock.now()) - 1000;
  const before = await observe.prometheus.value(freshVolume(pace), { timeMs, signal });
  if (before === undefined || !(before > 0))
    throw new Error('Prometheus does not know how much was logged before');
  return before;
}

/** How many times as much as before the break is logged now; over the last few seconds where `fresh`. */
export async function timesMore(context: ExerciseContext, fresh = false): Promise<number | undefined> {
  const { observe, pace, signal } = context;
  const promql = fresh ? freshVolume(pace) : volume;
  const now = await observe.prometheus.value(promql, { signal });
  return now === undefined ? undefined : now / (await volumeBefore(context));
}

/** Debug lines a second that the services write now. */
export async function debugRate({ observe, pace, signal }: ExerciseContext): Promise<number> {
  const promql = `sum(rate(log_lines_total{level="debug"}[${freshSeconds(pace)}s]))`;
  return (await observe.prometheus.value(promql, { signal })) ?? 0;
}

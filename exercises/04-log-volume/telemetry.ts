import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { userRequests } from '../kit/queries.ts';
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

/** Debug lines that the services write now for each request of a user; undefined without requests. */
export async function debugPerRequest({
  observe,
  pace,
  signal,
}: ExerciseContext): Promise<number | undefined> {
  const window = `${freshSeconds(pace)}s`;
  return observe.prometheus.value(
    `(sum(rate(log_lines_total{level="debug"}[${window}])) or vector(0)) / (sum(rate(http_requests_total{job="gateway", ${userRequests}}[${window}])) > 0)`,
    { signal },
  );
}

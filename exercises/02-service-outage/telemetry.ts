import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { allBut } from '../kit/queries.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const lost = 'api-2';
export const others = allBut(lost);

/** The gateway's own word on the replica. */
export const takenOut = `{service="gateway"} |= "upstream unhealthy" | json | upstream="${lost}"`;

/** When Prometheus first could not scrape a replica after the break, in epoch milliseconds; undefined where it always could. */
export async function downSince(context: ExerciseContext, instance: string): Promise<number | undefined> {
  const { observe, clock, pace, signal } = context;
  const [series] = await observe.prometheus.queryRange(`up{instance="${instance}"} == 0`, {
    startMs: evidenceFrom(context) - 1000,
    endMs: clock.now(),
    stepSeconds: pace.scrapeIntervalSeconds,
    signal,
  });
  return series?.points[0]?.timestampMs;
}

/** The replicas that Prometheus cannot scrape now. */
export async function replicasDown({ observe, signal }: ExerciseContext): Promise<string[]> {
  const found = await observe.prometheus.query('up{job="api"} == 0', { signal });
  return found.map((sample) => sample.labels.instance ?? '');
}

/** What Prometheus's last attempt at the replica ended with; empty when it went well. */
export async function lastScrapeError({ observe, signal }: ExerciseContext): Promise<string> {
  const targets = await observe.prometheus.targets({ signal });
  const target = targets.find(({ labels }) => labels.instance === lost);
  if (target === undefined) throw new Error(`Prometheus has no target ${lost}`);
  return target.lastError;
}

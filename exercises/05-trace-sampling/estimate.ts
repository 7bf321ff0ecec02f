// A p95 of the few traces that were kept, beside the p95 of all requests.
import type { ExerciseContext, NumberTask } from '../../lab/exercise/model/model.ts';
import { quantile, quantileBounds } from '../../lab/statistics/quantile.ts';
import { keptTraces, type Stretch, settledStretch } from './telemetry.ts';

const lastSeconds = 120;
/** Fewer traces tell nothing of a p95. */
const atLeast = 10;
/** At a hundred requests a second one trace is kept a second, more or less by chance: so long it is waited for them. */
const waitMs = 30_000;
const requests = 'http_request_duration_seconds_bucket{job="gateway", endpoint=~"/api/v1/.*"}';

/** The last two minutes, or since the break where that is shorter ago: before it, everything was kept. */
function stretchOf(context: ExerciseContext): Stretch {
  const { brokenAtMs = 0 } = context.timeline;
  return settledStretch(context, 1000 * lastSeconds, brokenAtMs + 2_000);
}

/** How long each request took whose trace was kept, by its gateway span; milliseconds, ascending. */
async function keptDurations(context: ExerciseContext): Promise<number[]> {
  const { clock, signal } = context;
  const deadline = clock.now() + waitMs;
  for (;;) {
    const durations = [...(await keptTraces(context, stretchOf(context))).values()].flatMap((spans) =>
      spans.filter(({ parentSpanId }) => parentSpanId === '').map(({ durationMs }) => durationMs),
    );
    if (durations.length >= atLeast) return durations.sort((a, b) => a - b);
    if (clock.now() >= deadline)
      throw new Error(
        `only ${durations.length} traces were kept, of ${atLeast} that it takes: is the load running?`,
      );
    await clock.sleep(1_000, signal);
  }
}

/** The p95 of all requests, as the metrics and the log lines of the gateway tell it; milliseconds. */
async function wholeP95(context: ExerciseContext): Promise<{ metrics: number; logs: number }> {
  const { observe, signal } = context;
  const { fromMs, toMs } = stretchOf(context);
  const seconds = Math.round((toMs - fromMs) / 1000);
  const [metrics, [lines]] = await Promise.all([
    observe.prometheus.value(`histogram_quantile(0.95, sum by (le) (increase(${requests}[${seconds}s])))`, {
      timeMs: toMs,
      signal,
    }),
    observe.loki.query(
      `quantile_over_time(0.95, {service="gateway"} |= "request completed" | json | path=~"/api/v1/.*" | unwrap duration_ms [${seconds}s]) by (service)`,
      { timeMs: toMs, signal },
    ),
  ]);
  if (metrics === undefined || !Number.isFinite(metrics)) throw new Error('the metrics have no p95 yet');
  if (lines === undefined || !Number.isFinite(lines.value)) throw new Error('the log lines have no p95 yet');
  return { metrics: 1000 * metrics, logs: lines.value };
}

export const estimatedP95: NumberTask = {
  id: 'estimated-p95',
  prompt: `Estimate the p95 of the answer time from the traces that were kept, and compare it with the p95 of all requests, which metrics and logs know; both over the last two minutes, or since the break. Answer in milliseconds as sampled=… all=…`,
  kind: 'number',
  fields: [
    {
      name: 'sampled',
      unit: 'ms',
      tolerance: 0.1,
      // Whoever takes one trace more or less gets a neighbour: with so few, the p95 is one of the largest.
      async truth(context) {
        const durations = await keptDurations(context);
        return { low: quantile(durations, 0.9), high: durations.at(-1)! };
      },
    },
    {
      name: 'all',
      unit: 'ms',
      tolerance: 0.25,
      async truth(context) {
        const { metrics, logs } = await wholeP95(context);
        return { low: Math.min(metrics, logs), high: Math.max(metrics, logs) };
      },
    },
  ],
  async because(context) {
    const durations = await keptDurations(context);
    const { logs } = await wholeP95(context);
    const estimate = quantile(durations, 0.95);
    const { low, high } = quantileBounds(durations, 0.95);
    const off = Math.round((100 * (estimate - logs)) / logs);
    return `${durations.length} kept traces put it at ${Math.round(estimate)} ms, ${Math.abs(off)} % ${off < 0 ? 'below' : 'above'} the ${Math.round(logs)} ms of all requests; so few only say, in 95 of 100 cases, that it lies between ${Math.round(low)} and ${Math.round(high)} ms`;
  },
  hints: [
    'Jaeger: search the service gateway with a limit of 200. The p95 of n durations is the one at rank 0.95 n, counted from the shortest: of 40 traces, the third longest.',
    `Prometheus: histogram_quantile(0.95, sum by (le) (rate(${requests}[2m]))), times 1000.`,
    'Loki knows each request: quantile_over_time(0.95, {service="gateway"} |= "request completed" | json | unwrap duration_ms [2m]) by (service)',
  ],
  async solve(context) {
    const [durations, { metrics }] = await Promise.all([keptDurations(context), wholeP95(context)]);
    return `sampled=${quantile(durations, 0.95).toFixed(1)} all=${metrics.toFixed(1)}`;
  },
  wrongAnswers: [
    {
      why: 'the shortest trace instead of one of the longest',
      async answer(context) {
        const [durations, { logs }] = await Promise.all([keptDurations(context), wholeP95(context)]);
        return `sampled=${durations[0]!.toFixed(2)} all=${logs.toFixed(1)}`;
      },
    },
    {
      why: 'three times the p95 of all requests',
      async answer(context) {
        const [durations, { metrics, logs }] = await Promise.all([keptDurations(context), wholeP95(context)]);
        return `sampled=${quantile(durations, 0.95).toFixed(1)} all=${(3 * Math.max(metrics, logs)).toFixed(1)}`;
      },
    },
    {
      why: 'seconds taken for milliseconds',
      answer: async (context) =>
        (await estimatedP95.solve(context)).replace(
          /=([\d.]+)/g,
          (_, value) => `=${(Number(value) / 1000).toFixed(4)}`,
        ),
    },
  ],
};

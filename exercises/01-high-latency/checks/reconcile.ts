import { measuredCheck } from '../../../lab/exercise/checks.ts';
import type { Check, ExerciseContext, Measured } from '../../../lab/exercise/model.ts';
import { countTenths } from '../../../lab/traffic/tally.ts';
import type { Pace } from '../../../stack/pace.ts';

const counter = 'http_requests_total{job="gateway", endpoint=~"/api/v1/.*"}';
const lines = '{service="gateway"} |= "request completed" | json | path=~"/api/v1/.*"';

/** Ten seconds, or four scrapes where those are longer. */
const intervalSeconds = (pace: Pace): number => Math.max(10, 4 * pace.scrapeIntervalSeconds);
/** A scrape that took longer tells of a later moment than its timestamp, and is no edge. */
const promptSeconds = 0.05;
/** Logs and spans are sent in batches and traces may wait for their tail: until then the newest are not there. */
const lagSeconds = 4;

/**
 * One interval, counted four times over: by the client, the gateway's counter, its log lines, its spans. The interval
 * runs from one prompt scrape of the gateway to another, so that the counter is exact at both edges. What remains is at
 * the edges: a scrape of up to 50 ms, an answer that the gateway has counted and the client has not yet received, and the client's tenths of a
 * second. At 40 requests a second in bursts of 4 that is at most one burst and one tenth, 8 requests an edge, 16 of
 * 400: 4 %. The bound is 5 %. A lost log batch or span batch is half a second of requests, 5 % by itself, and shows.
 */
export const signalsReconcile: Check = measuredCheck({
  id: 'signals-reconcile',
  claim: 'client, counter, log lines and spans tell of the same number of requests',
  pillar: 'traffic',
  invariant: ['observe', 'recover'],
  query: `client answers | increase of ${counter} | count of ${lines} | gateway server spans`,
  measure: compare,
  expect: { atMost: 5, unit: '%' },
  withinSeconds: (pace) => 3 * intervalSeconds(pace),
  link: ({ observe }) => observe.prometheus.link(`sum(rate(${counter}[15s]))`),
  next: 'see which of the four differs: fewer lines or spans are lost on their way, more requests than answers were given up',
});

async function compare(context: ExerciseContext): Promise<Measured> {
  const { observe, clock, pace, signal } = context;
  const wantedMs = intervalSeconds(pace) * 1000;
  const endMs = clock.now() - lagSeconds * 1000;
  const lookBack = Math.ceil(2 * (wantedMs / 1000 + 2 * pace.scrapeIntervalSeconds));
  const [scraped, durations] = await Promise.all([
    observe.prometheus.samples(`${counter}[${lookBack}s]`, { timeMs: endMs, signal }),
    observe.prometheus.samples(`scrape_duration_seconds{job="gateway"}[${lookBack}s]`, {
      timeMs: endMs,
      signal,
    }),
  ]);
  const prompt = durations.flatMap((one) => one.points).filter((point) => point.value <= promptSeconds);
  const toMs = prompt.at(-1)?.timestampMs;
  const fromMs = prompt.findLast(
    (point) => toMs !== undefined && toMs - point.timestampMs >= wantedMs,
  )?.timestampMs;
  if (fromMs === undefined || toMs === undefined) {
    return { value: undefined, note: `too few scrapes of the gateway that took at most ${promptSeconds} s` };
  }
  const tally = context.tally();
  if (tally === undefined || Date.parse(tally.startedAt) > fromMs) {
    return { value: undefined, note: 'the traffic began within the interval' };
  }

  const client = countTenths(tally, fromMs, toMs).requests;
  const counted = scraped.reduce(
    (sum, { points }) => sum + valueAt(points, toMs) - valueAt(points, fromMs),
    0,
  );
  const [logged, traces] = await Promise.all([
    observe.loki.lines(lines, { startMs: fromMs, endMs: toMs, limit: 5000, signal }),
    // A request that ends in the interval may have begun before it.
    observe.jaeger.findTraces({
      service: 'gateway',
      startMs: fromMs - 10_000,
      endMs: toMs,
      limit: 1500,
      signal,
    }),
  ]);
  const spans = [...traces.values()].flat().filter((span) => {
    const end = span.startMs + span.durationMs;
    return span.service === 'gateway' && span.kind === 'server' && end >= fromMs && end < toMs;
  }).length;

  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 23);
  const note = `client ${client}, counter ${counted}, lines ${logged.length}, spans ${spans}, from ${time(fromMs)} to ${time(toMs)}`;
  if (client === 0) return { value: undefined, note };
  const worst = Math.max(...[counted, logged.length, spans].map((count) => Math.abs(count - client)));
  return { value: (100 * worst) / client, note };
}

/** A series that begins within the interval began at zero. */
function valueAt(points: readonly { timestampMs: number; value: number }[], timeMs: number): number {
  return points.findLast((point) => point.timestampMs <= timeMs)?.value ?? 0;
}

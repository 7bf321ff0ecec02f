// The signals agree: one interval, counted by the client, the gateway's counter, its log lines, its spans.
import type { ExerciseContext, Invariant, Measured } from '../../lab/exercise/model/model.ts';
import type { Interval, Ledger } from '../../lab/traffic/ledger.ts';

const counter = 'http_requests_total{job="gateway", endpoint=~"/api/v1/.*"}';
const lines = '{service="gateway"} |= "request completed" | json | path=~"/api/v1/.*"';

/** A slow scrape shows a later moment than its timestamp, so it cannot mark the edge of an interval. */
const promptSeconds = 0.05;
/** Logs and spans are sent in batches and traces may wait for their tail: until then the newest are not there. */
const lagMs = 4_000;
const shortestMs = 4_000;
/** Traces are fetched in slices of this length, so that no answer gets too large. */
const sliceMs = 10_000;

/**
 * The interval is cut to where it begins and ends at a prompt scrape of the gateway, so that the counter is exact at
 * both edges. What remains is at the edges: a scrape of up to 50 ms, an answer that the gateway has counted and the
 * client has not yet received, and the client's seconds, of which a share counts. At 40 requests a second in bursts of 4
 * that is at most two bursts an edge, 16 of 400 in ten seconds: 4 %, and less in a longer interval. The bound is 5 %. A
 * lost log or span batch is half a second of requests, 5 % of ten seconds by itself.
 */
export function signalsReconcile(violatedBy: string): Invariant {
  return {
    id: 'signals-reconcile',
    claim: 'client, counter, log lines and spans tell of the same number of requests',
    pillar: 'traffic',
    query: `client answers | increase of ${counter} | count of ${lines} | gateway server spans`,
    measure: compare,
    expect: { atMost: 5, unit: '%' },
    violatedBy,
    link: ({ observe }) => observe.prometheus.link(`sum(rate(${counter}[15s]))`),
    next: 'see which of the four differs: fewer lines or spans are lost on their way, more requests than answers were given up',
  };
}

async function compare(context: ExerciseContext, interval: Interval): Promise<Measured> {
  const { observe, clock, signal, ledger } = context;
  const endMs = Math.min(interval.toMs, clock.now() - lagMs);
  const lookBack = Math.ceil((endMs - interval.fromMs) / 1000);
  if (endMs - interval.fromMs < shortestMs) return { value: undefined, note: 'the interval is too short' };
  const [scraped, durations] = await Promise.all([
    observe.prometheus.samples(`${counter}[${lookBack + 5}s]`, { timeMs: endMs, signal }),
    observe.prometheus.samples(`scrape_duration_seconds{job="gateway"}[${lookBack}s]`, {
      timeMs: endMs,
      signal,
    }),
  ]);
  const prompt = durations
    .flatMap((one) => one.points)
    .filter((point) => point.value <= promptSeconds && point.timestampMs >= interval.fromMs);
  const fromMs = prompt[0]?.timestampMs;
  const toMs = prompt.at(-1)?.timestampMs;
  if (fromMs === undefined || toMs === undefined || toMs - fromMs < shortestMs) {
    return { value: undefined, note: `too few scrapes of the gateway that took at most ${promptSeconds} s` };
  }
  const client = answersBetween(ledger, fromMs, toMs);
  const counted = scraped.reduce((sum, { points }) => sum + increase(points, fromMs, toMs), 0);
  const [logged, spans] = await Promise.all([
    observe.loki.count(`sum(count_over_time(${lines} [${Math.round(toMs - fromMs)}ms]))`, {
      timeMs: toMs,
      signal,
    }),
    countSpans(context, fromMs, toMs),
  ]);
  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 23);
  const note = `client ${Math.round(client)}, counter ${counted}, lines ${logged}, spans ${spans}, from ${time(fromMs)} to ${time(toMs)}`;
  if (client === 0) return { value: undefined, note };
  const worst = Math.max(...[counted, logged, spans].map((count) => Math.abs(count - client)));
  return { value: (100 * worst) / client, note };
}

/** The client's answers; of a second at an edge, the share that lies inside. */
function answersBetween(ledger: Ledger, fromMs: number, toMs: number): number {
  const first = Math.floor(fromMs / 1000) * 1000;
  const last = Math.ceil(toMs / 1000) * 1000;
  return ledger.slices({ fromMs: first, toMs: last }).reduce((sum, { second, statuses }) => {
    const { none: _, ...answered } = statuses;
    const count = Object.values(answered).reduce((total, one) => total + one, 0);
    const inside = Math.min(toMs, (second + 1) * 1000) - Math.max(fromMs, second * 1000);
    return sum + (count * Math.max(0, inside)) / 1000;
  }, 0);
}

/** Server spans of the gateway that end in the interval. */
async function countSpans(
  { observe, signal }: ExerciseContext,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const ended = new Set<string>();
  // A request that ends in the interval may have begun before it.
  for (let startMs = fromMs - 10_000; startMs < toMs; startMs += sliceMs) {
    const endMs = Math.min(startMs + sliceMs, toMs);
    const traces = await observe.jaeger.findTraces({
      service: 'gateway',
      startMs,
      endMs,
      limit: 1500,
      signal,
    });
    for (const span of [...traces.values()].flat()) {
      const end = span.startMs + span.durationMs;
      if (span.service === 'gateway' && span.kind === 'server' && end >= fromMs && end < toMs)
        ended.add(span.spanId);
    }
  }
  return ended.size;
}

/** A series that begins within the interval began at zero; one that falls was reset. */
function increase(
  points: readonly { timestampMs: number; value: number }[],
  fromMs: number,
  toMs: number,
): number {
  let before = points.findLast((point) => point.timestampMs <= fromMs)?.value ?? 0;
  let sum = 0;
  for (const { timestampMs, value } of points) {
    if (timestampMs <= fromMs || timestampMs > toMs) continue;
    sum += value >= before ? value - before : value;
    before = value;
  }
  return sum;
}

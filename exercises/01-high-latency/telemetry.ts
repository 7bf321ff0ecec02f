import type { ExerciseContext } from '../../lab/exercise/model.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import type { Pace } from '../../stack/pace.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const slow = 'api-1';
export const delayMs = 500;
export const others = 'api-2|api-3';

/** Probes and scrapes are no user's requests. */
const users = 'endpoint!~".*/(metrics|health|ready)"';

export const p95Of = (instance: string): string =>
  `instance:http_request_duration_seconds:p95{instance=~"${instance}"}`;
export const rateOf = (instance: string): string => `instance:http_requests:rate{instance=~"${instance}"}`;

/** Five scrapes: the shortest window that a rate is worth something in. For what is true now, not a rate window ago. */
export const freshSeconds = (pace: Pace): number => 5 * pace.scrapeIntervalSeconds;

export const freshP95 = (instance: string, pace: Pace): string =>
  `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="api", instance="${instance}", ${users}}[${freshSeconds(pace)}s])))`;
export const freshRate = (instance: string, pace: Pace): string =>
  `sum(rate(http_requests_total{job="api", instance="${instance}", ${users}}[${freshSeconds(pace)}s]))`;

/** Mean over all replicas together, and p95 of the slow one: what an average shows and what it hides. */
export const serviceMean = (pace: Pace): string =>
  `sum(rate(http_request_duration_seconds_sum{job="api", ${users}}[${pace.rateWindowSeconds}s])) / sum(rate(http_request_duration_seconds_count{job="api", ${users}}[${pace.rateWindowSeconds}s]))`;

/** The log query of this exercise: queries that took longer than 400 ms, told by the service itself. */
export const slowQueryLines = (instances: string): string =>
  `{instance${instances.includes('|') ? '=~' : '='}"${instances}"} |= "query" | json | duration_ms > 400`;
export const countLines = (logql: string, seconds: number): string =>
  `sum(count_over_time(${logql} [${seconds}s]))`;

/** Whether a span is a call of PostgreSQL, as OpenTelemetry names them (old and new conventions). */
export function isDatabaseSpan(span: Span): boolean {
  return span.attributes['db.system'] === 'postgresql' || span.attributes['db.system.name'] === 'postgresql';
}

/** Whether it is a call that took at least as long as the break makes it take. */
export function isSlowQuery(span: Span, instance: string = slow): boolean {
  return isDatabaseSpan(span) && span.instance === instance && span.durationMs >= delayMs;
}

/** Traces of the API since a moment, newest first or not, each with all spans. */
export function tracesSince(
  context: ExerciseContext,
  startMs: number,
  options: { readonly minDurationMs?: number; readonly limit?: number } = {},
): Promise<ReadonlyMap<string, readonly Span[]>> {
  return context.observe.jaeger.findTraces({
    service: 'api',
    startMs,
    endMs: context.clock.now(),
    signal: context.signal,
    limit: 50,
    ...options,
  });
}

/** The traces in which a query of the slow replica took as long as the break makes it take. */
export async function slowTraces(
  context: ExerciseContext,
  startMs: number,
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const traces = await tracesSince(context, startMs, { minDurationMs: delayMs });
  return new Map([...traces].filter(([, spans]) => spans.some((span) => isSlowQuery(span))));
}

/** The moment from which evidence of the break counts: the break itself; before it, the steady state. */
export const evidenceFrom = ({ timeline }: ExerciseContext): number =>
  timeline.brokenAtMs ?? timeline.steadyAtMs ?? timeline.startedAtMs;

/** The last few seconds, or since the repair where that is shorter ago: what is true now. */
export function freshFrom({ timeline, clock, pace }: ExerciseContext): number {
  return Math.max(timeline.fixedAtMs ?? 0, clock.now() - freshSeconds(pace) * 1000);
}

/** How long a window takes to fill with what is new, and the new to be scraped and evaluated. */
export const windowTurns = (pace: Pace): number =>
  pace.rateWindowSeconds + 2 * pace.scrapeIntervalSeconds + 2 * pace.evaluationIntervalSeconds;

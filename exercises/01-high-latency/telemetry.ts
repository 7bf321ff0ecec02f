import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import type { Pace } from '../../stack/pace.ts';
import { allBut, userRequests } from '../kit/queries.ts';
import { tracesSince } from '../kit/traces.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const slow = 'api-1';
export const delayMs = 500;
export const others = allBut(slow);

/** Mean over all replicas together, and p95 of the slow one: what an average shows and what it hides. */
export const serviceMean = (pace: Pace): string =>
  `sum(rate(http_request_duration_seconds_sum{job="api", ${userRequests}}[${pace.rateWindowSeconds}s])) / sum(rate(http_request_duration_seconds_count{job="api", ${userRequests}}[${pace.rateWindowSeconds}s]))`;

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

/** The traces in which a query of the slow replica took as long as the break makes it take. */
export async function slowTraces(
  context: ExerciseContext,
  startMs: number,
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const traces = await tracesSince(context, startMs, { minDurationMs: delayMs });
  return new Map([...traces].filter(([, spans]) => spans.some((span) => isSlowQuery(span))));
}

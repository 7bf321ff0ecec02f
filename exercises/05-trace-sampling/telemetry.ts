import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import { evidenceFrom } from '../kit/moments.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const headRatio = 0.01;
/** One request in so many fails, or takes a second longer. */
export const failsOneIn = 250;
export const slowOneIn = 100;
export const slowMs = 1_000;
/** What counts as slow in the policy. */
export const slowFromMs = 900;

export const jaegerYaml = { component: 'jaeger', path: 'jaeger/jaeger.yaml' } as const;

/** Spans are sent in batches, and a trace waits two seconds for its decision: until then it is not there. */
export const settledMs = 5_000;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The newest stretch of this length whose traces have been decided on; after the break where there was one. */
export function settledStretch(
  context: ExerciseContext,
  lengthMs: number,
  since = evidenceFrom(context),
): Stretch {
  const toMs = Math.floor((context.clock.now() - settledMs) / 1000) * 1000;
  return { fromMs: Math.max(toMs - lengthMs, Math.ceil(since / 1000) * 1000), toMs };
}

/** Traces that Jaeger has of a stretch, by their gateway span. */
export async function keptTraces(
  { observe, signal }: ExerciseContext,
  { fromMs, toMs }: Stretch,
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const found = new Map<string, readonly Span[]>();
  // In slices, so that no answer gets too large.
  for (let startMs = fromMs; startMs < toMs; startMs += 4_000) {
    const traces = await observe.jaeger.findTraces({
      service: 'gateway',
      startMs,
      endMs: Math.min(startMs + 4_000, toMs),
      limit: 1500,
      signal,
    });
    for (const [id, spans] of traces)
      if (spans.some((one) => one.name.includes('/api/v1'))) found.set(id, spans);
  }
  return found;
}

/** A request as the gateway's log tells of it. */
export interface LoggedRequest {
  readonly traceId: string;
  readonly status: number;
  readonly durationMs: number;
  readonly sampled: boolean;
}

/** Requests that the gateway logged in a stretch; `only` narrows them down in LogQL. */
export async function loggedRequests(
  { observe, signal }: ExerciseContext,
  { fromMs, toMs }: Stretch,
  only = '',
  limit = 5000,
): Promise<LoggedRequest[]> {
  const lines = await observe.loki.lines(
    `{service="gateway"} |= "request completed" | json | path=~"/api/v1/.*"${only}`,
    { startMs: fromMs, endMs: toMs, limit, signal },
  );
  return lines.map(({ line }) => {
    const { trace_id, status, duration_ms, trace_sampled } = JSON.parse(line) as Record<string, unknown>;
    return {
      traceId: String(trace_id),
      status: Number(status),
      durationMs: Number(duration_ms),
      sampled: trace_sampled === true,
    };
  });
}

export const failed = ' | status>=500';
export const slow = ` | duration_ms>=${slowFromMs}`;

/** Which of these requests Jaeger has no whole trace of: none at all, or one with a span whose parent is missing. */
export async function missingTraces(
  { observe, signal }: ExerciseContext,
  requests: readonly LoggedRequest[],
): Promise<{ readonly missing: number; readonly torn: number }> {
  let missing = 0;
  let torn = 0;
  for (const { traceId } of requests) {
    const spans = await observe.jaeger.trace(traceId, { signal });
    if (spans.length === 0) missing += 1;
    else if (!isWhole(spans)) torn += 1;
  }
  return { missing, torn };
}

/** Every span's parent is there, and there is exactly one root. */
export function isWhole(spans: readonly Span[]): boolean {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return (
    spans.filter(({ parentSpanId }) => parentSpanId === '').length === 1 &&
    spans.every(({ parentSpanId }) => parentSpanId === '' || ids.has(parentSpanId)) &&
    spans.some(({ service }) => service === 'api')
  );
}

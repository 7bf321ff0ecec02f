// What several exercises ask of Jaeger.
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Span } from '../../lab/observe/otlp.ts';

/** Traces of a service since a moment, newest first or not, each with all spans. */
export function tracesSince(
  context: ExerciseContext,
  startMs: number,
  options: {
    readonly service?: string;
    readonly minDurationMs?: number;
    readonly limit?: number;
    readonly attributes?: Readonly<Record<string, string>>;
  } = {},
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

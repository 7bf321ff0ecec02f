import { serviceNameOf } from '../model/span.ts';
import type { TraceStore } from './trace-store.ts';

export interface DependencyLink {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

/**
 * Calls from span to span by service, of the traces that lie within the time range. As in Jaeger's memory storage, the
 * calls of a service to itself are counted too.
 */
export function findDependencies(store: TraceStore, startNanos: bigint, endNanos: bigint): DependencyLink[] {
  const counts = new Map<string, { parent: string; child: string; callCount: number }>();
  for (const trace of store.newestFirst()) {
    if (trace.spans.some((span) => span.startTimeUnixNano < startNanos || span.endTimeUnixNano > endNanos))
      continue;
    const serviceBySpan = new Map(trace.spans.map((span) => [span.spanId, serviceNameOf(span.resource)]));
    for (const span of trace.spans) {
      const parent = serviceBySpan.get(span.parentSpanId);
      const child = serviceNameOf(span.resource);
      if (parent === undefined) continue;
      const key = JSON.stringify([parent, child]);
      const link = counts.get(key);
      if (link === undefined) counts.set(key, { parent, child, callCount: 1 });
      else link.callCount += 1;
    }
  }
  return [...counts.values()].sort((a, b) =>
    `${a.parent}\0${a.child}` < `${b.parent}\0${b.child}` ? -1 : 1,
  );
}

import { type Span, serviceNameOf } from '../model/span.ts';

/** A trace in one line of a result list, in proto3 JSON: zero counts and empty names are left out. */
export function summarize(spans: readonly Span[]): Record<string, unknown> {
  const ids = new Set(spans.map((span) => span.spanId));
  const services = new Map<string, { spanCount: number; errorSpanCount: number }>();
  let start: bigint | undefined;
  let end: bigint | undefined;
  let root: Span | undefined;
  let errorSpanCount = 0;
  let orphanSpanCount = 0;
  for (const span of spans) {
    if (start === undefined || span.startTimeUnixNano < start) start = span.startTimeUnixNano;
    if (end === undefined || span.endTimeUnixNano > end) end = span.endTimeUnixNano;
    const name = serviceNameOf(span.resource);
    let service = services.get(name);
    if (service === undefined) {
      service = { spanCount: 0, errorSpanCount: 0 };
      services.set(name, service);
    }
    service.spanCount += 1;
    if (span.statusCode === 2) {
      service.errorSpanCount += 1;
      errorSpanCount += 1;
    }
    if (span.parentSpanId === '') {
      if (root === undefined || span.startTimeUnixNano < root.startTimeUnixNano) root = span;
    } else if (!ids.has(span.parentSpanId)) orphanSpanCount += 1;
  }
  return {
    traceId: spans[0]?.traceId ?? '',
    rootServiceName: root && serviceNameOf(root.resource),
    rootOperationName: root?.name || undefined,
    minStartTimeUnixNano: start ? String(start) : undefined,
    maxEndTimeUnixNano: end ? String(end) : undefined,
    spanCount: spans.length,
    ...nonZero({ errorSpanCount, orphanSpanCount }),
    services: [...services]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { spanCount, errorSpanCount }]) => ({ name, spanCount, ...nonZero({ errorSpanCount }) })),
  };
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

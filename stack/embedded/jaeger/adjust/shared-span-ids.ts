import type { MutableSpan } from './mutable-span.ts';

const client = 3;
const server = 2;

/**
 * Zipkin-style clients give the client and the server span of a call one ID. The server span gets a new one, with
 * the shared ID as its parent, and the children of the call follow it.
 */
export function separateSharedSpanIds(spans: readonly MutableSpan[]): void {
  const usedIds = new Set<string>();
  const clientIds = new Set<string>();
  for (const span of spans) {
    usedIds.add(span.spanId);
    if (span.kind === client) clientIds.add(span.spanId);
  }
  const renamed = new Map<string, string>();
  let last = 0n;
  for (const span of spans) {
    if (span.kind !== server || !clientIds.has(span.spanId)) continue;
    let id: string;
    do {
      last += 1n;
      id = last.toString(16).padStart(16, '0');
    } while (usedIds.has(id));
    renamed.set(span.spanId, id);
    span.parentSpanId = span.spanId;
    span.spanId = id;
  }
  if (renamed.size === 0) return;
  for (const span of spans) {
    const id = renamed.get(span.parentSpanId);
    if (id !== undefined && id !== span.spanId) span.parentSpanId = id;
  }
}

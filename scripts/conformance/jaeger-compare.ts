import { isDeepStrictEqual } from 'node:util';

type Json = Record<string, unknown>;

/** Throws, with the first place where they differ, unless two JSON values are the same: lists in their order, numbers exactly. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${difference(actual, expected, '')}`);
}

/** The first place where two JSON values differ. */
function difference(actual: unknown, expected: unknown, path: string): string {
  if (typeof actual === 'object' && actual !== null && typeof expected === 'object' && expected !== null) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const a = (actual as Json)[key];
      const b = (expected as Json)[key];
      if (!isDeepStrictEqual(a, b)) return difference(a, b, `${path}/${key}`);
    }
  }
  return `${path} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
}

/** Traces as `flatten` gives them, together. */
export function flattenAll(traces: Json[]): Json[] {
  return traces.flatMap(flatten).sort(byIds);
}

/**
 * Spans with their resource and scope, in an order of their own. Storage promises no order of traces or spans, and
 * Jaeger's own tests of storage sort both; how spans are grouped is no part of the answer.
 */
export function flatten(trace: Json): Json[] {
  const spans: Json[] = [];
  for (const resourceSpans of trace.resourceSpans as Json[]) {
    for (const scopeSpans of resourceSpans.scopeSpans as Json[]) {
      for (const span of scopeSpans.spans as Json[]) {
        spans.push({ resource: resourceSpans.resource, scope: scopeSpans.scope, span });
      }
    }
  }
  return spans.sort(byIds);
}

function byIds(a: Json, b: Json): number {
  const key = (item: Json): string =>
    JSON.stringify([(item.span as Json).traceId, (item.span as Json).spanId, item]);
  return key(a) < key(b) ? -1 : 1;
}

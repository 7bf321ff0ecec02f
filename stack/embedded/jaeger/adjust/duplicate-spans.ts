import type { Resource, Scope } from '../../otlp/value.ts';
import type { MutableSpan } from './mutable-span.ts';

/** Drops spans that were delivered more than once, resource and scope included. Expects sorted collections. */
export function deduplicateSpans(spans: readonly MutableSpan[]): MutableSpan[] {
  const perId = new Map<string, number>();
  for (const span of spans) perId.set(span.spanId, (perId.get(span.spanId) ?? 0) + 1);
  const seen = new Set<string>();
  const shared = new Map<Resource | Scope, string>();
  return spans.filter((span) => {
    // Spans with an ID of their own cannot be copies: most traces are done here.
    if (perId.get(span.spanId) === 1) return true;
    const { resource, scope, ...own } = span;
    const key = `${text(own)}\0${textOnce(shared, resource)}\0${textOnce(shared, scope)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function textOnce(known: Map<Resource | Scope, string>, value: Resource | Scope): string {
  let result = known.get(value);
  if (result === undefined) {
    result = text(value);
    known.set(value, result);
  }
  return result;
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item));
}

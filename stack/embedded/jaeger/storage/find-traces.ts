import { durationNanos, type Span, serviceNameOf, spanKindName } from '../model/span.ts';
import { valueAsString } from '../model/value.ts';
import type { StoredTrace, TraceStore } from './trace-store.ts';

/** A trace is found when one of its spans satisfies every condition at once. Zero or empty means "any". */
export interface TraceQuery {
  readonly service: string;
  readonly operation: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly startTimeMin: bigint | undefined;
  readonly startTimeMax: bigint | undefined;
  readonly durationMinNanos: bigint;
  readonly durationMaxNanos: bigint;
  readonly limit: number;
}

/** The traces that match, those that arrived last first, at most `limit`. */
export function findTraces(store: TraceStore, query: TraceQuery): StoredTrace[] {
  const found: StoredTrace[] = [];
  for (const trace of store.newestFirst(query.service)) {
    if (found.length >= query.limit) break;
    if (trace.spans.some((span) => matches(span, query))) found.push(trace);
  }
  return found;
}

function matches(span: Span, query: TraceQuery): boolean {
  if (query.service !== '' && serviceNameOf(span.resource) !== query.service) return false;
  if (query.operation !== '' && span.name !== query.operation) return false;
  if (query.startTimeMin !== undefined && span.startTimeUnixNano < query.startTimeMin) return false;
  if (query.startTimeMax !== undefined && span.startTimeUnixNano > query.startTimeMax) return false;
  const duration = durationNanos(span);
  if (query.durationMinNanos !== 0n && duration < query.durationMinNanos) return false;
  if (query.durationMaxNanos !== 0n && duration > query.durationMaxNanos) return false;
  for (const [key, value] of query.tags) if (!hasTag(span, key, value)) return false;
  return true;
}

/**
 * A tag may stand on the span, its scope, its resource, an event or a link, or be one that the UI derives from a
 * span's fields (`error`, `span.kind`, `otel.status_code`, …): what a person sees on a span, a search finds.
 */
function hasTag(span: Span, key: string, value: string): boolean {
  if (derivedTag(span, key) === value) return true;
  const among = (attributes: Span['attributes']): boolean =>
    attributes.some((attribute) => attribute.key === key && valueAsString(attribute.value) === value);
  return (
    among(span.attributes) ||
    among(span.resource.attributes) ||
    among(span.scope.attributes) ||
    span.events.some((event) => (key === 'event' && event.name === value) || among(event.attributes)) ||
    span.links.some((link) => among(link.attributes))
  );
}

function derivedTag(span: Span, key: string): string | undefined {
  switch (key) {
    case 'error':
      return span.statusCode === 2 ? 'true' : 'false';
    case 'span.kind':
      return spanKindName(span.kind);
    case 'otel.status_code':
      return span.statusCode === 2 ? 'ERROR' : span.statusCode === 1 ? 'OK' : undefined;
    case 'otel.status_description':
      return span.statusMessage;
    case 'otel.scope.name':
      return span.scope.name;
    case 'otel.scope.version':
      return span.scope.version;
    case 'w3c.tracestate':
      return span.traceState;
    default:
      return undefined;
  }
}

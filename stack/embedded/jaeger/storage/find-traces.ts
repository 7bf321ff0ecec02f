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
 * A tag may stand on the span, its scope, its resource, an event or a link. Some keys mean a field of the span
 * instead, as in Jaeger's memory storage; beyond those, the tags that the UI derives from fields are found as well.
 */
function hasTag(span: Span, key: string, value: string): boolean {
  const field = fields.get(key);
  if (field !== undefined) return field(span, value);
  const among = (attributes: Span['attributes'], name = key): boolean =>
    attributes.some((attribute) => attribute.key === name && valueAsString(attribute.value) === value);
  if (key.startsWith('resource.')) return among(span.resource.attributes, key.slice('resource.'.length));
  return (
    among(span.attributes) ||
    among(span.resource.attributes) ||
    among(span.scope.attributes) ||
    span.events.some((event) => (key === 'event' && event.name === value) || among(event.attributes)) ||
    span.links.some((link) => among(link.attributes)) ||
    derivedTag(span, key) === value
  );
}

const statusNames = ['UNSET', 'OK', 'ERROR'];

const fields = new Map<string, (span: Span, value: string) => boolean>(
  Object.entries({
    // `false` asks for spans that say they succeeded; most say nothing.
    error: (span: Span, value: string) => {
      if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return span.statusCode === 2;
      return /^(?:0|f|F|FALSE|false|False)$/.test(value) && span.statusCode === 1;
    },
    'span.status': (span: Span, value: string) => statusNames[span.statusCode] === value.toUpperCase(),
    'span.kind': (span: Span, value: string) => spanKindName(span.kind) === value.toLowerCase(),
    'scope.name': (span: Span, value: string) => span.scope.name === value,
    'scope.version': (span: Span, value: string) => span.scope.version === value,
  }),
);

function derivedTag(span: Span, key: string): string | undefined {
  switch (key) {
    case 'otel.status_code':
      return span.statusCode === 0 ? undefined : statusNames[span.statusCode];
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

import type { Attribute, AttributeValue, Resource, Scope } from '../../otlp/value.ts';

/**
 * The span model: OTLP's own shape with shared resources and scopes, so that a batch of spans keeps
 * one copy of each. Times are bigint nanoseconds, because a Unix time in nanoseconds exceeds 2^53.
 */

export interface SpanEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/** OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
export type SpanKind = 0 | 1 | 2 | 3 | 4 | 5;

/** OTLP: 0 unset, 1 ok, 2 error. */
export type StatusCode = 0 | 1 | 2;

export interface Span {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly SpanLink[];
  readonly droppedLinksCount: number;
  readonly statusCode: StatusCode;
  readonly statusMessage: string;
  readonly resource: Resource;
  readonly scope: Scope;
  /** What adjusters found; never stored. */
  readonly warnings?: readonly string[];
}

/** How the wire names the service of a resource that has none. */
export const noServiceName = 'OTLPResourceNoServiceName';

/** Where Jaeger keeps the warnings of a span in OTLP: a list of strings. */
export const warningsAttribute = '@jaeger@warnings';

export const spanKindNames = ['', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

/** The name of a span kind as both query APIs use it; empty for unspecified. */
export function spanKindName(kind: SpanKind): string {
  return spanKindNames[kind];
}

export function attributeOf(attributes: readonly Attribute[], key: string): AttributeValue | undefined {
  for (const attribute of attributes) if (attribute.key === key) return attribute.value;
  return undefined;
}

const serviceNames = new WeakMap<Resource, string>();

/** `service.name` of a resource; Jaeger's stand-in when it is missing or empty. */
export function serviceNameOf(resource: Resource): string {
  const known = serviceNames.get(resource);
  if (known !== undefined) return known;
  const value = attributeOf(resource.attributes, 'service.name');
  const name = typeof value === 'string' && value !== '' ? value : noServiceName;
  serviceNames.set(resource, name);
  return name;
}

/** Nanoseconds, never negative: a span that ends before it starts lasts nothing. */
export function durationNanos(span: Span): bigint {
  const duration = span.endTimeUnixNano - span.startTimeUnixNano;
  return duration < 0n ? 0n : duration;
}

import { z } from 'zod';

// OTLP JSON, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: IDs in hex, 64-bit integers as strings.
// Protobuf's JSON leaves out what is empty, so that everything but the IDs may be missing.
const anyValue = z.object({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.union([z.number(), z.string()]).optional(),
});
const attributes = z.array(z.object({ key: z.string(), value: anyValue.default({}) })).default([]);
const time = z.union([z.string(), z.number()]).default('0');

export const otlpTraces = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: [] }),
        scopeSpans: z
          .array(
            z.object({
              scope: z.object({ name: z.string().default('') }).default({ name: '' }),
              spans: z
                .array(
                  z.object({
                    traceId: z.string(),
                    spanId: z.string(),
                    parentSpanId: z.string().default(''),
                    name: z.string().default(''),
                    kind: z.union([z.number(), z.string()]).default(0),
                    startTimeUnixNano: time,
                    endTimeUnixNano: time,
                    attributes,
                    events: z.array(z.object({ name: z.string().default(''), attributes })).default([]),
                    status: z
                      .object({ code: z.union([z.number(), z.string()]).default(0) })
                      .default({ code: 0 }),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type AttributeValue = string | number | boolean;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly durationMs: number;
  /** Resource attribute `service.name`. */
  readonly service: string;
  /** Resource attribute `service.instance.id`. */
  readonly instance: string;
  /** Resource attribute `service.version`. */
  readonly version: string;
  /** Messages of the exceptions that were recorded on it. */
  readonly exceptions: readonly string[];
  /** The instrumentation that made it, such as `@opentelemetry/instrumentation-pg`. */
  readonly scope: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly error: boolean;
}

const kinds: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Flattens resources and scopes into spans. */
export function spansOf(traces: z.output<typeof otlpTraces>): Span[] {
  return traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = attributeMap(resource.attributes);
    const service = String(about['service.name'] ?? '');
    const instance = String(about['service.instance.id'] ?? '');
    const version = String(about['service.version'] ?? '');
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        traceId: span.traceId.toLowerCase(),
        spanId: span.spanId,
        parentSpanId: /^0*$/.test(span.parentSpanId) ? '' : span.parentSpanId,
        name: span.name,
        kind: spanKind(span.kind),
        startMs: milliseconds(span.startTimeUnixNano),
        durationMs: milliseconds(span.endTimeUnixNano) - milliseconds(span.startTimeUnixNano),
        service,
        instance,
        version,
        exceptions: span.events
          .filter((event) => event.name === 'exception')
          .map((event) => String(attributeMap(event.attributes)['exception.message'] ?? '')),
        scope: scope.name,
        attributes: attributeMap(span.attributes),
        error: span.status.code === 2 || span.status.code === 'STATUS_CODE_ERROR',
      })),
    );
  });
}

function attributeMap(list: z.output<typeof attributes>): Record<string, AttributeValue> {
  const map: Record<string, AttributeValue> = {};
  for (const { key, value } of list) {
    if (value.stringValue !== undefined) map[key] = value.stringValue;
    else if (value.boolValue !== undefined) map[key] = value.boolValue;
    else if (value.intValue !== undefined) map[key] = Number(value.intValue);
    else if (value.doubleValue !== undefined) map[key] = Number(value.doubleValue);
  }
  return map;
}

function spanKind(kind: number | string): SpanKind {
  if (typeof kind === 'number') return kinds[kind] ?? 'unspecified';
  return kinds.find((name) => `SPAN_KIND_${name.toUpperCase()}` === kind) ?? 'unspecified';
}

/** Keeps microseconds: nanoseconds since the epoch exceed a double's 53 bits. */
function milliseconds(nanoseconds: string | number): number {
  return Number(BigInt(nanoseconds) / 1000n) / 1000;
}

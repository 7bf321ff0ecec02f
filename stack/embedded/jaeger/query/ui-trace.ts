import type { Attribute, AttributeValue, Resource } from '../../otlp/value.ts';
import {
  attributeOf,
  durationNanos,
  type Span,
  serviceNameOf,
  spanKindName,
  warningsAttribute,
} from '../model/span.ts';
import { shortTraceId } from '../model/trace-id.ts';
import { valueAsString } from '../model/value.ts';

export interface UiKeyValue {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  readonly value: string | boolean | number;
}

export interface UiSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly flags?: number;
  readonly operationName: string;
  readonly references: readonly { refType: 'CHILD_OF' | 'FOLLOWS_FROM'; traceID: string; spanID: string }[];
  /** Microseconds since the epoch. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly tags: readonly UiKeyValue[];
  readonly logs: readonly { timestamp: number; fields: readonly UiKeyValue[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export interface UiTrace {
  readonly traceID: string;
  readonly spans: readonly UiSpan[];
  readonly processes: Readonly<Record<string, { serviceName: string; tags: readonly UiKeyValue[] }>>;
  readonly warnings: readonly string[] | null;
}

/** A trace in the JSON of Jaeger's older API: processes in a table, events as logs, links as references. */
export function toUiTrace(spans: readonly Span[]): UiTrace {
  const processes = new ProcessTable();
  const uiSpans = spans.map((span) => toUiSpan(span, processes.idOf(span.resource)));
  return {
    traceID: shortTraceId(spans[0]?.traceId ?? ''),
    spans: uiSpans,
    processes: processes.toJson(),
    warnings: null,
  };
}

/** Equal processes share an ID, also when their spans came in different requests. */
class ProcessTable {
  readonly #byResource = new Map<Resource, string>();
  readonly #byContent = new Map<string, string>();
  readonly #processes: Record<string, { serviceName: string; tags: readonly UiKeyValue[] }> = {};

  idOf(resource: Resource): string {
    const known = this.#byResource.get(resource);
    if (known !== undefined) return known;
    const process = {
      serviceName: serviceNameOf(resource),
      tags: toUiKeyValues(resource.attributes.filter((attribute) => attribute.key !== 'service.name')),
    };
    const content = JSON.stringify(process);
    let id = this.#byContent.get(content);
    if (id === undefined) {
      id = `p${this.#byContent.size + 1}`;
      this.#byContent.set(content, id);
      this.#processes[id] = process;
    }
    this.#byResource.set(resource, id);
    return id;
  }

  toJson() {
    return this.#processes;
  }
}

function toUiSpan(span: Span, processID: string): UiSpan {
  const traceID = shortTraceId(span.traceId);
  const references: UiSpan['references'][number][] = [];
  if (span.parentSpanId !== '') references.push({ refType: 'CHILD_OF', traceID, spanID: span.parentSpanId });
  for (const link of span.links) {
    const child = attributeOf(link.attributes, 'opentracing.ref_type') === 'child_of';
    const refType = child ? 'CHILD_OF' : 'FOLLOWS_FROM';
    const linked = { refType, traceID: shortTraceId(link.traceId), spanID: link.spanId } as const;
    // A link to the parent only says what kind of reference the parent is.
    if (span.parentSpanId !== '' && link.traceId === span.traceId && link.spanId === span.parentSpanId) {
      references[0] = linked;
    } else references.push(linked);
  }
  return {
    traceID,
    spanID: span.spanId,
    operationName: span.name,
    references,
    startTime: micros(span.startTimeUnixNano),
    duration: micros(durationNanos(span)),
    tags: tagsOf(span),
    logs: span.events.map((event) => ({
      timestamp: micros(event.timeUnixNano),
      fields: toUiKeyValues(
        event.name === '' || attributeOf(event.attributes, 'event') !== undefined
          ? event.attributes
          : [{ key: 'event', value: event.name }, ...event.attributes],
      ),
    })),
    processID,
    warnings: warningsOf(span),
  };
}

/** Those of the adjusters, and those that an exporter of Jaeger wrote into the span. */
function warningsOf(span: Span): readonly string[] | null {
  const stored = attributeOf(span.attributes, warningsAttribute);
  const warnings = [...(Array.isArray(stored) ? stored.map(valueAsString) : []), ...(span.warnings ?? [])];
  return warnings.length === 0 ? null : warnings;
}

/** In the order of the collector's translator: scope, attributes, kind, status, trace state. */
function tagsOf(span: Span): UiKeyValue[] {
  const tags: Attribute[] = [];
  if (span.scope.name !== '') tags.push({ key: 'otel.scope.name', value: span.scope.name });
  if (span.scope.version !== '') tags.push({ key: 'otel.scope.version', value: span.scope.version });
  for (const attribute of span.attributes) if (attribute.key !== warningsAttribute) tags.push(attribute);
  if (span.kind !== 0) tags.push({ key: 'span.kind', value: spanKindName(span.kind) });
  if (span.statusCode !== 0) {
    tags.push({ key: 'otel.status_code', value: span.statusCode === 2 ? 'ERROR' : 'OK' });
    if (span.statusCode === 2) tags.push({ key: 'error', value: true });
  }
  if (span.statusMessage !== '') tags.push({ key: 'otel.status_description', value: span.statusMessage });
  if (span.traceState !== '') tags.push({ key: 'w3c.tracestate', value: span.traceState });
  return toUiKeyValues(tags);
}

function toUiKeyValues(attributes: readonly Attribute[]): UiKeyValue[] {
  return attributes.map(({ key, value }) => ({ key, ...typed(value) }));
}

function typed(value: AttributeValue): Omit<UiKeyValue, 'key'> {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'bigint') {
    const safe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    return { type: 'int64', value: safe ? Number(value) : String(value) };
  }
  // JSON knows no NaN and no infinity; Jaeger itself fails on them.
  if (typeof value === 'number')
    return { type: 'float64', value: Number.isFinite(value) ? value : valueAsString(value) };
  if (value instanceof Uint8Array) return { type: 'binary', value: valueAsString(value) };
  return { type: 'string', value: valueAsString(value) };
}

function micros(nanos: bigint): number {
  return Number(nanos / 1000n);
}

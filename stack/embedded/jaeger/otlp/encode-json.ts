import type { Attribute, AttributeValue, Resource, Scope } from '../../otlp/value.ts';
import { type Span, warningsAttribute } from '../model/span.ts';
import { isKeyValueList } from '../model/value.ts';

type Json = Record<string, unknown>;

/**
 * OTLP JSON of spans, as Jaeger's `/api/v3` prints it: enums as numbers, 64-bit integers as strings, zero values
 * left out, `resource`, `scope` and `status` always there. Spans that share a resource and a scope stand together.
 */
export function encodeTracesJson(spans: readonly Span[]): { resourceSpans: Json[] } {
  const byResource = new Map<Resource, Map<Scope, Json[]>>();
  for (const span of spans) {
    let byScope = byResource.get(span.resource);
    if (byScope === undefined) {
      byScope = new Map();
      byResource.set(span.resource, byScope);
    }
    const list = byScope.get(span.scope);
    if (list === undefined) byScope.set(span.scope, [spanJson(span)]);
    else list.push(spanJson(span));
  }
  return {
    resourceSpans: [...byResource].map(([resource, byScope]) => ({
      resource: compact({
        attributes: attributesJson(resource.attributes),
        droppedAttributesCount: resource.droppedAttributesCount,
      }),
      scopeSpans: [...byScope].map(([scope, list]) => ({
        scope: compact({
          name: scope.name,
          version: scope.version,
          attributes: attributesJson(scope.attributes),
          droppedAttributesCount: scope.droppedAttributesCount,
        }),
        spans: list,
        ...compact({ schemaUrl: scope.schemaUrl }),
      })),
      ...compact({ schemaUrl: resource.schemaUrl }),
    })),
  };
}

function spanJson(span: Span): Json {
  const warnings: Attribute[] =
    span.warnings === undefined || span.warnings.length === 0
      ? []
      : [{ key: warningsAttribute, value: [...span.warnings] }];
  return {
    ...compact({
      traceId: span.traceId,
      spanId: span.spanId,
      traceState: span.traceState,
      parentSpanId: span.parentSpanId,
      flags: span.flags,
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: span.startTimeUnixNano,
      endTimeUnixNano: span.endTimeUnixNano,
      attributes: attributesJson([...span.attributes, ...warnings]),
      droppedAttributesCount: span.droppedAttributesCount,
      events: span.events.map((event) =>
        compact({
          timeUnixNano: event.timeUnixNano,
          name: event.name,
          attributes: attributesJson(event.attributes),
          droppedAttributesCount: event.droppedAttributesCount,
        }),
      ),
      droppedEventsCount: span.droppedEventsCount,
      links: span.links.map((link) =>
        compact({
          traceId: link.traceId,
          spanId: link.spanId,
          traceState: link.traceState,
          attributes: attributesJson(link.attributes),
          droppedAttributesCount: link.droppedAttributesCount,
          flags: link.flags,
        }),
      ),
      droppedLinksCount: span.droppedLinksCount,
    }),
    status: compact({ message: span.statusMessage, code: span.statusCode }),
  };
}

/** Proto3 JSON leaves zero values out. */
function compact(fields: Json): Json {
  const result: Json = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === '' || value === 0 || value === 0n || (Array.isArray(value) && value.length === 0)) continue;
    result[key] = typeof value === 'bigint' ? String(value) : value;
  }
  return result;
}

function attributesJson(attributes: readonly Attribute[]): Json[] {
  return attributes.map((attribute) => ({ key: attribute.key, value: valueJson(attribute.value) }));
}

function valueJson(value: AttributeValue): Json {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') {
    return {
      doubleValue: Number.isFinite(value)
        ? value
        : Number.isNaN(value)
          ? 'NaN'
          : value > 0
            ? 'Infinity'
            : '-Infinity',
    };
  }
  if (value === null) return {};
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (isKeyValueList(value)) return { kvlistValue: compact({ values: attributesJson(value.entries) }) };
  return { arrayValue: compact({ values: value.map(valueJson) }) };
}

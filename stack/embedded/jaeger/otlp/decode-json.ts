import {
  attributes,
  count,
  enumeration,
  field,
  id,
  type JsonObject,
  list,
  object,
  parseDocument,
  string,
  time,
} from '../../otlp/json-fields.ts';
import type { Resource, Scope } from '../../otlp/value.ts';
import type { Span, SpanEvent, SpanKind, SpanLink, StatusCode } from '../model/span.ts';

/**
 * Reads the JSON form of OTLP (proto3 JSON, IDs in hex; both lowerCamelCase and snake_case names, as the
 * collector takes them). Unknown fields are ignored, as the specification asks.
 *
 * @throws InvalidPayload naming the field that is wrong
 */
export function decodeTracesJson(text: string): Span[] {
  const spans: Span[] = [];
  for (const resourceSpans of list(parseDocument(text), 'resourceSpans')) {
    const raw = object(field(resourceSpans, 'resource') ?? {}, 'resource');
    const resource: Resource = {
      attributes: attributes(raw),
      droppedAttributesCount: count(raw, 'droppedAttributesCount'),
      schemaUrl: string(resourceSpans, 'schemaUrl'),
    };
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      const rawScope = object(field(scopeSpans, 'scope') ?? {}, 'scope');
      const scope: Scope = {
        name: string(rawScope, 'name'),
        version: string(rawScope, 'version'),
        attributes: attributes(rawScope),
        droppedAttributesCount: count(rawScope, 'droppedAttributesCount'),
        schemaUrl: string(scopeSpans, 'schemaUrl'),
      };
      for (const span of list(scopeSpans, 'spans')) spans.push(readSpan(span, resource, scope));
    }
  }
  return spans;
}

function readSpan(raw: JsonObject, resource: Resource, scope: Scope): Span {
  const status = object(field(raw, 'status') ?? {}, 'status');
  const parentSpanId = id(raw, 'parentSpanId', 8);
  return {
    traceId: id(raw, 'traceId', 16),
    spanId: id(raw, 'spanId', 8),
    parentSpanId: parentSpanId === '0000000000000000' ? '' : parentSpanId,
    traceState: string(raw, 'traceState'),
    flags: count(raw, 'flags'),
    name: string(raw, 'name'),
    kind: enumeration(raw, 'kind', spanKinds) as SpanKind,
    startTimeUnixNano: time(raw, 'startTimeUnixNano'),
    endTimeUnixNano: time(raw, 'endTimeUnixNano'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
    events: list(raw, 'events').map(readEvent),
    droppedEventsCount: count(raw, 'droppedEventsCount'),
    links: list(raw, 'links').map(readLink),
    droppedLinksCount: count(raw, 'droppedLinksCount'),
    statusCode: enumeration(status, 'code', statusCodes) as StatusCode,
    statusMessage: string(status, 'message'),
    resource,
    scope,
  };
}

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const statusCodes = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

function readEvent(raw: JsonObject): SpanEvent {
  return {
    timeUnixNano: time(raw, 'timeUnixNano'),
    name: string(raw, 'name'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
  };
}

function readLink(raw: JsonObject): SpanLink {
  return {
    traceId: id(raw, 'traceId', 16),
    spanId: id(raw, 'spanId', 8),
    traceState: string(raw, 'traceState'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
    flags: count(raw, 'flags'),
  };
}

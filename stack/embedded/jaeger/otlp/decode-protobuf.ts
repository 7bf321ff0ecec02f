import { Reader } from 'protobufjs/minimal.js';
import { InvalidPayload } from '../../otlp/payload.ts';
import { readAttribute, readResource, readScope } from '../../otlp/protobuf-value.ts';
import type { Attribute, Resource, Scope } from '../../otlp/value.ts';
import { fixed32, fixed64, id, message, number, skip, string } from '../../otlp/wire.ts';
import type { Span, SpanEvent, SpanKind, SpanLink, StatusCode } from '../model/span.ts';

/**
 * Reads an `ExportTraceServiceRequest` straight into the span model: no intermediate message objects, and the nesting
 * of values is bounded. Field numbers are those of `otlp-proto.ts`. One reader a message: they stand together because
 * they are one grammar, and make no closures because every span comes this way.
 *
 * @throws InvalidPayload when the bytes are not a message of that shape
 */
export function decodeTracesProtobuf(body: Uint8Array): Span[] {
  const spans: Span[] = [];
  try {
    const reader = Reader.create(body);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >>> 3 === 1) readResourceSpans(reader, message(reader, tag), spans);
      else skip(reader, tag);
    }
  } catch (error) {
    if (error instanceof InvalidPayload) throw error;
    throw new InvalidPayload(`unexpected end or malformed protobuf: ${(error as Error).message}`);
  }
  return spans;
}

function readResourceSpans(reader: Reader, end: number, spans: Span[]): void {
  // The resource may follow its spans on the wire, so both are found first.
  let resource: Resource = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  let schemaUrl = '';
  const scopeRanges: [start: number, end: number][] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1: {
        resource = readResource(reader, message(reader, tag));
        break;
      }
      case 2: {
        const scopeEnd = message(reader, tag);
        scopeRanges.push([reader.pos, scopeEnd]);
        reader.pos = scopeEnd;
        break;
      }
      case 3:
        schemaUrl = string(reader, tag);
        break;
      default:
        skip(reader, tag);
    }
  }
  if (schemaUrl !== '') resource = { ...resource, schemaUrl };
  for (const [start, scopeEnd] of scopeRanges) {
    reader.pos = start;
    readScopeSpans(reader, scopeEnd, resource, spans);
  }
  reader.pos = end;
}

function readScopeSpans(reader: Reader, end: number, resource: Resource, spans: Span[]): void {
  let scope: Scope = { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  let schemaUrl = '';
  const spanRanges: number[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        scope = readScope(reader, message(reader, tag));
        break;
      case 2: {
        const spanEnd = message(reader, tag);
        spanRanges.push(reader.pos, spanEnd);
        reader.pos = spanEnd;
        break;
      }
      case 3:
        schemaUrl = string(reader, tag);
        break;
      default:
        skip(reader, tag);
    }
  }
  if (schemaUrl !== '') scope = { ...scope, schemaUrl };
  for (let index = 0; index < spanRanges.length; index += 2) {
    reader.pos = spanRanges[index]!;
    spans.push(readSpan(reader, spanRanges[index + 1]!, resource, scope));
  }
  reader.pos = end;
}

function readSpan(reader: Reader, end: number, resource: Resource, scope: Scope): Span {
  let traceId = '';
  let spanId = '';
  let parentSpanId = '';
  let traceState = '';
  let flags = 0;
  let name = '';
  let kind: SpanKind = 0;
  let startTimeUnixNano = 0n;
  let endTimeUnixNano = 0n;
  const attributes: Attribute[] = [];
  let droppedAttributesCount = 0;
  let events: SpanEvent[] | undefined;
  let droppedEventsCount = 0;
  let links: SpanLink[] | undefined;
  let droppedLinksCount = 0;
  let status = unset;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === 1) traceId = id(reader, tag);
    else if (field === 2) spanId = id(reader, tag);
    else if (field === 3) traceState = string(reader, tag);
    else if (field === 4) parentSpanId = id(reader, tag);
    else if (field === 5) name = string(reader, tag);
    else if (field === 6) kind = upTo(5, number(reader, tag)) as SpanKind;
    else if (field === 7) startTimeUnixNano = fixed64(reader, tag);
    else if (field === 8) endTimeUnixNano = fixed64(reader, tag);
    else if (field === 9) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (field === 10) droppedAttributesCount = number(reader, tag);
    else if (field === 11) {
      events ??= [];
      events.push(readEvent(reader, message(reader, tag)));
    } else if (field === 12) droppedEventsCount = number(reader, tag);
    else if (field === 13) {
      links ??= [];
      links.push(readLink(reader, message(reader, tag)));
    } else if (field === 14) droppedLinksCount = number(reader, tag);
    else if (field === 15) status = readStatus(reader, message(reader, tag), status);
    else if (field === 16) flags = fixed32(reader, tag);
    else skip(reader, tag);
  }
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === '0000000000000000' ? '' : parentSpanId,
    traceState,
    flags,
    name,
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes,
    droppedAttributesCount,
    events: events ?? none,
    droppedEventsCount,
    links: links ?? none,
    droppedLinksCount,
    statusCode: status.code,
    statusMessage: status.message,
    resource,
    scope,
  };
}

const none: readonly never[] = Object.freeze([]);

/** An enumeration's value; zero, unspecified, for one that a later version may have added. */
const upTo = (last: number, value: number): number => (value <= last ? value : 0);

interface Status {
  readonly code: StatusCode;
  readonly message: string;
}

const unset: Status = { code: 0, message: '' };

/** A status that comes twice is merged, as protobuf merges messages. */
function readStatus(reader: Reader, end: number, before: Status): Status {
  let { code, message } = before;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 2) message = string(reader, tag);
    else if (tag >>> 3 === 3) code = upTo(2, number(reader, tag)) as StatusCode;
    else skip(reader, tag);
  }
  return { code, message };
}

function readEvent(reader: Reader, end: number): SpanEvent {
  let timeUnixNano = 0n;
  let name = '';
  const attributes: Attribute[] = [];
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) timeUnixNano = fixed64(reader, tag);
    else if (tag >>> 3 === 2) name = string(reader, tag);
    else if (tag >>> 3 === 3) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (tag >>> 3 === 4) droppedAttributesCount = number(reader, tag);
    else skip(reader, tag);
  }
  return { timeUnixNano, name, attributes, droppedAttributesCount };
}

function readLink(reader: Reader, end: number): SpanLink {
  let traceId = '';
  let spanId = '';
  let traceState = '';
  let flags = 0;
  const attributes: Attribute[] = [];
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) traceId = id(reader, tag);
    else if (tag >>> 3 === 2) spanId = id(reader, tag);
    else if (tag >>> 3 === 3) traceState = string(reader, tag);
    else if (tag >>> 3 === 4) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (tag >>> 3 === 5) droppedAttributesCount = number(reader, tag);
    else if (tag >>> 3 === 6) flags = fixed32(reader, tag);
    else skip(reader, tag);
  }
  return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags };
}

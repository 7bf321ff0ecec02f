import { Reader } from 'protobufjs/minimal.js';
import type {
  Attribute,
  Resource,
  Scope,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  StatusCode,
} from '../model/span.ts';
import { readAttribute } from './decode-value.ts';
import { InvalidPayload } from './payload.ts';
import { fixed32, fixed64, id, message, number, skip, string } from './wire.ts';

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

function readResource(reader: Reader, end: number): Resource {
  const attributes: Attribute[] = [];
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (tag >>> 3 === 2) droppedAttributesCount = number(reader, tag);
    else skip(reader, tag);
  }
  return { attributes, droppedAttributesCount, schemaUrl: '' };
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

function readScope(reader: Reader, end: number): Scope {
  const attributes: Attribute[] = [];
  let name = '';
  let version = '';
  let droppedAttributesCount = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) name = string(reader, tag);
    else if (tag >>> 3 === 2) version = string(reader, tag);
    else if (tag >>> 3 === 3) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (tag >>> 3 === 4) droppedAttributesCount = number(reader, tag);
    else skip(reader, tag);
  }
  return { name, version, attributes, droppedAttributesCount, schemaUrl: '' };
}

function readSpan(reader: Reader, end: number, resource: Resource, scope: Scope): Span {
  const attributes: Attribute[] = [];
  let events: SpanEvent[] | undefined;
  let links: SpanLink[] | undefined;
  const span: Draft<Span> = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes,
    droppedAttributesCount: 0,
    events: none,
    droppedEventsCount: 0,
    links: none,
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
    resource,
    scope,
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === 1) span.traceId = id(reader, tag);
    else if (field === 2) span.spanId = id(reader, tag);
    else if (field === 3) span.traceState = string(reader, tag);
    else if (field === 4) span.parentSpanId = id(reader, tag);
    else if (field === 5) span.name = string(reader, tag);
    else if (field === 6) span.kind = upTo(5, number(reader, tag)) as SpanKind;
    else if (field === 7) span.startTimeUnixNano = fixed64(reader, tag);
    else if (field === 8) span.endTimeUnixNano = fixed64(reader, tag);
    else if (field === 9) attributes.push(readAttribute(reader, message(reader, tag), 0));
    else if (field === 10) span.droppedAttributesCount = number(reader, tag);
    else if (field === 11) {
      events ??= [];
      events.push(readEvent(reader, message(reader, tag)));
    } else if (field === 12) span.droppedEventsCount = number(reader, tag);
    else if (field === 13) {
      links ??= [];
      links.push(readLink(reader, message(reader, tag)));
    } else if (field === 14) span.droppedLinksCount = number(reader, tag);
    else if (field === 15) readStatus(reader, message(reader, tag), span);
    else if (field === 16) span.flags = fixed32(reader, tag);
    else skip(reader, tag);
  }
  if (span.parentSpanId === '0000000000000000') span.parentSpanId = '';
  if (events !== undefined) span.events = events;
  if (links !== undefined) span.links = links;
  return span;
}

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

const none: readonly never[] = Object.freeze([]);

/** An enumeration's value; zero, unspecified, for one that a later version may have added. */
const upTo = (last: number, value: number): number => (value <= last ? value : 0);

function readStatus(reader: Reader, end: number, span: Draft<Span>): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 2) span.statusMessage = string(reader, tag);
    else if (tag >>> 3 === 3) span.statusCode = upTo(2, number(reader, tag)) as StatusCode;
    else skip(reader, tag);
  }
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

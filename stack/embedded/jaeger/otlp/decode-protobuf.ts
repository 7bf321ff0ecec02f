import { Reader } from 'protobufjs/minimal.js';
import type {
  Attribute,
  AttributeValue,
  Resource,
  Scope,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  StatusCode,
} from '../model/span.ts';
import { InvalidPayload, maximumValueDepth } from './payload.ts';

/**
 * Reads an `ExportTraceServiceRequest` straight into the span model: no intermediate message objects, and the
 * nesting of values is bounded. Field numbers are those of `otlp-proto.ts`. Above 300 lines would be one reader a
 * message; they stay together because they are one grammar.
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

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

function expect(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType) {
    throw new InvalidPayload(`proto: wrong wireType = ${tag & 7} for field ${tag >>> 3}`);
  }
}

/** The end of an embedded message that starts here. */
function message(reader: Reader, tag: number): number {
  expect(tag, wireBytes);
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new InvalidPayload('unexpected EOF');
  return end;
}

function string(reader: Reader, tag: number): string {
  expect(tag, wireBytes);
  return reader.string();
}

function number(reader: Reader, tag: number): number {
  expect(tag, wireVarint);
  return reader.uint32();
}

function fixed64(reader: Reader, tag: number): bigint {
  expect(tag, wireFixed64);
  const low = reader.fixed32();
  const high = reader.fixed32();
  return (BigInt(high) << 32n) | BigInt(low);
}

function id(reader: Reader, tag: number): string {
  expect(tag, wireBytes);
  const bytes = reader.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function skip(reader: Reader, tag: number): void {
  const wireType = tag & 7;
  if (
    wireType !== wireVarint &&
    wireType !== wireFixed64 &&
    wireType !== wireBytes &&
    wireType !== wireFixed32
  ) {
    throw new InvalidPayload(`proto: illegal wireType ${wireType}`);
  }
  reader.skipType(wireType);
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
  let statusCode: StatusCode = 0;
  let statusMessage = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        traceId = id(reader, tag);
        break;
      case 2:
        spanId = id(reader, tag);
        break;
      case 3:
        traceState = string(reader, tag);
        break;
      case 4:
        parentSpanId = id(reader, tag);
        break;
      case 5:
        name = string(reader, tag);
        break;
      case 6: {
        const value = number(reader, tag);
        kind = (value <= 5 ? value : 0) as SpanKind;
        break;
      }
      case 7:
        startTimeUnixNano = fixed64(reader, tag);
        break;
      case 8:
        endTimeUnixNano = fixed64(reader, tag);
        break;
      case 9:
        attributes.push(readAttribute(reader, message(reader, tag), 0));
        break;
      case 10:
        droppedAttributesCount = number(reader, tag);
        break;
      case 11: {
        events ??= [];
        events.push(readEvent(reader, message(reader, tag)));
        break;
      }
      case 12:
        droppedEventsCount = number(reader, tag);
        break;
      case 13: {
        links ??= [];
        links.push(readLink(reader, message(reader, tag)));
        break;
      }
      case 14:
        droppedLinksCount = number(reader, tag);
        break;
      case 15: {
        const statusEnd = message(reader, tag);
        while (reader.pos < statusEnd) {
          const statusTag = reader.uint32();
          if (statusTag >>> 3 === 2) statusMessage = string(reader, statusTag);
          else if (statusTag >>> 3 === 3) {
            const value = number(reader, statusTag);
            statusCode = (value <= 2 ? value : 0) as StatusCode;
          } else skip(reader, statusTag);
        }
        break;
      }
      case 16:
        expect(tag, wireFixed32);
        flags = reader.fixed32();
        break;
      default:
        skip(reader, tag);
    }
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
    statusCode,
    statusMessage,
    resource,
    scope,
  };
}

const none: readonly never[] = Object.freeze([]);

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
    else if (tag >>> 3 === 6) {
      expect(tag, wireFixed32);
      flags = reader.fixed32();
    } else skip(reader, tag);
  }
  return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags };
}

function readAttribute(reader: Reader, end: number, depth: number): Attribute {
  let key = '';
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = string(reader, tag);
    else if (tag >>> 3 === 2) value = readValue(reader, message(reader, tag), depth + 1);
    else skip(reader, tag);
  }
  return { key, value };
}

function readValue(reader: Reader, end: number, depth: number): AttributeValue {
  if (depth > maximumValueDepth) {
    throw new InvalidPayload(`attribute values are nested deeper than ${maximumValueDepth} levels`);
  }
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        value = string(reader, tag);
        break;
      case 2:
        expect(tag, wireVarint);
        value = reader.bool();
        break;
      case 3: {
        expect(tag, wireVarint);
        const long = reader.int64() as unknown as { low: number; high: number } | number;
        value =
          typeof long === 'number'
            ? BigInt(long)
            : BigInt.asIntN(64, (BigInt(long.high) << 32n) | BigInt(long.low >>> 0));
        break;
      }
      case 4:
        expect(tag, wireFixed64);
        value = reader.double();
        break;
      case 5: {
        const listEnd = message(reader, tag);
        const items: AttributeValue[] = [];
        while (reader.pos < listEnd) {
          const itemTag = reader.uint32();
          if (itemTag >>> 3 === 1) items.push(readValue(reader, message(reader, itemTag), depth + 1));
          else skip(reader, itemTag);
        }
        value = items;
        break;
      }
      case 6: {
        const mapEnd = message(reader, tag);
        const entries: Attribute[] = [];
        while (reader.pos < mapEnd) {
          const entryTag = reader.uint32();
          if (entryTag >>> 3 === 1) entries.push(readAttribute(reader, message(reader, entryTag), depth + 1));
          else skip(reader, entryTag);
        }
        value = { entries };
        break;
      }
      case 7:
        expect(tag, wireBytes);
        // A copy: a slice would keep the whole request body alive for as long as the span is stored.
        value = Uint8Array.from(reader.bytes());
        break;
      default:
        skip(reader, tag);
    }
  }
  return value;
}

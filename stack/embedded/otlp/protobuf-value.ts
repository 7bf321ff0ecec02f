import type { Reader } from 'protobufjs/minimal.js';
import { InvalidPayload, maximumValueDepth } from './payload.ts';
import type { Attribute, AttributeValue, Resource, Scope } from './value.ts';
import { expect, message, number, skip, string, wireBytes, wireFixed64, wireVarint } from './wire.ts';

/** Reads a `KeyValue`, which ends at `end`; `depth` is that of the value it stands in. */
export function readAttribute(reader: Reader, end: number, depth: number): Attribute {
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

/** Reads an `AnyValue`, which ends at `end`. */
export function readValue(reader: Reader, end: number, depth: number): AttributeValue {
  if (depth > maximumValueDepth) {
    throw new InvalidPayload(`attribute values are nested deeper than ${maximumValueDepth} levels`);
  }
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === 1) value = string(reader, tag);
    else if (field === 2) value = readBoolean(reader, tag);
    else if (field === 3) value = readInteger(reader, tag);
    else if (field === 4) value = readDouble(reader, tag);
    else if (field === 5) value = readArray(reader, message(reader, tag), depth);
    else if (field === 6) value = { entries: readEntries(reader, message(reader, tag), depth) };
    else if (field === 7) value = readBytes(reader, tag);
    else skip(reader, tag);
  }
  return value;
}

function readBoolean(reader: Reader, tag: number): boolean {
  expect(tag, wireVarint);
  return reader.bool();
}

function readInteger(reader: Reader, tag: number): bigint {
  expect(tag, wireVarint);
  const long = reader.int64() as unknown as { low: number; high: number } | number;
  return typeof long === 'number'
    ? BigInt(long)
    : BigInt.asIntN(64, (BigInt(long.high) << 32n) | BigInt(long.low >>> 0));
}

function readDouble(reader: Reader, tag: number): number {
  expect(tag, wireFixed64);
  return reader.double();
}

function readBytes(reader: Reader, tag: number): Uint8Array {
  expect(tag, wireBytes);
  // A copy: a slice would keep the whole request body alive for as long as the span is stored.
  return Uint8Array.from(reader.bytes());
}

function readArray(reader: Reader, end: number, depth: number): AttributeValue[] {
  const items: AttributeValue[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) items.push(readValue(reader, message(reader, tag), depth + 1));
    else skip(reader, tag);
  }
  return items;
}

function readEntries(reader: Reader, end: number, depth: number): Attribute[] {
  const entries: Attribute[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) entries.push(readAttribute(reader, message(reader, tag), depth + 1));
    else skip(reader, tag);
  }
  return entries;
}

/** Reads a `Resource`, which ends at `end`; the URL of its schema stands beside it. */
export function readResource(reader: Reader, end: number): Resource {
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

/** Reads an `InstrumentationScope`, which ends at `end`; the URL of its schema stands beside it. */
export function readScope(reader: Reader, end: number): Scope {
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

import type { Reader } from 'protobufjs/minimal.js';
import { InvalidPayload } from './payload.ts';

/** The values of fields as they stand on the wire, each after its tag: field number * 8 + wire type. */

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
const wireFixed32 = 5;

/** Refuses a field that is not encoded as its type is. */
export function expect(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType) {
    throw new InvalidPayload(`proto: wrong wireType = ${tag & 7} for field ${tag >>> 3}`);
  }
}

/** The end of an embedded message that starts here. */
export function message(reader: Reader, tag: number): number {
  expect(tag, wireBytes);
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new InvalidPayload('unexpected EOF');
  return end;
}

export function string(reader: Reader, tag: number): string {
  expect(tag, wireBytes);
  return reader.string();
}

export function number(reader: Reader, tag: number): number {
  expect(tag, wireVarint);
  return reader.uint32();
}

export function fixed64(reader: Reader, tag: number): bigint {
  expect(tag, wireFixed64);
  const low = reader.fixed32();
  const high = reader.fixed32();
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Bytes, in hexadecimal. */
export function id(reader: Reader, tag: number): string {
  expect(tag, wireBytes);
  const bytes = reader.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function fixed32(reader: Reader, tag: number): number {
  expect(tag, wireFixed32);
  return reader.fixed32();
}

/** Reads on behind a field that nobody here knows. */
export function skip(reader: Reader, tag: number): void {
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

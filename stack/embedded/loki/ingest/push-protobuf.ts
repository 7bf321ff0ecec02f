import protobuf from 'protobufjs/minimal.js';
import snappy from 'snappyjs';
import type { Instant } from '../pipeline/stage.ts';
import { PushError } from './push-error.ts';
import type { PushedEntry, PushedStream } from './push-request.ts';

// logproto.PushRequest: streams = 1 { labels = 1, entries = 2 { timestamp = 1, line = 2, structuredMetadata = 3 } }.
// Read by hand: it is the hot path, and lines stay bytes, so that they need not be decoded to be stored.
type Reader = protobuf.Reader;

/** Decompresses and parses a push in Loki's protobuf. Throws a PushError in its words. */
export function parseProtobufPush(body: Buffer, maxBytes: number): PushedStream[] {
  return decode(decompress(body, maxBytes));
}

function decompress(body: Buffer, maxBytes: number): Uint8Array {
  // The length comes first: refuse before allocating for it.
  const claimed = uvarint(body);
  if (claimed === undefined) throw new PushError(400, 'snappy: corrupt input');
  if (claimed > maxBytes) {
    throw new PushError(413, `request body too large: ${claimed} bytes, limit: ${maxBytes} bytes`);
  }
  // Snappy cannot expand more than 64 bytes for three: a longer claim is a lie.
  if (claimed > (body.length + 16) * 32) throw new PushError(400, 'snappy: corrupt input');
  try {
    return snappy.uncompress(body, maxBytes);
  } catch {
    throw new PushError(400, 'snappy: corrupt input');
  }
}

function uvarint(body: Buffer): number | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = body[index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  return undefined;
}

function decode(bytes: Uint8Array): PushedStream[] {
  const streams: PushedStream[] = [];
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 10) streams.push(decodeStream(reader, endOf(reader)));
      else skip(reader, tag);
    }
  } catch (error) {
    if (error instanceof PushError) throw error;
    throw new PushError(400, 'unexpected EOF');
  }
  return streams;
}

function endOf(reader: Reader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new PushError(400, 'unexpected EOF');
  return end;
}

function skip(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new PushError(400, `proto: PushRequest: illegal tag 0 (wire type ${tag & 7})`);
  reader.skipType(tag & 7);
}

function decodeStream(reader: Reader, end: number): PushedStream {
  let labels = '';
  const entries: PushedEntry[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) labels = reader.string();
    else if (tag === 18) entries.push(decodeEntry(reader, endOf(reader)));
    else skip(reader, tag);
  }
  return { labels, entries };
}

const epoch: Instant = { seconds: 0, nanoseconds: 0 };

function decodeEntry(reader: Reader, end: number): PushedEntry {
  let at = epoch;
  let line: Uint8Array = new Uint8Array(0);
  let metadata: [string, string][] | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) at = decodeTimestamp(reader, endOf(reader));
    else if (tag === 18) {
      const lineEnd = endOf(reader);
      line = (reader as unknown as { buf: Uint8Array }).buf.subarray(reader.pos, lineEnd);
      reader.pos = lineEnd;
    } else if (tag === 26) {
      metadata ??= [];
      metadata.push(decodePair(reader, endOf(reader)));
    } else skip(reader, tag);
  }
  return { at, line, metadata };
}

function decodeTimestamp(reader: Reader, end: number): Instant {
  let seconds = 0;
  let nanoseconds = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) seconds = Number(reader.int64());
    else if (tag === 16) nanoseconds = reader.int32();
    else skip(reader, tag);
  }
  return { seconds, nanoseconds };
}

function decodePair(reader: Reader, end: number): [string, string] {
  let name = '';
  let value = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) name = reader.string();
    else if (tag === 18) value = reader.string();
    else skip(reader, tag);
  }
  return [name, value];
}

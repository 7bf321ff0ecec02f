// Above 300 lines: the two forms of a chunk, written and finished, and the layout that leads from one to the other.
import { deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Metadata, noMetadata } from '../pipeline/line-labels.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, difference } from './instant.ts';

/** Raw bytes of lines after which a chunk is sealed. */
export const targetChunkBytes = 512 * 1024;
/** Entries after which it is sealed whatever their size. */
const maxChunkEntries = 16_384;
/** Seconds a chunk may span: offsets from its base stay exact as doubles (104 days), and old data can be dropped. */
const maxChunkSpanSeconds = 2 * 3600;
const compressionLevel = 1;

/** A chunk's entries, decoded: sorted by time, offsets in nanoseconds from the chunk's base. */
export interface Entries {
  readonly count: number;
  readonly offsets: Float64Array;
  /** Where each line begins in `bytes`; one more than there are entries. */
  readonly starts: Uint32Array;
  readonly bytes: Buffer;
  readonly metadata: readonly Metadata[];
  /** Index into `metadata` of each entry. */
  readonly metadataOf: Uint32Array;
  /** The bytes as a string where they are ASCII throughout (then byte and character positions agree). */
  text?: string | undefined;
  ascii?: boolean;
}

/** The line of an entry. */
export function lineOf(entries: Entries, index: number): string {
  const start = entries.starts[index]!;
  const end = entries.starts[index + 1]!;
  if (entries.ascii === undefined) {
    // As many characters as bytes: each byte became one, so their positions agree.
    const length = entries.starts[entries.count]!;
    const text = entries.bytes.toString('utf8', 0, length);
    entries.ascii = text.length === length;
    if (entries.ascii) entries.text = text;
  }
  return entries.text === undefined
    ? entries.bytes.toString('utf8', start, end)
    : entries.text.slice(start, end);
}

/** The chunk that is being written. */
export class HeadChunk {
  readonly base: Instant;
  minOffset = Number.POSITIVE_INFINITY;
  maxOffset = Number.NEGATIVE_INFINITY;
  #count = 0;
  #length = 0;
  #bytes = Buffer.allocUnsafe(1024);
  #offsets = new Float64Array(16);
  #starts = new Uint32Array(17);
  #metadataOf = new Uint32Array(16);
  #sorted = true;
  readonly #metadata: Metadata[] = [];
  readonly #metadataIndex = new Map<string, number>();
  /** Names and values of metadata, each counted once: so Loki stores them. */
  readonly #symbols = new Set<string>();
  #metadataBytes = 0;
  /** Labels of metadata over all entries. */
  metadataPairs = 0;
  #view: Entries | undefined;

  constructor(base: Instant) {
    this.base = base;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of lines. */
  get rawBytes(): number {
    return this.#length;
  }

  get metadataBytes(): number {
    return this.#metadataBytes;
  }

  /** Bytes of memory it occupies, about. */
  get memoryBytes(): number {
    return (
      this.#bytes.length +
      this.#offsets.length * 16 +
      this.#metadataBytes * 4 +
      this.#metadata.length * 300 +
      600
    );
  }

  /** Whether an entry still belongs into this chunk. */
  accepts(at: Instant, lineBytes: number): boolean {
    return (
      this.#count === 0 ||
      (this.#count < maxChunkEntries &&
        this.#length + lineBytes <= targetChunkBytes &&
        this.#metadataBytes <= targetChunkBytes &&
        Math.abs(at.seconds - this.base.seconds) <= maxChunkSpanSeconds)
    );
  }

  append(
    at: Instant,
    line: string | Uint8Array,
    lineBytes: number,
    metadata: Metadata,
    metadataKey: string,
  ): void {
    const offset = difference(at, this.base);
    if (this.#count === this.#offsets.length) this.#grow();
    if (this.#length + lineBytes > this.#bytes.length) {
      const wanted = Math.max(this.#bytes.length * 2, this.#length + lineBytes);
      const larger = Buffer.allocUnsafe(
        wanted > targetChunkBytes && this.#length + lineBytes <= targetChunkBytes ? targetChunkBytes : wanted,
      );
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    if (typeof line === 'string') this.#bytes.write(line, this.#length);
    else this.#bytes.set(line, this.#length);
    this.#length += lineBytes;
    this.#offsets[this.#count] = offset;
    this.#metadataOf[this.#count] = this.#internMetadata(metadata, metadataKey);
    this.metadataPairs += metadata.size;
    this.#count++;
    this.#starts[this.#count] = this.#length;
    if (offset < this.maxOffset) this.#sorted = false;
    if (offset > this.maxOffset) this.maxOffset = offset;
    if (offset < this.minOffset) this.minOffset = offset;
    this.#view = undefined;
  }

  #internMetadata(metadata: Metadata, key: string): number {
    let index = this.#metadataIndex.get(key);
    if (index === undefined) {
      index = this.#metadata.length;
      this.#metadata.push(metadata);
      this.#metadataIndex.set(key, index);
      for (const [name, value] of metadata) {
        if (!this.#symbols.has(name)) this.#addSymbol(name);
        if (!this.#symbols.has(value)) this.#addSymbol(value);
      }
    }
    return index;
  }

  #addSymbol(text: string): void {
    this.#symbols.add(text);
    this.#metadataBytes += text.length;
  }

  #grow(): void {
    const size = this.#offsets.length * 2;
    const offsets = new Float64Array(size);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
    const starts = new Uint32Array(size + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    const metadataOf = new Uint32Array(size);
    metadataOf.set(this.#metadataOf);
    this.#metadataOf = metadataOf;
  }

  /** Whether the newest entry has this time and line: pushed twice, stored once. */
  isLast(at: Instant, line: string | Uint8Array, lineBytes: number): boolean {
    if (this.#count === 0 || this.#offsets[this.#count - 1] !== difference(at, this.base)) return false;
    const start = this.#starts[this.#count - 1]!;
    if (this.#length - start !== lineBytes) return false;
    const last = this.#bytes.subarray(start, this.#length);
    return typeof line === 'string' ? last.toString() === line : last.equals(line);
  }

  /** The entries so far, sorted, duplicates gone. Valid until the next append. */
  entries(): Entries {
    if (this.#view !== undefined) return this.#view;
    const plain: Entries = {
      count: this.#count,
      offsets: this.#offsets.subarray(0, this.#count),
      starts: this.#starts.subarray(0, this.#count + 1),
      bytes: this.#bytes,
      metadata: this.#metadata.length === 0 ? [noMetadata] : this.#metadata,
      metadataOf: this.#metadataOf.subarray(0, this.#count),
    };
    this.#view = this.#sorted ? plain : sortEntries(plain);
    return this.#view;
  }
}

/** Puts entries into the order of their time (stable), and drops those that say the same at the same time. */
function sortEntries(entries: Entries): Entries {
  const order = Array.from({ length: entries.count }, (_, index) => index).sort(
    (left, right) => entries.offsets[left]! - entries.offsets[right]! || left - right,
  );
  const bytes = Buffer.allocUnsafe(entries.starts[entries.count]!);
  const offsets = new Float64Array(entries.count);
  const starts = new Uint32Array(entries.count + 1);
  const metadataOf = new Uint32Array(entries.count);
  let count = 0;
  let length = 0;
  let sameFrom = 0;
  for (const index of order) {
    const offset = entries.offsets[index]!;
    const line = entries.bytes.subarray(entries.starts[index], entries.starts[index + 1]);
    if (count === 0 || offsets[count - 1] !== offset) sameFrom = count;
    let duplicate = false;
    for (let other = sameFrom; other < count && !duplicate; other++) {
      duplicate =
        metadataOf[other] === entries.metadataOf[index] &&
        starts[other + 1]! - starts[other]! === line.length &&
        bytes.subarray(starts[other], starts[other + 1]).equals(line);
    }
    if (duplicate) continue;
    line.copy(bytes, length);
    length += line.length;
    offsets[count] = offset;
    metadataOf[count] = entries.metadataOf[index]!;
    count++;
    starts[count] = length;
  }
  return {
    count,
    offsets: offsets.subarray(0, count),
    starts: starts.subarray(0, count + 1),
    bytes,
    metadata: entries.metadata,
    metadataOf: metadataOf.subarray(0, count),
  };
}

/** A finished chunk, compressed. */
export class SealedChunk {
  readonly base: Instant;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly count: number;
  readonly rawBytes: number;
  readonly metadataBytes: number;
  readonly metadataPairs: number;
  readonly #packedBytes: number;
  #compressed: Buffer | undefined;
  /** The entries while compression is under way on another thread. */
  #pending: Entries | undefined;

  constructor(head: HeadChunk, options: { readonly background: boolean; readonly onSealed?: () => void }) {
    const entries = head.entries();
    this.base = head.base;
    this.minOffset = head.minOffset;
    this.maxOffset = head.maxOffset;
    this.count = entries.count;
    this.rawBytes = entries.starts[entries.count]!;
    this.metadataBytes = head.metadataBytes;
    this.metadataPairs = head.metadataPairs;
    const packed = pack(entries);
    this.#packedBytes = packed.length;
    if (!options.background) {
      this.#compressed = deflateRawSync(packed, { level: compressionLevel });
      return;
    }
    this.#pending = entries;
    deflateRaw(packed, { level: compressionLevel }, (error, compressed) => {
      this.#compressed = error === null ? compressed : deflateRawSync(packed, { level: compressionLevel });
      this.#pending = undefined;
      options.onSealed?.();
    });
  }

  get memoryBytes(): number {
    return (this.#compressed?.length ?? this.rawBytes + this.count * 16) + 300;
  }

  get compressedBytes(): number {
    return this.#compressed?.length ?? 0;
  }

  /** Decodes the chunk; the caller decides whether to keep what it gets. */
  entries(): Entries {
    // One output buffer of the right size: zlib's own default is many small ones that it copies together.
    return this.#pending ?? unpack(inflateRawSync(this.#compressed!, { chunkSize: this.#packedBytes + 64 }));
  }
}

const headerBytes = 16;

/** Layout: counts, time deltas, line lengths, metadata indexes, lines, metadata as JSON. Deltas compress well. */
function pack(entries: Entries): Buffer {
  const { count } = entries;
  const lineBytes = entries.starts[count]!;
  const metadata = Buffer.from(JSON.stringify(entries.metadata.map((one) => [...one])));
  const single = entries.metadata.length === 1;
  const fixed = headerBytes + count * (8 + 4 + (single ? 0 : 4));
  const buffer = Buffer.allocUnsafe(fixed + lineBytes + metadata.length);
  buffer.writeUInt32LE(count, 0);
  buffer.writeUInt32LE(lineBytes, 4);
  buffer.writeUInt32LE(metadata.length, 8);
  buffer.writeUInt32LE(single ? 1 : 0, 12);
  let at = headerBytes;
  let previous = 0;
  for (let index = 0; index < count; index++, at += 8) {
    buffer.writeDoubleLE(entries.offsets[index]! - previous, at);
    previous = entries.offsets[index]!;
  }
  for (let index = 0; index < count; index++, at += 4) {
    buffer.writeUInt32LE(entries.starts[index + 1]! - entries.starts[index]!, at);
  }
  if (!single) {
    for (let index = 0; index < count; index++, at += 4) buffer.writeUInt32LE(entries.metadataOf[index]!, at);
  }
  entries.bytes.copy(buffer, at, 0, lineBytes);
  metadata.copy(buffer, at + lineBytes);
  return buffer;
}

function unpack(buffer: Buffer): Entries {
  const count = buffer.readUInt32LE(0);
  const lineBytes = buffer.readUInt32LE(4);
  const metadataLength = buffer.readUInt32LE(8);
  const single = buffer.readUInt32LE(12) === 1;
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const offsets = new Float64Array(count);
  let at = headerBytes;
  let previous = 0;
  for (let index = 0; index < count; index++, at += 8) {
    previous += view.getFloat64(at, true);
    offsets[index] = previous;
  }
  const starts = new Uint32Array(count + 1);
  let start = 0;
  for (let index = 0; index < count; index++, at += 4) {
    start += view.getUint32(at, true);
    starts[index + 1] = start;
  }
  const metadataOf = new Uint32Array(count);
  if (!single) {
    for (let index = 0; index < count; index++, at += 4) metadataOf[index] = view.getUint32(at, true);
  }
  const end = at + lineBytes;
  const sets = JSON.parse(buffer.toString('utf8', end, end + metadataLength)) as [string, string][][];
  return {
    count,
    offsets,
    starts,
    bytes: buffer.subarray(at, end),
    metadata: sets.map((set) => new Map(set)),
    metadataOf,
  };
}

export type Chunk = HeadChunk | SealedChunk;

/** When a chunk's first and last entries were written. */
export function chunkBounds(chunk: Chunk): { readonly first: Instant; readonly last: Instant } {
  return {
    first: addNanoseconds(chunk.base, chunk.minOffset),
    last: addNanoseconds(chunk.base, chunk.maxOffset),
  };
}

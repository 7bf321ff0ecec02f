import { BitReader, BitWriter, readerPadding } from './bits.ts';

/**
 * A sealed run of samples, compressed after the Gorilla scheme (Pelkonen et al., VLDB 2015; bucket sizes of
 * Prometheus' XOR chunks): timestamps as deltas of deltas, values as the XOR with the one before.
 */
export interface Chunk {
  readonly minMs: number;
  readonly maxMs: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const high = 1 - low;

/** The samples' bits are taken from the array, never through a number, so that staleness markers keep theirs. */
export function encodeChunk(timestamps: Float64Array, values: Float64Array, count: number): Chunk {
  const writer = new BitWriter(64);
  const valueWords = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let previousDelta = 0;
  let leading = 255;
  let trailing = 0;
  let previousHigh = valueWords[high]!;
  let previousLow = valueWords[low]!;
  writer.write(previousHigh, 32);
  writer.write(previousLow, 32);
  for (let index = 1; index < count; index++) {
    const delta = timestamps[index]! - timestamps[index - 1]!;
    writeDeltaOfDelta(writer, delta - previousDelta);
    previousDelta = delta;

    const currentHigh = valueWords[index * 2 + high]!;
    const currentLow = valueWords[index * 2 + low]!;
    const xorHigh = (currentHigh ^ previousHigh) >>> 0;
    const xorLow = (currentLow ^ previousLow) >>> 0;
    previousHigh = currentHigh;
    previousLow = currentLow;
    if (xorHigh === 0 && xorLow === 0) {
      writer.write(0, 1);
      continue;
    }
    writer.write(1, 1);
    const newLeading = Math.min(31, xorHigh !== 0 ? Math.clz32(xorHigh) : 32 + Math.clz32(xorLow));
    const newTrailing = xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh);
    if (leading !== 255 && newLeading >= leading && newTrailing >= trailing) {
      writer.write(0, 1);
    } else {
      leading = newLeading;
      trailing = newTrailing;
      writer.write(1, 1);
      writer.write(leading, 5);
      // 64 significant bits do not fit in six bits and are written as 0.
      writer.write((64 - leading - trailing) & 63, 6);
    }
    writeMiddle(writer, xorHigh, xorLow, 64 - leading - trailing, trailing);
  }
  return {
    minMs: timestamps[0]!,
    maxMs: timestamps[count - 1]!,
    count,
    bytes: writer.finish(readerPadding),
  };
}

/** Writes all samples of the chunk into the arrays from `offset` on; `valueWords` are the bits of the values' array. */
export function decodeChunk(
  chunk: Chunk,
  timestamps: Float64Array,
  valueWords: Uint32Array,
  offset: number,
): void {
  const reader = new BitReader(chunk.bytes);
  let time = chunk.minMs;
  let delta = 0;
  let leading = 0;
  let trailing = 0;
  let currentHigh = reader.read(32);
  let currentLow = reader.read(32);
  timestamps[offset] = time;
  valueWords[offset * 2 + high] = currentHigh;
  valueWords[offset * 2 + low] = currentLow;
  const end = offset + chunk.count;
  for (let index = offset + 1; index < end; index++) {
    delta += readDeltaOfDelta(reader);
    time += delta;
    timestamps[index] = time;
    if (reader.readShort(1) === 1) {
      if (reader.readShort(1) === 1) {
        leading = reader.readShort(5);
        const significant = reader.readShort(6);
        trailing = 64 - leading - (significant === 0 ? 64 : significant);
      }
      const significant = 64 - leading - trailing;
      // The significant bits, shifted left by `trailing`, over two words.
      const upper = significant > 32 ? reader.read(significant - 32) : 0;
      const lower = reader.read(Math.min(32, significant));
      if (trailing === 0) {
        currentHigh ^= upper;
        currentLow ^= lower;
      } else if (trailing < 32) {
        currentHigh ^= (upper << trailing) | (lower >>> (32 - trailing));
        currentLow ^= lower << trailing;
      } else {
        currentHigh ^= lower << (trailing - 32);
      }
    }
    valueWords[index * 2 + high] = currentHigh;
    valueWords[index * 2 + low] = currentLow;
  }
}

function writeDeltaOfDelta(writer: BitWriter, value: number): void {
  if (value === 0) writer.write(0, 1);
  else if (value >= -8191 && value <= 8192) {
    writer.write(0b10, 2);
    writer.write(value + 8191, 14);
  } else if (value >= -65_535 && value <= 65_536) {
    writer.write(0b110, 3);
    writer.write(value + 65_535, 17);
  } else if (value >= -524_287 && value <= 524_288) {
    writer.write(0b1110, 4);
    writer.write(value + 524_287, 20);
  } else {
    writer.write(0b1111, 4);
    scratch[0] = value;
    writer.write(words[1]!, 32);
    writer.write(words[0]!, 32);
  }
}

function readDeltaOfDelta(reader: BitReader): number {
  if (reader.readShort(1) === 0) return 0;
  if (reader.readShort(1) === 0) return reader.readShort(14) - 8191;
  if (reader.readShort(1) === 0) return reader.readShort(17) - 65_535;
  if (reader.readShort(1) === 0) return reader.readShort(20) - 524_287;
  words[1] = reader.read(32);
  words[0] = reader.read(32);
  return scratch[0]!;
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function writeMiddle(
  writer: BitWriter,
  wordHigh: number,
  wordLow: number,
  significant: number,
  trailing: number,
): void {
  if (trailing >= 32) {
    writer.write(wordHigh >>> (trailing - 32), significant);
    return;
  }
  const lower = trailing === 0 ? wordLow : (wordHigh << (32 - trailing)) | (wordLow >>> trailing);
  if (significant > 32) writer.write(wordHigh >>> trailing, significant - 32);
  writer.write(lower >>> 0, Math.min(32, significant));
}

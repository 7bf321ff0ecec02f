import { describe, expect, test } from 'vitest';
import { isStaleMarker, setStaleMarker } from '../staleness.ts';
import { decodeChunk, encodeChunk } from './xor-chunk.ts';

function roundTrip(timestamps: Float64Array, values: Float64Array) {
  const chunk = encodeChunk(timestamps, values, timestamps.length);
  const outTimes = new Float64Array(timestamps.length + 2);
  const outValues = new Float64Array(timestamps.length + 2);
  decodeChunk(chunk, outTimes, new Uint32Array(outValues.buffer), 2);
  return { chunk, times: outTimes.subarray(2), values: outValues.subarray(2) };
}

/** A small generator with a seed (mulberry32), so that a failing run can be repeated. */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe('a chunk gives back every bit that went in', () => {
  test.each(Array.from({ length: 300 }, (_, seed) => seed))('random samples, seed %d', (seed) => {
    const next = random(seed);
    const count = 1 + Math.floor(next() * 240);
    const timestamps = new Float64Array(count);
    const values = new Float64Array(count);
    const bits = new Uint32Array(values.buffer);
    let time = Math.floor(next() * 2e12) - 1e12;
    for (let index = 0; index < count; index++) {
      const jump = next();
      time += 1 + Math.floor(next() * (jump < 0.6 ? 20 : jump < 0.8 ? 30_000 : jump < 0.95 ? 2e6 : 1e12));
      timestamps[index] = time;
      const kind = next();
      if (kind < 0.3) values[index] = index;
      else if (kind < 0.5) values[index] = values[index - 1] ?? 0;
      else if (kind < 0.6) values[index] = next() * 1e6;
      else if (kind < 0.65) setStaleMarker(values, index);
      else {
        bits[index * 2] = Math.floor(next() * 4294967296);
        bits[index * 2 + 1] = Math.floor(next() * 4294967296);
      }
    }
    const out = roundTrip(timestamps, values);
    expect(out.times).toEqual(timestamps);
    expect(Buffer.from(out.values.buffer, out.values.byteOffset, count * 8)).toEqual(
      Buffer.from(values.buffer),
    );
  });
});

test('a staleness marker stays one and a plain NaN stays none', () => {
  const values = new Float64Array([1, Number.NaN, 3]);
  setStaleMarker(values, 2);
  const out = roundTrip(new Float64Array([1, 2, 3]), values);
  expect([0, 1, 2].map((index) => isStaleMarker(out.values, index))).toEqual([false, false, true]);
});

test('a regular gauge that does not change costs less than a byte a sample', () => {
  const timestamps = Float64Array.from({ length: 120 }, (_, index) => 1_767_225_600_000 + index * 15_000);
  const { chunk } = roundTrip(timestamps, new Float64Array(120).fill(42));
  expect(chunk.bytes.length / chunk.count).toBeLessThan(0.5);
});

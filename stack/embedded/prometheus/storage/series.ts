import type { Labels } from '../labels/labels.ts';
import { type Chunk, decodeChunk, encodeChunk } from './chunk/xor-chunk.ts';
import type { SeriesSamples } from './queryable.ts';
import { SampleArena } from './sample-arena.ts';
import { isStaleMarker, setStaleMarker } from './staleness.ts';

/** As in Prometheus: a chunk is sealed after this many samples … */
const samplesPerChunk = 120;
/** … or when it spans this long. */
const chunkRangeMs = 2 * 60 * 60 * 1000;
/** What a series costs beside its samples: the object, its postings, its place in the maps. Measured, rounded up. */
export const seriesOverheadBytes = 400;
const chunkOverheadBytes = 120;

/** Sealed chunks and the open run after them. */
export interface SharedSamples {
  readonly chunks: readonly Chunk[];
  readonly times: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
}

export type AppendOutcome = 'ok' | 'same' | 'out-of-order' | 'duplicate';

/**
 * One series: sealed chunks and, after them, the newest samples as they came. The open run stays uncompressed, because
 * it is what rules and dashboards read over and over; it is compressed when it is sealed.
 */
export class MemorySeries {
  readonly ref: number;
  readonly labels: Labels;
  /** Set when the storage forgot the series; whoever kept a reference must ask for it anew. */
  gone = false;
  chunks: Chunk[] = [];
  #times = new Float64Array(4);
  #values = new Float64Array(4);
  #open = 0;
  /** Bytes of sealed chunks and the open run, with what the objects cost. */
  sizeBytes = 0;
  readonly labelBytes: number;

  constructor(ref: number, labels: Labels) {
    this.ref = ref;
    this.labels = labels;
    this.labelBytes = labels.pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    this.#recount();
  }

  /** A series of samples that another one gave away with `share`. */
  static of(ref: number, labels: Labels, { chunks, times, values }: SharedSamples): MemorySeries {
    const series = new MemorySeries(ref, labels);
    series.chunks = [...chunks];
    series.#times = times;
    series.#values = values;
    series.#open = times.length;
    series.#recount();
    return series;
  }

  /**
   * What `[minMs, maxMs]` is read from, as it is now: later samples do not change it, because a chunk never changes and
   * the open run is only added to.
   */
  share(minMs: number, maxMs: number): SharedSamples {
    return {
      chunks: this.chunks.filter((chunk) => chunk.minMs <= maxMs && chunk.maxMs >= minMs),
      times: this.#times.subarray(0, this.#open),
      values: this.#values.subarray(0, this.#open),
    };
  }

  get minMs(): number {
    return this.chunks[0]?.minMs ?? (this.#open > 0 ? this.#times[0]! : Number.POSITIVE_INFINITY);
  }

  get maxMs(): number {
    return this.#open > 0
      ? this.#times[this.#open - 1]!
      : (this.chunks.at(-1)?.maxMs ?? Number.NEGATIVE_INFINITY);
  }

  get sampleCount(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.count, this.#open);
  }

  /** Compressed chunks, the open one counted in, as `status/tsdb` shows them. */
  get chunkCount(): number {
    return this.chunks.length + (this.#open > 0 ? 1 : 0);
  }

  /** Adds a sample after the newest; `value` is ignored for a staleness marker. */
  append(timeMs: number, value: number, stale: boolean): AppendOutcome {
    const last = this.maxMs;
    if (timeMs <= last) {
      if (timeMs < last) return 'out-of-order';
      return this.#newestEquals(value, stale) ? 'same' : 'duplicate';
    }
    if (this.#open > 0 && (this.#open >= samplesPerChunk || timeMs - this.#times[0]! >= chunkRangeMs))
      this.seal();
    if (this.#open === this.#times.length) this.#grow();
    this.#times[this.#open] = timeMs;
    this.#values[this.#open] = value;
    if (stale) setStaleMarker(this.#values, this.#open);
    this.#open++;
    return 'ok';
  }

  /** Puts a sample where it belongs among older ones; false when that instant has one already. */
  insert(timeMs: number, value: number, stale: boolean): boolean {
    const from = this.chunks.findIndex((chunk) => timeMs <= chunk.maxMs);
    const inOpen = from === -1;
    const chunk = this.chunks[from];
    const count = chunk?.count ?? this.#open;
    const times = new Float64Array(count + 1);
    const values = new Float64Array(count + 1);
    if (chunk === undefined) {
      times.set(this.#times.subarray(0, count));
      values.set(this.#values.subarray(0, count));
    } else decodeChunk(chunk, times, new Uint32Array(values.buffer), 0);
    const at = firstAtOrAfter(times, timeMs, 0, count);
    if (at < count && times[at] === timeMs) return false;
    times.copyWithin(at + 1, at, count);
    values.copyWithin(at + 1, at, count);
    times[at] = timeMs;
    values[at] = value;
    if (stale) setStaleMarker(values, at);
    if (inOpen) {
      this.#times = times;
      this.#values = values;
      this.#open = count + 1;
    } else if (count + 1 < samplesPerChunk * 2) {
      this.chunks[from] = encodeChunk(times, values, count + 1);
    } else {
      const half = (count + 1) >> 1;
      this.chunks.splice(
        from,
        1,
        encodeChunk(times.slice(0, half), values.slice(0, half), half),
        encodeChunk(times.slice(half), values.slice(half), count + 1 - half),
      );
    }
    this.#recount();
    return true;
  }

  /** Compresses the open run. */
  seal(): void {
    if (this.#open === 0) return;
    this.chunks.push(encodeChunk(this.#times, this.#values, this.#open));
    // Readers may hold views of the old run.
    this.#times = new Float64Array(this.#open);
    this.#values = new Float64Array(this.#open);
    this.#open = 0;
    this.#recount();
  }

  /**
   * The samples of `[minMs, maxMs]`. Where the open run has them all, they are a view of it: it is only ever added to,
   * and replaced when it is sealed.
   */
  read(minMs: number, maxMs: number, arena = new SampleArena()): SeriesSamples {
    let first = this.chunks.length;
    while (first > 0 && this.chunks[first - 1]!.maxMs >= minMs) first--;
    let count = 0;
    let end = first;
    while (end < this.chunks.length && this.chunks[end]!.minMs <= maxMs) count += this.chunks[end++]!.count;

    const openFrom = firstAtOrAfter(this.#times, minMs, 0, this.#open);
    const openTo = firstAtOrAfter(this.#times, maxMs + 1, openFrom, this.#open);
    if (count === 0) {
      return {
        labels: this.labels,
        timestamps: this.#times.subarray(openFrom, openTo),
        values: this.#values.subarray(openFrom, openTo),
      };
    }
    const start = arena.take(count + openTo - openFrom);
    const { times, values, words } = arena;
    let offset = start;
    for (let index = first; index < end; index++) {
      const chunk = this.chunks[index]!;
      decodeChunk(chunk, times, words, offset);
      offset += chunk.count;
    }
    if (openTo > openFrom) {
      times.set(this.#times.subarray(openFrom, openTo), offset);
      values.set(this.#values.subarray(openFrom, openTo), offset);
      offset += openTo - openFrom;
    }
    const from = firstAtOrAfter(times, minMs, start, offset);
    const to = firstAtOrAfter(times, maxMs + 1, from, offset);
    return { labels: this.labels, timestamps: times.subarray(from, to), values: values.subarray(from, to) };
  }

  /** Whether a sample may lie in `[minMs, maxMs]`, judged by the chunks' bounds. */
  overlaps(minMs: number, maxMs: number): boolean {
    return this.minMs <= maxMs && this.maxMs >= minMs;
  }

  /** Drops sealed chunks that end before `timeMs`, and the open run if all of it is older. Returns the samples dropped. */
  dropBefore(timeMs: number): number {
    let dropped = 0;
    while (this.chunks.length > 0 && this.chunks[0]!.maxMs < timeMs) dropped += this.chunks.shift()!.count;
    if (this.#open > 0 && this.#times[this.#open - 1]! < timeMs) {
      dropped += this.#open;
      this.#open = 0;
      this.#times = new Float64Array(4);
      this.#values = new Float64Array(4);
    }
    if (dropped > 0) this.#recount();
    return dropped;
  }

  /** Removes the samples of `[minMs, maxMs]` for good. */
  delete(minMs: number, maxMs: number): void {
    if (!this.overlaps(minMs, maxMs)) return;
    const all = this.read(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.chunks = [];
    this.#times = new Float64Array(4);
    this.#values = new Float64Array(4);
    this.#open = 0;
    this.#recount();
    all.timestamps.forEach((time, index) => {
      if (time < minMs || time > maxMs)
        this.append(time, all.values[index]!, isStaleMarker(all.values, index));
    });
  }

  #newestEquals(value: number, stale: boolean): boolean {
    const read = this.read(this.maxMs, this.maxMs);
    const marker = isStaleMarker(read.values, 0);
    if (stale || marker) return stale && marker;
    return Object.is(read.values[0], value);
  }

  #grow(): void {
    const capacity = Math.min(samplesPerChunk, Math.max(8, this.#times.length * 2));
    const times = new Float64Array(Math.max(capacity, this.#open + 1));
    const values = new Float64Array(times.length);
    times.set(this.#times);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
    this.#recount();
  }

  #recount(): void {
    this.sizeBytes = this.chunks.reduce((sum, chunk) => sum + chunk.bytes.length + chunkOverheadBytes, 0);
    this.sizeBytes += this.#times.length * 16 + this.labelBytes * 2 + seriesOverheadBytes;
  }
}

function firstAtOrAfter(times: Float64Array, timeMs: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

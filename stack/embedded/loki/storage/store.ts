import { LRUCache } from 'lru-cache';
import type { Matcher } from '../logql/ast.ts';
import { matcherTest } from '../pipeline/label-filter.ts';
import type { Metadata, StreamLabels } from '../pipeline/line-labels.ts';
import type { Instant } from '../pipeline/stage.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { type Chunk, chunkBounds, type Entries, type HeadChunk, SealedChunk } from './chunk.ts';
import { difference } from './instant.ts';
import { Stream } from './stream.ts';

export interface StoreOptions {
  /** Bytes of memory for all that is stored; beyond them the oldest chunks go. */
  readonly maxBytes: number;
  /** How long entries are kept by their own time; 0 keeps them until the bytes are used up. */
  readonly retentionMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Decoded chunks kept for the next query. */
const cacheBytes = 64 * 1024 * 1024;
/** Chunks being compressed at once on other threads; beyond them the writer compresses by itself. */
const maxBackground = 8;

/**
 * All streams, in memory: a restart keeps nothing. Bounded by bytes (oldest chunk first, whichever stream it is of)
 * and by age.
 */
export class LogStore {
  readonly #options: StoreOptions;
  readonly #streams = new Map<string, Stream>();
  /** Label name and value to the streams that have it. */
  readonly #index = new Map<string, Map<string, Set<Stream>>>();
  readonly #decoded = new LRUCache<SealedChunk, Entries>({
    maxSize: cacheBytes,
    sizeCalculation: (entries) => entries.bytes.length * 2 + entries.count * 16 + 1,
  });
  #memoryBytes = 0;
  #background = 0;
  #lastSweepMs = 0;
  /** Counters for /metrics. */
  readonly counts = { chunksCreated: 0, chunksEvicted: 0, streamsCreated: 0, streamsRemoved: 0 };

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get chunkCount(): number {
    let count = 0;
    for (const stream of this.#streams.values()) count += stream.chunks.length;
    return count;
  }

  find(labels: string): Stream | undefined {
    return this.#streams.get(labels);
  }

  create(labels: StreamLabels): Stream {
    const stream = new Stream(labels, (head) => this.#seal(head));
    this.#streams.set(labels.text, stream);
    this.counts.streamsCreated++;
    this.#memoryBytes += streamBytes(labels);
    for (const [name, value] of labels.entries) {
      const values = getOrCreate(this.#index, name, () => new Map());
      const streams = getOrCreate(values, value, () => new Set());
      streams.add(stream);
    }
    return stream;
  }

  append(
    stream: Stream,
    at: Instant,
    line: string | Uint8Array,
    lineBytes: number,
    metadata: Metadata,
    metadataKey: string,
  ): void {
    this.#memoryBytes += stream.append(at, line, lineBytes, metadata, metadataKey);
    stream.lastPushMs = this.#options.now();
  }

  #seal(head: HeadChunk): SealedChunk {
    this.counts.chunksCreated++;
    const background = this.#background < maxBackground;
    if (background) this.#background++;
    let before = 0;
    const sealed: SealedChunk = new SealedChunk(head, {
      background,
      onSealed: () => {
        this.#background--;
        this.#memoryBytes += sealed.memoryBytes - before;
      },
    });
    before = sealed.memoryBytes;
    return sealed;
  }

  /** Drops what is too old or too much. Called after each push; does its work at most once a second unless full. */
  sweep(): void {
    const now = this.#options.now();
    const full = this.#memoryBytes > this.#options.maxBytes;
    if (!full && now - this.#lastSweepMs < 1000) return;
    this.#lastSweepMs = now;
    if (this.#options.retentionMs > 0) {
      const oldest = (now - this.#options.retentionMs) / 1000;
      for (const stream of [...this.#streams.values()]) {
        for (const chunk of stream.chunks) {
          if (chunkBounds(chunk).last.seconds < oldest) this.#evict(stream, chunk);
        }
      }
    }
    if (this.#memoryBytes <= this.#options.maxBytes) return;
    // Down to nine tenths, so that not every push pays for a search.
    const target = this.#options.maxBytes * 0.9;
    const all = [...this.#streams.values()].flatMap((stream) =>
      stream.chunks.map((chunk) => ({ stream, chunk, last: chunkBounds(chunk).last })),
    );
    all.sort((left, right) => difference(left.last, right.last));
    for (const { stream, chunk } of all) {
      if (this.#memoryBytes <= target) break;
      this.#evict(stream, chunk);
    }
  }

  #evict(stream: Stream, chunk: Chunk): void {
    this.#memoryBytes -= chunk.memoryBytes;
    this.counts.chunksEvicted++;
    stream.remove(chunk);
    if (chunk instanceof SealedChunk) this.#decoded.delete(chunk);
    if (stream.isEmpty) this.#remove(stream);
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream.labels.text);
    this.counts.streamsRemoved++;
    this.#memoryBytes -= streamBytes(stream.labels);
    for (const [name, value] of stream.labels.entries) {
      const values = this.#index.get(name);
      const streams = values?.get(value);
      streams?.delete(stream);
      if (streams?.size === 0) values!.delete(value);
      if (values?.size === 0) this.#index.delete(name);
    }
  }

  /** Seals all that is being written. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
  }

  /** Streams that fit all matchers, in the order of their labels. */
  select(matchers: readonly Matcher[]): Stream[] {
    let candidates: Iterable<Stream> = this.#streams.values();
    let fewest = this.#streams.size;
    for (const { name, operator, value } of matchers) {
      if (operator !== '=' || value === '') continue;
      const streams = this.#index.get(name)?.get(value);
      if (streams === undefined) return [];
      if (streams.size <= fewest) {
        fewest = streams.size;
        candidates = streams;
      }
    }
    const tests = matchers.map((matcher) => ({ name: matcher.name, test: matcherTest(matcher) }));
    const result: Stream[] = [];
    for (const stream of candidates) {
      if (tests.every(({ name, test }) => test(stream.labels.map.get(name) ?? ''))) result.push(stream);
    }
    return result.sort((left, right) => (left.labels.text < right.labels.text ? -1 : 1));
  }

  /** Chunks of a stream that may hold entries from `start` to `end` (both included). */
  chunksWithin(stream: Stream, start: Instant, end: Instant): Chunk[] {
    return stream.chunks.filter((chunk) => {
      const startOffset = difference(start, chunk.base);
      const endOffset = difference(end, chunk.base);
      return chunk.count > 0 && chunk.maxOffset >= startOffset && chunk.minOffset <= endOffset;
    });
  }

  entries(chunk: Chunk): Entries {
    if (!(chunk instanceof SealedChunk)) return chunk.entries();
    let entries = this.#decoded.get(chunk);
    if (entries === undefined) {
      entries = chunk.entries();
      this.#decoded.set(chunk, entries);
    }
    return entries;
  }

  *streams(): IterableIterator<Stream> {
    yield* this.#streams.values();
  }
}

/** What a stream costs besides its chunks: its object, its labels, its places in the index. */
function streamBytes(labels: StreamLabels): number {
  return 600 + labels.text.length * 3 + labels.entries.length * 100;
}

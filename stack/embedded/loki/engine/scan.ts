import type { LogExpression } from '../logql/ast.ts';
import type { LineFilter } from '../pipeline/line-filter.ts';
import { LineLabels } from '../pipeline/line-labels.ts';
import { compilePipeline, type Pipeline, runStages } from '../pipeline/pipeline.ts';
import type { Instant, LabelHints } from '../pipeline/stage.ts';
import { type Entries, lineOf, SealedChunk } from '../storage/chunk.ts';
import { addNanoseconds, difference } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import type { Stream } from '../storage/stream.ts';
import { QueryError } from './query-error.ts';
import type { QueryStatistics } from './statistics.ts';

export interface ScanOptions {
  readonly start: Instant;
  readonly end: Instant;
  /** Whether entries at exactly `start` or `end` belong to the range. */
  readonly includeStart: boolean;
  readonly includeEnd: boolean;
  readonly direction: 'forward' | 'backward';
  readonly hints?: LabelHints;
  /** False when the sink only counts: then lines that no stage looks at are not decoded. */
  readonly needsLine: boolean;
  /** Gives up when this moment (ms by `now`) has passed. */
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly statistics: QueryStatistics;
}

/**
 * Takes what comes out of the pipeline: nanoseconds after `start`, the line (empty unless the query needs it), its
 * labels (only valid until it returns), the line's bytes.
 * Answers how far (in the same nanoseconds) the scan of this stream still makes sense, or undefined.
 */
export type Sink = (
  offset: number,
  line: string,
  labels: LineLabels,
  lineBytes: number,
) => number | undefined;

/** How many entries pass between looks at the clock. */
const clockEvery = 8192;
/** Data this old is not asked of the ingester; then a bad stage only shows where there is data for it. */
const ingesterWindowMs = 3 * 3600 * 1000;

/** Runs a log query's pipeline over all its streams' entries in the range; streams one after the other. */
export function scan(store: LogStore, query: LogExpression, options: ScanOptions, sink: Sink): void {
  const streams = store.select(query.matchers);
  const work = streams
    .map((stream) => ({ stream, chunks: store.chunksWithin(stream, options.start, options.end) }))
    .filter(({ chunks }) => chunks.length > 0);
  const recent = options.end.seconds * 1000 > options.now() - ingesterWindowMs;
  if (work.length === 0 && !recent) return;
  const pipeline = compilePipeline(query, options.hints);
  if (work.length === 0) return;
  const scanner = new Scanner(store, pipeline, options, sink);
  for (const { stream, chunks } of work) scanner.stream(stream, chunks);
}

class Scanner {
  readonly #store: LogStore;
  readonly #pipeline: Pipeline;
  readonly #options: ScanOptions;
  readonly #sink: Sink;
  readonly #labels = new LineLabels();
  #sinceClock = 0;
  #limit: number | undefined;

  constructor(store: LogStore, pipeline: Pipeline, options: ScanOptions, sink: Sink) {
    this.#store = store;
    this.#pipeline = pipeline;
    this.#options = options;
    this.#sink = sink;
  }

  stream(stream: Stream, chunks: ReturnType<LogStore['chunksWithin']>): void {
    const { start, direction, statistics } = this.#options;
    const backward = direction === 'backward';
    const ordered = chunks
      .map((chunk) => ({ chunk, shift: difference(chunk.base, start) }))
      .sort((left, right) =>
        backward
          ? right.shift + right.chunk.maxOffset - left.shift - left.chunk.maxOffset
          : left.shift + left.chunk.minOffset - right.shift - right.chunk.minOffset,
      );
    for (const { chunk, shift } of ordered) {
      if (this.#limit !== undefined) {
        if (backward ? shift + chunk.maxOffset < this.#limit : shift + chunk.minOffset > this.#limit)
          continue;
      }
      statistics.chunks++;
      if (chunk instanceof SealedChunk) statistics.compressedBytes += chunk.compressedBytes;
      this.#entries(stream, this.#store.entries(chunk), shift);
    }
  }

  #entries(stream: Stream, entries: Entries, shift: number): void {
    const { end, start, includeStart, includeEnd, direction } = this.#options;
    const endOffset = difference(end, start);
    let from = 0;
    let to = entries.count;
    const { offsets } = entries;
    from = skipTo(offsets, from, to, (offset) => (includeStart ? offset + shift >= 0 : offset + shift > 0));
    to = skipTo(offsets, from, to, (offset) =>
      includeEnd ? offset + shift > endOffset : offset + shift >= endOffset,
    );
    if (from >= to) return;
    this.#count(entries, from, to);
    const { lineFilters } = this.#pipeline;
    const literal = lineFilters.find((filter) => filter.literals !== undefined);
    const selected = literal === undefined ? undefined : selectByLiteral(entries, from, to, literal);
    const rest = literal === undefined ? lineFilters : lineFilters.filter((filter) => filter !== literal);
    const backward = direction === 'backward';
    if (selected !== undefined) {
      for (let n = 0; n < selected.length; n++) {
        const index = selected[backward ? selected.length - 1 - n : n]!;
        if (!this.#entry(stream, entries, index, shift, rest)) return;
      }
      return;
    }
    for (let n = from; n < to; n++) {
      const index = backward ? to - 1 - (n - from) : n;
      if (!this.#entry(stream, entries, index, shift, rest)) return;
    }
  }

  #count(entries: Entries, from: number, to: number): void {
    const { statistics } = this.#options;
    statistics.lines += to - from;
    statistics.bytes += entries.starts[to]! - entries.starts[from]!;
    const sizes = entries.metadata.map((metadata) => {
      let size = 0;
      for (const [name, value] of metadata) size += name.length + value.length;
      return size;
    });
    let bytes = 0;
    for (let index = from; index < to; index++) bytes += sizes[entries.metadataOf[index]!]!;
    statistics.structuredMetadataBytes += bytes;
    statistics.bytes += bytes;
  }

  /** Answers false when the rest of the chunk need not be looked at. */
  #entry(
    stream: Stream,
    entries: Entries,
    index: number,
    shift: number,
    filters: readonly LineFilter[],
  ): boolean {
    const options = this.#options;
    const labels = this.#labels;
    if (++this.#sinceClock >= clockEvery) {
      this.#sinceClock = 0;
      if (options.now() > options.deadlineMs) {
        throw new QueryError(
          504,
          'Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed.',
        );
      }
    }
    const offset = entries.offsets[index]! + shift;
    if (this.#limit !== undefined) {
      if (options.direction === 'backward' ? offset < this.#limit : offset > this.#limit) return false;
    }
    const { stages, prefilter } = this.#pipeline;
    const line = options.needsLine || stages.length > 0 || filters.length > 0 ? lineOf(entries, index) : '';
    for (const filter of filters) if (!filter.test(line)) return true;
    const metadata = entries.metadata[entries.metadataOf[index]!]!;
    labels.reset(stream.labels, metadata);
    if (prefilter.length > 0) {
      if (runStages(prefilter, line, labels, options.start) === undefined) return true;
      labels.reset(stream.labels, metadata);
    }
    let result: string | undefined = line;
    if (stages.length > 0) {
      result = runStages(stages, line, labels, addNanoseconds(options.start, offset));
      if (result === undefined) return true;
    }
    options.statistics.linesAfterFilter++;
    const lineBytes =
      result === line ? entries.starts[index + 1]! - entries.starts[index]! : Buffer.byteLength(result);
    const limit = this.#sink(offset, result, labels, lineBytes);
    if (limit !== undefined) this.#limit = limit;
    return true;
  }
}

/** The first index from which on the test holds; entries are sorted. */
function skipTo(offsets: Float64Array, from: number, to: number, holds: (offset: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(offsets[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Finds the lines that hold one of the filter's texts (or none, when negated) by searching the bytes of all at once. */
function selectByLiteral(entries: Entries, from: number, to: number, filter: LineFilter): number[] {
  const { bytes, starts } = entries;
  const hit = new Uint8Array(to - from);
  const end = starts[to]!;
  for (const literal of filter.literals!) {
    let at = starts[from]!;
    let index = from;
    while (index < to) {
      const found = bytes.indexOf(literal, at);
      if (found === -1 || found + literal.length > end) break;
      // Lines are short and hits mostly near: walk, and leap by halves where they are far.
      if (starts[index + 1]! <= found) {
        let step = 1;
        while (index + step < to && starts[index + step + 1]! <= found) {
          index += step;
          step *= 2;
        }
        while (starts[index + 1]! <= found) index++;
      }
      if (found + literal.length <= starts[index + 1]!) {
        hit[index - from] = 1;
        index++;
        at = starts[index]!;
      } else at = found + 1;
    }
  }
  const selected: number[] = [];
  const wanted = filter.negated ? 0 : 1;
  for (let index = from; index < to; index++) if (hit[index - from] === wanted) selected.push(index);
  return selected;
}

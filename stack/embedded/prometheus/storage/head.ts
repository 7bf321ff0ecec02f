import type { Labels } from '../labels/labels.ts';
import { LabelIndex } from './label-index.ts';
import type { Matcher, Queryable, SeriesSamples } from './queryable.ts';
import { selectSamples } from './select-samples.ts';
import { type AppendOutcome, MemorySeries } from './series.ts';

export interface HeadOptions {
  /** Samples older than this, counted from the newest, are dropped. */
  readonly retentionMs: number;
  /** The bound on what series and samples may take; the oldest samples go first. */
  readonly retentionBytes: number;
  /** `storage.tsdb.out_of_order_time_window`: how far behind the newest a sample may still be taken. */
  outOfOrderWindowMs?: number;
}

/** Prometheus takes nothing older than half a block (2 h) behind the newest sample. */
const appendableMs = 60 * 60 * 1000;

/** Prometheus takes nothing that says to be from more than this ahead of now. */
const aheadMs = 10 * 60 * 1000;

/** Whether a time that somebody else wrote may not be stored: one wrong clock would age everything else at once. */
export const isTooFarAhead = (timeMs: number, nowMs = Date.now()): boolean => timeMs > nowMs + aheadMs;

export type HeadAppendOutcome = AppendOutcome | 'out-of-bounds' | 'too-old';

/** All samples: series in memory, an inverted label index, bounds by time and by bytes. */
export class Head implements Queryable {
  readonly index = new LabelIndex();
  readonly options: HeadOptions;
  readonly #series = new Map<string, MemorySeries>();
  #nextRef = 1;
  #sizeBytes = 0;
  #maxMs = Number.NEGATIVE_INFINITY;
  /** Totals since the start, for `/metrics`. */
  readonly counters = {
    appended: 0,
    seriesCreated: 0,
    seriesRemoved: 0,
    outOfOrder: 0,
    duplicate: 0,
    tooOld: 0,
    outOfBounds: 0,
  };

  constructor(options: HeadOptions) {
    this.options = options;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get minMs(): number {
    let min = Number.POSITIVE_INFINITY;
    for (const series of this.#series.values()) if (series.minMs < min) min = series.minMs;
    return min;
  }

  /** The series with these labels, made when there is none. */
  series(labels: Labels): MemorySeries {
    let series = this.#series.get(labels.key);
    if (series === undefined) {
      series = new MemorySeries(this.#nextRef++, this.index.share(labels));
      this.#series.set(series.labels.key, series);
      this.index.add(series);
      this.#sizeBytes += series.sizeBytes;
      this.counters.seriesCreated++;
    }
    return series;
  }

  /** The series with these labels, if there is one. */
  find(labels: Labels): MemorySeries | undefined {
    return this.#series.get(labels.key);
  }

  /** Adds a sample under the rules of the real storage: time moves on in each series, and nothing is far too old. */
  append(series: MemorySeries, timeMs: number, value: number, stale = false): HeadAppendOutcome {
    const window = this.options.outOfOrderWindowMs ?? 0;
    if (timeMs < this.#maxMs - appendableMs && timeMs < this.#maxMs - window) {
      const outcome = window > 0 ? 'too-old' : 'out-of-bounds';
      this.counters[window > 0 ? 'tooOld' : 'outOfBounds']++;
      return outcome;
    }
    return this.load(series, timeMs, value, stale);
  }

  /** Adds a sample of any age, as an import does. */
  load(series: MemorySeries, timeMs: number, value: number, stale = false): HeadAppendOutcome {
    const before = series.sizeBytes;
    let outcome: HeadAppendOutcome = series.append(timeMs, value, stale);
    if (outcome === 'out-of-order' && timeMs >= this.#maxMs - (this.options.outOfOrderWindowMs ?? 0)) {
      outcome = series.insert(timeMs, value, stale) ? 'ok' : 'duplicate';
    }
    this.#sizeBytes += series.sizeBytes - before;
    if (outcome === 'ok') {
      this.counters.appended++;
      if (timeMs > this.#maxMs) this.#maxMs = timeMs;
    } else if (outcome === 'out-of-order') this.counters.outOfOrder++;
    else if (outcome === 'duplicate') this.counters.duplicate++;
    return outcome;
  }

  select(
    matchers: readonly Matcher[],
    minMs: number,
    maxMs: number,
    read?: (samples: number) => void,
  ): SeriesSamples[] {
    return selectSamples(this.index, matchers, minMs, maxMs, read);
  }

  /** The series that match one of the sets (all, when there are none) and may have samples in the range. */
  matching(sets: readonly (readonly Matcher[])[], minMs: number, maxMs: number): MemorySeries[] {
    const within = (series: MemorySeries): boolean => series.overlaps(minMs, maxMs);
    if (sets.length === 0) return [...this.index.all()].filter(within);
    if (sets.length === 1) return this.index.match(sets[0]!).filter(within);
    const found = new Map<number, MemorySeries>();
    for (const set of sets) for (const series of this.index.match(set)) found.set(series.ref, series);
    return [...found.values()].filter(within);
  }

  /** Removes samples for good; a series without samples goes too. */
  delete(matchers: readonly Matcher[], minMs: number, maxMs: number): void {
    for (const series of this.index.match(matchers)) {
      const before = series.sizeBytes;
      series.delete(minMs, maxMs);
      this.#sizeBytes += series.sizeBytes - before;
      if (series.chunkCount === 0) this.#forget(series);
    }
  }

  /**
   * Forgets what lies in the future: this machine's clock was ahead and was set back. Kept, it would have every sample
   * of now refused as too old. Returns whether there was any.
   */
  dropFuture(nowMs = Date.now()): boolean {
    if (!isTooFarAhead(this.#maxMs, nowMs)) return false;
    this.delete([], nowMs + 1, Number.POSITIVE_INFINITY);
    this.#maxMs = Number.NEGATIVE_INFINITY;
    for (const series of this.#series.values()) if (series.maxMs > this.#maxMs) this.#maxMs = series.maxMs;
    return true;
  }

  /** Drops what is beyond the retention by time and by bytes. Returns the number of samples dropped. */
  enforceRetention(): number {
    let dropped = this.#dropBefore(this.#maxMs - this.options.retentionMs);
    if (this.#sizeBytes > this.options.retentionBytes) {
      // A little below the limit, so that this does not run again at the next sample.
      const target = this.options.retentionBytes * 0.95;
      const parts: { maxMs: number; bytes: number }[] = [];
      for (const series of this.#series.values()) {
        let rest = series.sizeBytes;
        for (const chunk of series.chunks) {
          parts.push({ maxMs: chunk.maxMs, bytes: chunk.bytes.length + 120 });
          rest -= chunk.bytes.length + 120;
        }
        parts.push({ maxMs: series.maxMs, bytes: rest });
      }
      parts.sort((a, b) => a.maxMs - b.maxMs);
      let excess = this.#sizeBytes - target;
      let cut = Number.NEGATIVE_INFINITY;
      for (const part of parts) {
        if (excess <= 0) break;
        excess -= part.bytes;
        cut = part.maxMs;
      }
      dropped += this.#dropBefore(cut + 1);
    }
    return dropped;
  }

  #dropBefore(timeMs: number): number {
    let dropped = 0;
    for (const series of [...this.#series.values()]) {
      if (series.minMs >= timeMs) continue;
      const before = series.sizeBytes;
      dropped += series.dropBefore(timeMs);
      this.#sizeBytes += series.sizeBytes - before;
      if (series.chunkCount === 0) this.#forget(series);
    }
    return dropped;
  }

  #forget(series: MemorySeries): void {
    series.gone = true;
    this.#series.delete(series.labels.key);
    this.index.remove(series);
    this.#sizeBytes -= series.sizeBytes;
    this.counters.seriesRemoved++;
  }
}

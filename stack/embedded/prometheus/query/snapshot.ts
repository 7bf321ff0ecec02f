import { type LabelPair, Labels } from '../labels/labels.ts';
import type { Head } from '../storage/head.ts';
import { LabelIndex } from '../storage/label-index.ts';
import type { Matcher, Queryable, SeriesSamples } from '../storage/queryable.ts';
import { selectSamples } from '../storage/select-samples.ts';
import { MemorySeries, type SharedSamples } from '../storage/series.ts';
import type { Selection } from './reach.ts';

/** Some series with their samples, packed for another thread: compressed chunks stay compressed. */
export interface Parcel {
  readonly labels: readonly (readonly LabelPair[])[];
  /** For each series the number of its chunks and of its samples after them. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** For each chunk: first time, last time, samples, bytes. */
  readonly chunks: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The samples after the chunks, series by series: all times, then all values. */
  readonly open: Float64Array<ArrayBuffer>;
}

interface Taken {
  readonly labels: Labels;
  readonly samples: SharedSamples;
}

/** About a millisecond of copying. */
const parcelBytes = 1024 * 1024;

/**
 * What the selections hold at this instant, in parcels. Taking it costs a look at each series; the copying is done as
 * the parcels are asked for, and what is stored in between does not change them.
 */
export function takeSnapshot(head: Head, selections: readonly Selection[]): Iterable<Parcel> {
  const taken = new Map<MemorySeries, { minMs: number; maxMs: number }>();
  for (const { matchers, minMs, maxMs } of selections) {
    for (const series of head.index.match(matchers)) {
      const other = taken.get(series);
      if (other === undefined) taken.set(series, { minMs, maxMs });
      else {
        other.minMs = Math.min(other.minMs, minMs);
        other.maxMs = Math.max(other.maxMs, maxMs);
      }
    }
  }
  return parcels(
    [...taken]
      .sort(([a], [b]) => a.ref - b.ref)
      .map(([series, { minMs, maxMs }]) => ({ labels: series.labels, samples: series.share(minMs, maxMs) })),
  );
}

function* parcels(all: readonly Taken[]): Generator<Parcel> {
  let batch: Taken[] = [];
  let sizeBytes = 0;
  for (const series of all) {
    const { chunks, times } = series.samples;
    batch.push(series);
    sizeBytes += chunks.reduce((sum, { bytes }) => sum + bytes.length, times.length * 16 + 500);
    if (sizeBytes < parcelBytes) continue;
    yield pack(batch);
    batch = [];
    sizeBytes = 0;
  }
  if (batch.length > 0) yield pack(batch);
}

function pack(batch: readonly Taken[]): Parcel {
  const all = batch.flatMap(({ samples }) => samples.chunks);
  const chunks = new Float64Array(all.length * 4);
  const bytes = new Uint8Array(all.reduce((sum, chunk) => sum + chunk.bytes.length, 0));
  let at = 0;
  for (const [index, chunk] of all.entries()) {
    chunks.set([chunk.minMs, chunk.maxMs, chunk.count, chunk.bytes.length], index * 4);
    bytes.set(chunk.bytes, at);
    at += chunk.bytes.length;
  }
  const openSamples = batch.reduce((sum, { samples }) => sum + samples.times.length, 0);
  const open = new Float64Array(openSamples * 2);
  const counts = new Uint32Array(batch.length * 2);
  let sample = 0;
  for (const [index, { samples }] of batch.entries()) {
    counts.set([samples.chunks.length, samples.times.length], index * 2);
    open.set(samples.times, sample);
    open.set(samples.values, openSamples + sample);
    sample += samples.times.length;
  }
  return { labels: batch.map(({ labels }) => labels.pairs), counts, chunks, bytes, open };
}

/** A snapshot on the other side: the same series in the same order. */
export class Snapshot implements Queryable {
  readonly #index = new LabelIndex();
  #nextRef = 1;

  add({ labels, counts, chunks, bytes, open }: Parcel): void {
    const openSamples = open.length / 2;
    let chunk = 0;
    let byte = 0;
    let sample = 0;
    for (const [index, pairs] of labels.entries()) {
      const own = Array.from({ length: counts[index * 2]! }, () => {
        const [minMs, maxMs, count, length] = chunks.subarray(chunk * 4, ++chunk * 4);
        const from = byte;
        byte += length!;
        return { minMs: minMs!, maxMs: maxMs!, count: count!, bytes: bytes.subarray(from, byte) };
      });
      const from = sample;
      sample += counts[index * 2 + 1]!;
      const times = open.subarray(from, sample);
      const values = open.subarray(openSamples + from, openSamples + sample);
      this.#index.add(MemorySeries.of(this.#nextRef++, Labels.from(pairs), { chunks: own, times, values }));
    }
  }

  select(
    matchers: readonly Matcher[],
    minMs: number,
    maxMs: number,
    read?: (samples: number) => void,
  ): SeriesSamples[] {
    return selectSamples(this.#index, matchers, minMs, maxMs, read);
  }
}

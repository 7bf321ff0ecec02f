import { Head } from './head.ts';
import type { SeriesSamples } from './queryable.ts';
import { isStaleMarker } from './staleness.ts';

/** What samples cost in the storage, in bytes a sample. */
export interface BytesPerSample {
  /** The compressed samples alone, as Prometheus counts its chunks. */
  readonly compressed: number;
  /** With chunks' and series' own cost and the label index, as the retention by bytes counts. */
  readonly total: number;
}

/** Stores the series, seals their chunks and weighs them. */
export function measureBytesPerSample(all: readonly SeriesSamples[]): BytesPerSample {
  const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: Number.POSITIVE_INFINITY });
  let samples = 0;
  for (const { labels, timestamps, values } of all) {
    const series = head.series(labels);
    for (const [index, time] of timestamps.entries())
      head.load(series, time, values[index]!, isStaleMarker(values, index));
    samples += timestamps.length;
  }
  let compressed = 0;
  let total = 0;
  for (const series of head.index.all()) {
    series.seal();
    for (const chunk of series.chunks) compressed += chunk.bytes.length;
    total += series.sizeBytes;
  }
  return samples === 0
    ? { compressed: 0, total: 0 }
    : { compressed: compressed / samples, total: total / samples };
}

import type { Labels } from '../../labels/labels.ts';
import type { Matcher, Queryable, SeriesSamples } from '../../storage/queryable.ts';
import { setStaleMarker } from '../../storage/staleness.ts';
import type { SeriesLine } from './series-line.ts';
import { parseSeriesLine } from './series-line.ts';
import type { Line } from './test-file.ts';

interface Sample {
  readonly value: number | 'stale';
  readonly start: number;
}

/** What a test file has loaded: float samples by label set. Series with native histograms are remembered, not kept. */
export class TestStorage implements Queryable {
  readonly #samples = new Map<string, { labels: Labels; samples: Map<number, Sample> }>();
  #series: SeriesSamples[] | undefined;
  /** Metric names loaded with native histograms since the last clear. */
  readonly histogramNames = new Set<string>();

  clear(): void {
    this.#samples.clear();
    this.#series = undefined;
    this.histogramNames.clear();
  }

  /** Sample i of a line is at i steps after 1970. The same labels twice in one load: the last line wins. */
  load(stepMs: number, body: readonly Line[], nhcb: boolean): void {
    this.#series = undefined;
    const lines = new Map<string, SeriesLine>();
    let starts: SeriesLine | undefined;
    const startsOf = new Map<string, SeriesLine>();
    for (const { text } of body) {
      const line = parseSeriesLine(text);
      if (line.isStartTimes) {
        starts = line;
        continue;
      }
      lines.set(line.labels.key, line);
      if (starts !== undefined) startsOf.set(line.labels.key, starts);
      starts = undefined;
    }
    for (const [key, { labels, points }] of lines) {
      if (points.includes('histogram')) this.histogramNames.add(labels.get('__name__'));
      if (nhcb) this.histogramNames.add(labels.get('__name__').replace(/_(?:bucket|count|sum)$/, ''));
      const entry = this.#samples.get(key) ?? { labels, samples: new Map<number, Sample>() };
      const offsets = startsOf.get(key)?.points;
      for (const [index, point] of points.entries()) {
        if (point === undefined || point === 'histogram') continue;
        const offset = offsets?.[index];
        const start = typeof offset === 'number' ? index * stepMs + offset : Number.NaN;
        entry.samples.set(index * stepMs, { value: point, start });
      }
      this.#samples.set(key, entry);
    }
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesSamples[] {
    this.#series ??= [...this.#samples.values()].map(build);
    const found: SeriesSamples[] = [];
    for (const series of this.#series) {
      if (!matchers.every((matcher) => matcher.matches(series.labels.get(matcher.name)))) continue;
      const { timestamps } = series;
      const low = timestamps.findIndex((time) => time >= minMs);
      if (low < 0) continue;
      let high = timestamps.length;
      while (high > low && timestamps[high - 1]! > maxMs) high--;
      if (high === low) continue;
      found.push({
        labels: series.labels,
        timestamps: timestamps.subarray(low, high),
        values: series.values.subarray(low, high),
        startTimestamps: series.startTimestamps!.subarray(low, high),
      });
    }
    return found;
  }
}

function build({ labels, samples }: { labels: Labels; samples: Map<number, Sample> }): SeriesSamples {
  const ordered = [...samples].sort(([a], [b]) => a - b);
  const timestamps = Float64Array.from(ordered, ([time]) => time);
  const values = new Float64Array(ordered.length);
  for (const [index, [, { value }]] of ordered.entries()) {
    if (value === 'stale') setStaleMarker(values, index);
    else values[index] = value;
  }
  return {
    labels,
    timestamps,
    values,
    startTimestamps: Float64Array.from(ordered, ([, { start }]) => start),
  };
}

import type { LabelIndex } from './label-index.ts';
import type { Matcher, SeriesSamples } from './queryable.ts';
import { SampleArena } from './sample-arena.ts';

/** The matching series of an index with their samples of `[minMs, maxMs]`; `read` is told how many each has. */
export function selectSamples(
  index: LabelIndex,
  matchers: readonly Matcher[],
  minMs: number,
  maxMs: number,
  read?: (samples: number) => void,
): SeriesSamples[] {
  const found: SeriesSamples[] = [];
  const arena = new SampleArena();
  for (const series of index.match(matchers)) {
    if (!series.overlaps(minMs, maxMs)) continue;
    const samples = series.read(minMs, maxMs, arena);
    if (samples.timestamps.length === 0) continue;
    read?.(samples.timestamps.length);
    found.push(samples);
  }
  return found;
}

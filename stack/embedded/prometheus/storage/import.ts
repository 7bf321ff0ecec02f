import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Labels } from '../labels/labels.ts';
import { parseOpenMetrics } from '../scrape/exposition/open-metrics-parser.ts';
import { detached, parseSeries } from '../scrape/exposition/series-text.ts';
import type { Head } from './head.ts';
import type { MemorySeries } from './series.ts';

/** Loads OpenMetrics text with timestamps, of any age. Returns the number of samples. */
export function importOpenMetrics(head: Head, text: string): number {
  const known = new Map<string, MemorySeries>();
  const { samples } = parseOpenMetrics(text);
  for (const sample of samples) {
    let series = known.get(sample.series);
    if (series === undefined) {
      series = head.series(Labels.from(parseSeries(detached(sample.series))));
      known.set(sample.series, series);
    }
    if (sample.timeMs === undefined)
      throw new Error(`expected timestamp for series ${sample.series}, got none`);
    head.load(series, sample.timeMs, sample.value);
  }
  return samples.length;
}

/** Loads a file as `importOpenMetrics` does; a name ending in `.gz` is unpacked. */
export function importFile(head: Head, path: string): number {
  const bytes = readFileSync(path);
  return importOpenMetrics(head, (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

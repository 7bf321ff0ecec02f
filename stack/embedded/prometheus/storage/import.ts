import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Labels } from '../labels/labels.ts';
import { normalizeFloatLabels } from '../scrape/exposition/float-label.ts';
import { parseOpenMetrics } from '../scrape/exposition/open-metrics-parser.ts';
import { detached, parseSeries } from '../scrape/exposition/series-text.ts';
import type { Head } from './head.ts';
import type { MemorySeries } from './series.ts';

/** How much text is parsed at a time: the samples of a large file would fill the memory as objects. */
const pieceBytes = 8 * 1024 * 1024;

/** Loads a file of OpenMetrics text with timestamps, of any age; a name ending in `.gz` is unpacked. Returns the number of samples. */
export function importFile(head: Head, path: string): number {
  const file = readFileSync(path);
  const bytes = path.endsWith('.gz') ? gunzipSync(file) : file;
  const known = new Map<string, MemorySeries>();
  let count = 0;
  for (let from = 0; from < bytes.length; ) {
    const lineEnd = bytes.indexOf('\n', from + pieceBytes);
    const to = from + pieceBytes >= bytes.length || lineEnd === -1 ? bytes.length : lineEnd + 1;
    const text = bytes.toString('utf8', from, to);
    count += importText(head, to === bytes.length ? text : `${text}# EOF\n`, known);
    from = to;
  }
  return count;
}

function importText(head: Head, text: string, known: Map<string, MemorySeries>): number {
  const { samples, failure } = parseOpenMetrics(text);
  if (failure !== undefined) throw failure;
  for (const sample of samples) {
    let series = known.get(sample.series);
    if (series === undefined) {
      const own = detached(sample.series);
      series = head.series(Labels.from(normalizeFloatLabels(parseSeries(own), sample.type)));
      known.set(own, series);
    }
    if (sample.timeMs === undefined)
      throw new Error(`expected timestamp for series ${sample.series}, got none`);
    head.load(series, sample.timeMs, sample.value);
  }
  return samples.length;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseLogQuery } from '../logql/parser.ts';
import { LineLabels } from './line-labels.ts';
import { compilePipeline, runStages } from './pipeline.ts';

type Labels = Record<string, string>;
interface Recorded {
  query: string;
  line: string;
  stream: Labels;
  metadata: Labels;
  error?: string;
  kept?: { line: string; stream: Labels; metadata: Labels; parsed: Labels } | null;
}

/** What the pipeline of Loki 3.7 made of single lines: parsers, filters and formats, with and without metadata. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/recorded.json'), 'utf8'),
) as Recorded[];

test.each(recorded)('$query over $line', ({ query, line, stream, metadata, error, kept }) => {
  const run = (): Recorded['kept'] => {
    const { lineFilters, stages } = compilePipeline(parseLogQuery(query));
    expect(lineFilters).toEqual([]);
    const labels = new LineLabels();
    const entries = Object.entries(stream).sort();
    labels.reset({ entries, map: new Map(entries), text: '' }, new Map(Object.entries(metadata)));
    const left = runStages(stages, line, labels, { seconds: 0, nanoseconds: 0 });
    if (left === undefined) return null;
    const layer = (category: 'stream' | 'metadata' | 'parsed') => Object.fromEntries(labels.layer(category));
    return { line: left, stream: layer('stream'), metadata: layer('metadata'), parsed: layer('parsed') };
  };
  if (error === undefined) expect(run()).toEqual(kept);
  else expect(run).toThrow(error);
});

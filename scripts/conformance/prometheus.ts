import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { replayQueries } from './prometheus/queries.ts';
import { replayRecordings } from './prometheus/recordings.ts';
import { type Outcome, Tally } from './tally.ts';

/**
 * The embedded Prometheus over HTTP against recordings of the real one. A path is a folder with recorded requests
 * (`NNN-name.json` beside `prometheus.yml` and `rules.yml`), a folder with a data set and queries, or one recording.
 */
export async function run(paths: readonly string[]): Promise<Outcome> {
  const tally = new Tally();
  for (const path of paths) {
    if (statSync(path).isFile()) {
      tally.merge(await replayRecordings(dirname(path), [basename(path)]));
      continue;
    }
    for (const folder of [path, join(path, 'queries')]) {
      if (existsSync(join(folder, 'expected.ndjson.gz'))) tally.merge(await replayQueries(folder));
    }
    const recordings = readdirSync(path)
      .filter((name) => /^\d+-.*\.json$/.test(name))
      .sort();
    if (recordings.length > 0) tally.merge(await replayRecordings(path, recordings));
  }
  return tally;
}

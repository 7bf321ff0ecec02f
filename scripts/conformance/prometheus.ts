import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Outcome } from './main.ts';
import { replayQueries } from './prometheus/queries.ts';
import { replayRecordings } from './prometheus/recordings.ts';

/**
 * The embedded Prometheus over HTTP against recordings of the real one. A path is a folder with recorded requests
 * (`NNN-name.json` beside `prometheus.yml` and `rules.yml`), a folder with a data set and queries, or one recording.
 */
export async function run(paths: readonly string[]): Promise<Outcome> {
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  const add = (outcome: Outcome): void => {
    passed += outcome.passed;
    skipped += outcome.skipped;
    failures.push(...outcome.failures);
  };
  for (const path of paths) {
    if (statSync(path).isFile()) {
      add(await replayRecordings(dirname(path), [basename(path)]));
      continue;
    }
    for (const folder of [path, join(path, 'queries')]) {
      if (existsSync(join(folder, 'expected.ndjson.gz'))) add(await replayQueries(folder));
    }
    const recordings = readdirSync(path)
      .filter((name) => /^\d+-.*\.json$/.test(name))
      .sort();
    if (recordings.length > 0) add(await replayRecordings(path, recordings));
  }
  return { passed, failures, skipped };
}

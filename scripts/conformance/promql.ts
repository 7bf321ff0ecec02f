import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { runTest } from '../../stack/embedded/prometheus/promql/promqltest/run-test.ts';
import { type Outcome, Tally } from './tally.ts';

/** Files in Prometheus's own test language against the embedded engine; cases with native histograms are skipped. */
export function run(files: readonly string[]): Promise<Outcome> {
  const tally = new Tally();
  for (const file of files) {
    const name = basename(file);
    try {
      const { passed, skipped, failures } = runTest(readFileSync(file, 'utf8'));
      tally.passed += passed;
      for (const line of skipped) {
        tally.skip(`${name}:${line}`, 'native histograms, which the embedded engine does not have');
      }
      for (const failure of failures) tally.failures.push(`${name}:${failure}`);
    } catch (error) {
      tally.failures.push(`${name}:1: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return Promise.resolve(tally);
}

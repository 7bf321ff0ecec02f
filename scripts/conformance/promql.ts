import { readFileSync } from 'node:fs';
import { runTest } from '../../stack/embedded/prometheus/promql/promqltest/run-test.ts';
import type { Outcome } from './main.ts';

/** Files in Prometheus's own test language against the embedded engine; cases with native histograms are skipped. */
export function run(files: readonly string[]): Promise<Outcome> {
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  for (const file of files) {
    try {
      const outcome = runTest(readFileSync(file, 'utf8'));
      passed += outcome.passed;
      skipped += outcome.skipped;
      failures.push(...outcome.failures.map((failure) => `${file}:${failure}`));
    } catch (error) {
      failures.push(`${file}:1: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return Promise.resolve({ passed, failures, skipped });
}

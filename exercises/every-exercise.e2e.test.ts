import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exerciseIds } from '../lab/exercise/model/load-exercises.ts';
import type { RunReport } from '../lab/exercise/report/report.ts';
import { schemaProblem } from '../lab/exercise/report/write-report.ts';
import { expectProven } from '../lab/exercise/testing/expect-proven.ts';
import { type CliResult, LabCli } from '../lab/exercise/testing/lab-cli.ts';
import { projectRoot } from '../lab/root.ts';

describe('every exercise, unattended, one after the other on one lab', () => {
  const cli = new LabCli('every');
  let result: CliResult;
  let report: RunReport;
  beforeAll(async () => {
    result = await cli.run('ci', 'all', '--report', cli.directory);
    report = JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8'));
  }, 2_400_000);
  afterAll(() => cli.remove());

  it.each(exerciseIds(projectRoot))('%s is proven', (id) => {
    const exercise = report.exercises.find((one) => one.id === id);
    expectProven(id, exercise?.acts ?? []);
    expect(exercise?.outcome).toBe('passed');
    expect(result.stdout).toContain(`✓ ${id}: passed`);
  });

  it('ends with 0 and a report that meets its schema, in three forms, and leaves no lab behind', () => {
    expect(result.code).toBe(0);
    expect(schemaProblem(report)).toBeUndefined();
    expect(report.peakMemoryBytes).toBeGreaterThan(100e6);
    expect(readFileSync(join(cli.directory, 'junit.xml'), 'utf8')).not.toMatch(/(?:failures|errors)="[1-9]/);
    expect(readFileSync(join(cli.directory, 'summary.md'), 'utf8')).toContain('# Break & Observe: passed');
    // It started the lab itself, so that nothing of it is left.
    expect(existsSync(cli.paths.directory)).toBe(false);
  });
});

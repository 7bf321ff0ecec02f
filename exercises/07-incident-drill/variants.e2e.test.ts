import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unattendedSeed, variantOf } from '../../lab/exercise/model/variant.ts';
import type { RunReport } from '../../lab/exercise/report/report.ts';
import { expectProven } from '../../lab/exercise/testing/expect-proven.ts';
import { LabCli } from '../../lab/exercise/testing/lab-cli.ts';
import drill from './exercise.ts';

const cli = new LabCli('variants');
afterAll(() => cli.remove());

// The variant of the seed that is taken without one is run with all other exercises.
const seeds = drill.variants!.map((_, index) => unattendedSeed + index).slice(1);

it.each(seeds)(
  'the variant of seed %d is proven, and named in the report',
  async (seed) => {
    const { code, stdout } = await cli.run('ci', '07', '--seed', String(seed), '--report', cli.directory);
    const { id: variant } = variantOf(drill.variants!, seed);
    expect(stdout).toContain(`✓ 07-incident-drill: passed`);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8')) as RunReport;
    const [exercise] = report.exercises;
    expect(exercise).toMatchObject({ seed, variant });
    expectProven(drill.id, exercise!.acts);
  },
  600_000,
);

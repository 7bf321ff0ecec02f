import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../lab/exercise/report/report.ts';
import { expectProven } from '../lab/exercise/testing/expect-proven.ts';
import { LabCli } from '../lab/exercise/testing/lab-cli.ts';

/** Whether the real servers are on the PATH; where `LAB_REQUIRE_NATIVE=1` says so, their absence is a failure. */
async function nativeMissing(): Promise<string | undefined> {
  for (const binary of ['prometheus', 'prometheus-alertmanager']) {
    try {
      await promisify(execFile)(binary, ['--version']);
    } catch (error) {
      if (process.env.LAB_REQUIRE_NATIVE === '1') throw error;
      return `${binary} is not installed`;
    }
  }
  return undefined;
}
/** The Docker tests run the others on the real servers; this one has burn rates, a release and a rule that is edited. */
const exercises = ['03-slo-burn'];
const missing = await nativeMissing();
if (missing !== undefined) process.stderr.write(`The run on the real servers is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('exercises with --native', () => {
  const cli = new LabCli('native');
  afterAll(() => cli.remove());

  it('is proven on the real Prometheus and Alertmanager as it does on the embedded ones', async () => {
    expect((await cli.run('up', '--native')).code).toBe(0);
    const { urls } = JSON.parse((await cli.run('urls', '--json')).stdout) as {
      urls: { component: string; url: string }[];
    };
    const urlOf = (id: string): string => urls.find(({ component }) => component === id)?.url ?? '';
    const build = (await (await fetch(`${urlOf('prometheus')}/api/v1/status/buildinfo`)).json()) as {
      data: { version: string; goVersion: string };
    };
    expect(build.data.version).not.toMatch(/-embedded$/);
    expect(build.data.goVersion).toMatch(/^go1/);
    const status = (await (await fetch(`${urlOf('alertmanager')}/api/v2/status`)).json()) as {
      versionInfo: { version: string };
    };
    expect(status.versionInfo.version).not.toMatch(/-embedded$/);

    const { code, stdout } = await cli.run('ci', ...exercises, '--report', cli.directory);
    for (const id of exercises) expect(stdout).toContain(`✓ ${id}: passed`);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8')) as RunReport;
    for (const { id, acts } of report.exercises) expectProven(id, acts);
  }, 1_200_000);
});

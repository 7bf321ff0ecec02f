import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeUnusedImages } from '../../runtime/docker/removal.ts';
import { dockerMissing, engineSnapshot } from '../../runtime/docker/test-engine.ts';
import type { RunReport } from '../report/report.ts';
import { expectProven } from '../testing/expect-proven.ts';
import { LabCli } from '../testing/lab-cli.ts';

const missing = await dockerMissing();
if (missing !== undefined) process.stderr.write(`Docker tests are skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('on the Docker runtime', () => {
  const cli = new LabCli('docker', { LAB_RUNTIME: 'docker' });
  let before: Record<string, string[]>;
  beforeAll(async () => {
    await removeUnusedImages(new Docker());
    before = await engineSnapshot();
  });
  afterAll(() => cli.remove());

  // One of each kind: a fault in a service, a release and the rules, files that are edited, spans that are decided on,
  // alerts that are routed, a database that is lost. A replica that is lost has tests of its own.
  const exercises = [
    '01-high-latency',
    '03-slo-burn',
    '04-log-volume',
    '05-trace-sampling',
    '06-alert-fatigue',
    '07-incident-drill',
  ];
  test(`${exercises.join(', ')} are proven on the official interfaces, and nothing is left in the engine`, async () => {
    const { code, stdout } = await cli.run('ci', ...exercises, '--report', cli.directory);
    for (const id of exercises) expect(stdout).toContain(`✓ ${id}: passed`);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8')) as RunReport;
    for (const { id, acts, runtime } of report.exercises) {
      expect(runtime).toBe('docker');
      expectProven(id, acts);
    }
    expect(await engineSnapshot()).toEqual(before);
  }, 2_400_000);

  test('a killed command leaves a fault that heal reverts, and down removes the rest', async () => {
    expect((await cli.run('up')).code).toBe(0);
    const { child, ended, line } = cli.start(['ci', '01-high-latency', '--report', cli.directory]);
    await line(/^ {2}observe: /m);
    child.kill('SIGKILL');
    await ended;
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);
    expect((await cli.run('heal')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
  });

  test('a replica is cut off the network by hand, and heal joins it again', async () => {
    const broken = await cli.run('break', 'partition', '--target', 'api-2');
    expect(broken).toMatchObject({ code: 0 });
    const stateOf = async (): Promise<unknown> => {
      const { components } = JSON.parse((await cli.run('status', '--json')).stdout) as {
        components: { id: string; ready: boolean }[];
      };
      return components.find(({ id }) => id === 'api-2')?.ready;
    };
    expect(await stateOf()).toBe(false);
    expect((await cli.run('heal')).code).toBe(0);
    // Joined again it answers at once; then it finds its connections to the database dead, and for a probe or two says
    // that it is not ready. What has to hold is that it comes back by itself.
    const deadline = Date.now() + 20_000;
    while ((await stateOf()) !== true && Date.now() < deadline) await sleep(250);
    expect(await stateOf()).toBe(true);
    expect((await cli.run('down')).code).toBe(0);
    expect(await engineSnapshot()).toEqual(before);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../process/identity.ts';
import { LabCli } from '../testing/lab-cli.ts';

const cli = new LabCli('interrupt');
beforeAll(async () => {
  expect((await cli.run('up')).code).toBe(0);
});
afterAll(() => cli.remove());

/** An unattended run, at the point where the fault is active and the observe checks look for it. */
async function runUntilBroken(): Promise<ReturnType<LabCli['start']>> {
  const running = cli.start(['ci', '01-high-latency', '--report', cli.directory]);
  await running.line(/^ {2}observe: /m);
  expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);
  return running;
}

const traffic = (): { pid: number; startTime: string } =>
  JSON.parse(readFileSync(join(cli.paths.directory, 'traffic.json'), 'utf8'));

describe('a run that is interrupted in its broken phase', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: reverts and stops its traffic before it ends with 130',
    async (signal) => {
      const { child, ended } = await runUntilBroken();
      const sender = traffic();
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining('LAB_INTERRUPTED') });
      expect(await cli.activeFaults()).toEqual([]);
      expect(isAlive(sender)).toBe(false);
      expect(JSON.parse(readFileSync(cli.paths.faultsFile, 'utf8')).faults).toEqual([]);
    },
  );

  it('SIGKILL: its traffic ends with it, and the next command that starts work heals', async () => {
    const { child, ended } = await runUntilBroken();
    const sender = traffic();
    child.kill('SIGKILL');
    await ended;
    // Nobody could revert it: the journal knows, and the target would end it by itself.
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);
    for (let round = 0; isAlive(sender) && round < 100; round += 1) await sleep(50);
    expect(isAlive(sender)).toBe(false);
    const next = await cli.run('up');
    expect(next.stderr).toContain('Healed: every query of api-1 takes 500 ms longer');
    expect(next.code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
  });

  it('SIGKILL with a damaged journal: the targets are asked', async () => {
    const { child, ended } = await runUntilBroken();
    child.kill('SIGKILL');
    await ended;
    writeFileSync(cli.paths.faultsFile, '{"version":1,"faults":[{"id":"slow-q');
    expect((await cli.run('heal')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
  });
});

describe('a fault inside a service', () => {
  it('ends by its time to live though no command follows', async () => {
    expect(
      (await cli.run('break', 'slow-queries', 'delayMs=300', '--target', 'api-2', '--for', '3s')).code,
    ).toBe(0);
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-2']);
    await sleep(3_000);
    expect(await cli.activeFaults()).toEqual([]);
  });
});

describe('what is broken by hand', () => {
  it('stays for commands that start work, and goes with heal', async () => {
    expect((await cli.run('break', 'latency', 'delayMs=50', '--target', 'api-3')).code).toBe(0);
    expect((await cli.run('break', 'stop', '--target', 'api-2')).code).toBe(0);
    expect(await cli.run('break', 'errors', 'rate=7')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('LAB_FAULT_INVALID: rate=7'),
    });
    const healed = JSON.parse((await cli.run('heal', '--json')).stdout) as { reverted: { id: string }[] };
    expect(healed.reverted.map((one) => one.id).sort()).toEqual(['latency@api-3', 'stop@api-2']);
    expect(await cli.activeFaults()).toEqual([]);
    expect(existsSync(cli.paths.faultsFile)).toBe(true);
    expect((await cli.run('heal')).stdout).toContain('Nothing is broken.');
  });
});

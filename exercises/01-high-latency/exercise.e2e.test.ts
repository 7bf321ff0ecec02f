import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../lab/exercise/report.ts';
import { LabCli } from '../../lab/exercise/testing/lab-cli.ts';
import { schemaProblem } from '../../lab/exercise/write-report.ts';

const pillars = ['metrics', 'logs', 'traces', 'alerts'];

describe('exercise 01, unattended', () => {
  const cli = new LabCli('ci');
  afterAll(() => cli.remove());

  const readReport = (): RunReport => JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8'));

  it('proves the break, its detection and the recovery, and leaves no lab behind', async () => {
    const { code, stdout } = await cli.run('ci', '01-high-latency', '--report', cli.directory);
    expect(stdout).toContain('✓ 01-high-latency: passed');
    expect(code).toBe(0);

    const report = readReport();
    expect(schemaProblem(report)).toBeUndefined();
    expect(report.outcome).toBe('passed');
    const [exercise] = report.exercises;
    const phase = (name: string) => exercise!.checks.filter((check) => check.phase === name);
    expect(new Set(phase('control').map((check) => check.verdict))).toEqual(new Set(['failed']));
    expect(new Set(phase('observe').map((check) => check.verdict))).toEqual(new Set(['passed']));
    expect(new Set(phase('recover').map((check) => check.verdict))).toEqual(new Set(['passed']));
    for (const pillar of pillars) {
      expect(phase('control').some((check) => check.pillar === pillar)).toBe(true);
      expect(phase('observe').some((check) => check.pillar === pillar)).toBe(true);
    }
    // Whatever is evidence of the break has been through the control.
    const evidence = phase('observe').filter((check) => !check.invariant && check.id !== 'detection-time');
    expect(evidence.map((check) => check.id).sort()).toEqual(
      phase('control')
        .map((check) => check.id)
        .sort(),
    );
    expect(exercise!.tasks.length).toBeGreaterThanOrEqual(5);
    expect(
      exercise!.tasks.every((task) => task.wrongAnswerRejected === true && task.solverAccepted === true),
    ).toBe(true);
    expect(exercise!.decoys.map((decoy) => [decoy.id, decoy.rejected])).toEqual([
      ['restart-another', true],
      ['latency-on-another', true],
      ['stop-traffic', true],
    ]);
    expect(exercise!.detection!.actualMs!).toBeLessThanOrEqual(1.5 * exercise!.detection!.limitMs);
    expect(exercise!.traffic.requests).toBeGreaterThan(1000);
    expect(report.peakMemoryBytes).toBeGreaterThan(100e6);
    expect(readFileSync(join(cli.directory, 'junit.xml'), 'utf8')).toContain('failures="0" errors="0"');
    expect(readFileSync(join(cli.directory, 'summary.md'), 'utf8')).toContain('# Break & Observe: passed');
    // It started the lab itself, so that nothing of it is left.
    expect(existsSync(cli.paths.directory)).toBe(false);
  });

  it('fails without the fault, and says which checks saw what', async () => {
    const running = cli.start(['ci', '01-high-latency', '--report', cli.directory], {
      LAB_TEST_DISABLE_FAULT: '1',
    });
    const { code, stdout } = await running.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✗ p95 of api-1 exceeds 400 ms: observed [\d.]+ ms, expected at least 400 ms within \d+ s\. Look: http.* Next: /,
    );
    const report = readReport();
    expect(schemaProblem(report)).toBeUndefined();
    expect(report.outcome).toBe('failed');
    const [exercise] = report.exercises;
    const observe = exercise!.checks.filter((check) => check.phase === 'observe' && !check.invariant);
    expect(new Set(observe.map((check) => check.verdict))).toEqual(new Set(['failed']));
    for (const check of observe) expect([check.id, check.observed, check.expected]).not.toContain(null);
    expect(exercise!.decoys.every((decoy) => decoy.rejected === null)).toBe(true);
  });
});

describe('exercise 01, step by step', () => {
  const cli = new LabCli('learner');
  beforeAll(async () => {
    expect((await cli.run('exercise', 'start', '01')).code).toBe(0);
  });
  afterAll(() => cli.remove());

  it('is led from the break to the recovery, each step a command of its own', async () => {
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);
    const check = await cli.run('exercise', 'check');
    expect(check.stdout).toContain('The break is seen in every pillar.');
    expect(check.code).toBe(0);

    const wrong = await cli.run('exercise', 'answer', 'which-replica', 'api-2');
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ which-replica') });
    const hint = await cli.run('exercise', 'hint', 'which-replica');
    expect(hint.stdout).toContain('which-replica, hint 1 of 3:');
    expect((await cli.run('exercise', 'hint', 'which-replica')).stdout).toContain('hint 2 of 3:');
    expect((await cli.run('exercise', 'answer', 'which-replica', 'a')).code).toBe(0);
    for (const task of ['which-span', 'trace-id', 'mean-and-p95', 'why-the-mean-misleads', 'own-query']) {
      const { solution } = JSON.parse((await cli.run('exercise', 'solve', task, '--json')).stdout) as {
        solution: string;
      };
      expect(await cli.run('exercise', 'answer', task, solution)).toMatchObject({ code: 0 });
    }
    const [listed] = JSON.parse((await cli.run('exercise', 'list', '--json')).stdout).exercises;
    expect(listed).toMatchObject({ id: '01-high-latency', phase: 'tasks', tasksAnswered: 6, tasks: 6 });

    // An open exercise's fault is wanted: a command that starts work leaves it.
    expect((await cli.run('up')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);

    expect((await cli.run('exercise', 'fix')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
    const recovery = await cli.run('exercise', 'check');
    expect(recovery.stdout).toContain('The steady state is back: done.');
    expect(recovery.code).toBe(0);
    expect(existsSync(join(cli.paths.directory, 'traffic.json'))).toBe(false);
    expect((await cli.run('exercise', 'fix')).stderr).toContain('LAB_EXERCISE_NONE_OPEN');
    expect((await cli.run('exercise', 'fix', '01-high-latency')).stderr).toContain('LAB_EXERCISE_PHASE');
    expect((await cli.run('exercise', 'reset', '01-high-latency')).code).toBe(0);
  });
});

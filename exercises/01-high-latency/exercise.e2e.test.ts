import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../lab/exercise/report/report.ts';
import { schemaProblem } from '../../lab/exercise/report/write-report.ts';
import { LabCli } from '../../lab/exercise/testing/lab-cli.ts';

describe('exercise 01, unattended and without its fault', () => {
  const cli = new LabCli('nofault');
  afterAll(() => cli.remove());

  it('fails, and says which checks saw what', async () => {
    const running = cli.start(['ci', '01-high-latency', '--report', cli.directory], {
      LAB_TEST_DISABLE_FAULT: '1',
    });
    const { code, stdout } = await running.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✗ p95 of api-1 exceeds 400 ms: observed [\d.]+ ms, expected at least 400 ms within \d+ s\. Look: http.* Next: /,
    );
    const report = JSON.parse(readFileSync(join(cli.directory, 'report.json'), 'utf8')) as RunReport;
    expect(schemaProblem(report)).toBeUndefined();
    expect(report.outcome).toBe('failed');
    const [act] = report.exercises[0]!.acts;
    const observe = act!.checks.filter((check) => check.phase === 'observe');
    expect(new Set(observe.map((check) => check.verdict))).toEqual(new Set(['failed']));
    for (const check of observe) expect([check.id, check.observed, check.expected]).not.toContain(null);
    expect(act!.decoys.every((decoy) => decoy.rejected === null)).toBe(true);
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
    for (const task of ['which-span', 'trace-id', 'mean-and-p95', 'own-query']) {
      const { solution } = JSON.parse((await cli.run('exercise', 'solve', task, '--json')).stdout) as {
        solution: string;
      };
      expect(await cli.run('exercise', 'answer', task, solution)).toMatchObject({ code: 0 });
    }
    const [listed] = JSON.parse((await cli.run('exercise', 'list', '--json')).stdout).exercises;
    expect(listed).toMatchObject({ id: '01-high-latency', phase: 'tasks', tasksAnswered: 5, tasks: 5 });

    // An open exercise's fault is wanted: a command that starts work leaves it.
    expect((await cli.run('up')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual(['slow-queries@api-1']);

    const where = await cli.run('exercise');
    expect(where.stdout).toContain('01-high-latency: tasks.');
    expect(where.stdout).toContain('npm run lab -- exercise fix');

    // A repair that the exercise did not foresee: the replica is killed, and started again by hand.
    expect((await cli.run('break', 'kill', '--target', 'api-1')).code).toBe(0);
    expect((await cli.run('up')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
    const recovery = await cli.run('exercise', 'check');
    expect(recovery.stdout).toContain('It is repaired: checking the recovery.');
    expect(recovery.stdout).toContain('The steady state is back: done.');
    // A wrong answer and two hints leave a quarter of one task; four solutions were shown; the repair was in time.
    expect(recovery.stdout).toContain('Score: 34 of 100\n');
    expect(recovery.stdout).toMatch(/which-replica +4 of 14 +1 wrong answer, 2 hints/);
    expect(recovery.code).toBe(0);
    expect(existsSync(join(cli.paths.directory, 'traffic.json'))).toBe(false);
    expect((await cli.run('exercise', 'fix')).stderr).toContain('LAB_EXERCISE_NONE_OPEN');
    expect((await cli.run('exercise', 'fix', '01-high-latency')).stderr).toContain('LAB_EXERCISE_PHASE');
    expect((await cli.run('exercise', 'reset', '01-high-latency')).code).toBe(0);
    expect(JSON.parse((await cli.run('exercise', 'list', '--json')).stdout).exercises[0]).toMatchObject({
      phase: 'not begun',
      scores: { times: 1, last: { points: 34 }, best: { points: 34 } },
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCli } from '../../lab/exercise/testing/lab-cli.ts';

describe('exercise 02, step by step', () => {
  const cli = new LabCli('outage');
  beforeAll(async () => {
    expect((await cli.run('exercise', 'start', '02')).code).toBe(0);
  });
  afterAll(() => cli.remove());

  const solve = async (task: string): Promise<void> => {
    const { stdout } = await cli.run('exercise', 'solve', task, '--json');
    const { solution } = JSON.parse(stdout) as { solution: string };
    const answered = await cli.run('exercise', 'answer', task, solution);
    expect(answered.code, answered.stdout).toBe(0);
  };

  const stateOf = async (id: string): Promise<string | undefined> => {
    const { components } = JSON.parse((await cli.run('status', '--json')).stdout) as {
      components: { id: string; state: string }[];
    };
    return components.find((one) => one.id === id)?.state;
  };

  it('leads from the stopped replica to the hanging one, each repaired by hand', async () => {
    expect((await cli.run('exercise', 'check')).stdout).toContain('The break is seen in every pillar.');
    for (const task of ['which-replica', 'since-when', 'shares-now']) await solve(task);
    expect(await cli.run('exercise', 'answer', 'bring-back')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('api-2 is stopped'),
    });
    // Nothing of the exercise does this: `up` starts what is missing.
    expect((await cli.run('up')).code).toBe(0);
    expect((await cli.run('exercise', 'answer', 'bring-back')).code).toBe(0);
    const recovered = await cli.run('exercise', 'check');
    expect(recovered.stdout).toContain('The steady state is back. Next act: A replica hangs.');

    expect((await cli.run('exercise', 'start')).code).toBe(0);
    expect(await stateOf('api-2')).toBe('paused');
    expect((await cli.run('exercise', 'check')).stdout).toContain('The break is seen in every pillar.');
    for (const task of ['tells-hanging', 'what-is-hidden']) await solve(task);
    expect((await cli.run('up')).code).toBe(0);
    expect((await cli.run('exercise', 'answer', 'wake-it')).code).toBe(0);
    const done = await cli.run('exercise', 'check');
    expect(done.stdout).toContain('The steady state is back: done.');
    expect(done.code).toBe(0);
  });
});

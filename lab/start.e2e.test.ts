import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { projectRoot } from './root.ts';

const main = join(projectRoot, 'dist', 'lab', 'main.js');
const environment = { LAB_NAME: `start-${process.pid}`, NO_COLOR: '1' };
const shell = (script: string) =>
  execa('sh', ['-c', script, 'sh', process.execPath, main], {
    env: environment,
    cwd: projectRoot,
    reject: false,
  });

beforeAll(async () => {
  const { build } = (await import('../scripts/build.mjs' as string)) as { build(): Promise<boolean> };
  await build();
});

test.runIf(process.platform === 'linux').each([20, 128, 511])(
  'with ulimit -n %i the lab says in one line that it needs more',
  async (limit) => {
    const { exitCode, stderr } = await shell(`ulimit -n ${limit}; "$1" "$2" up`);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      `LAB_OPEN_FILES: Only ${limit} files may be open at a time here, the lab needs 512. Raise the limit: ulimit -n 1024`,
    );
  },
);

test.runIf(existsSync('/dev/full')).each(['--help', 'status', 'doctor --json'])(
  'output of "%s" to a full device is one line and exit code 2, no stack',
  async (args) => {
    const { exitCode, stderr } = await shell(`"$1" "$2" ${args} >/dev/full`);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'LAB_OUTPUT_LOST: The output could not be written (ENOSPC); the command itself has done its work. Make room, or send the output elsewhere.',
    );
    expect((await shell(`"$1" "$2" ${args} >/dev/full 2>/dev/full`)).exitCode).toBe(2);
  },
);

test('whoever reads may stop reading', async () => {
  expect((await shell('"$1" "$2" doctor | head -1; exit 0')).stderr).toBe('');
});

test('npm runs the lab where it leaves out pre-scripts', async () => {
  const { exitCode, stdout } = await execa('npm', ['run', '-s', '--ignore-scripts', 'lab', '--', 'status'], {
    env: environment,
    cwd: projectRoot,
    reject: false,
  });
  expect(stdout).toContain('is not running');
  expect(exitCode).toBe(0);
});

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProcess, type ProcessIdentity } from './identity.ts';
import { spawnRecorded } from './recorded-spawn.ts';
import { processesOf, signalProcesses } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-spawn-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

test('the process that was noted becomes the program', async () => {
  const seen: ProcessIdentity[] = [];
  const { child, identity } = await spawnRecorded(
    process.execPath,
    ['-e', `require('fs').writeFileSync('out', String(process.pid))`],
    { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] },
    (noted) => seen.push(noted),
  );
  expect(seen).toEqual([identity]);
  await once(child, 'exit');
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(String(identity.pid));
});

test('a program whose note cannot be written never runs', async () => {
  const start = spawnRecorded(
    'touch',
    ['ran'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] },
    () => {
      throw new Error('the disk is full');
    },
  );
  await expect(start).rejects.toThrow('the disk is full');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});

test('what cannot be started says why', async () => {
  const where = { cwd: join(folder, 'missing'), stdio: ['ignore', 'ignore', 'ignore'] as const };
  await expect(
    spawnRecorded('touch', ['ran'], { ...where, stdio: [...where.stdio] }, () => {}),
  ).rejects.toThrow(/^touch could not be started: .*(missing|ENOENT)/s);
});

test('a command that is killed between the start of a process and its note leaves no process', async () => {
  const script = `
    const { spawnRecorded } = await import(${JSON.stringify(join(import.meta.dirname, 'recorded-spawn.ts'))});
    const options = { cwd: ${JSON.stringify(folder)}, stdio: ['ignore', 'ignore', 'ignore'] };
    spawnRecorded('touch', ['ran'], options, ({ pid }) => {
      process.getBuiltinModule('node:fs').writeSync(1, String(pid));
      process.kill(process.pid, 'SIGKILL');
    });`;
  const killed = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(killed.stdout, 'data')) as [Buffer];
  await once(killed, 'exit');
  expect(killed.signalCode).toBe('SIGKILL');
  await until(() => findProcess(Number(output.toString())) === undefined);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});

test.runIf(process.platform === 'linux')('one’s own are found by what they run and where', async () => {
  const sleep = execFileSync('sh', ['-c', 'readlink -f "$(command -v sleep)"'], { encoding: 'utf8' }).trim();
  const there = spawn(sleep, ['60'], { cwd: folder, stdio: 'ignore' });
  const named = spawn('sh', ['-c', 'read x; exec "$@"', 'sh', sleep, `--pgdata=${folder}.new`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const strangers = [
    spawn(sleep, ['60'], { stdio: 'ignore' }),
    spawn('sh', ['-c', 'read x', 'sh', `${folder}-2`, sleep], { stdio: ['pipe', 'ignore', 'ignore'] }),
    spawn('sh', ['-c', 'read x'], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] }),
  ];
  try {
    await until(() => processesOf(folder, [sleep]).length >= 2);
    const found = processesOf(folder, [sleep]);
    expect(found.map(({ pid }) => pid).toSorted()).toEqual([there.pid, named.pid].toSorted());
    signalProcesses(found, 'SIGKILL');
  } finally {
    for (const child of [there, named, ...strangers]) child.kill('SIGKILL');
  }
});

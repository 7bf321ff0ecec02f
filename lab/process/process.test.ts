import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { findProcess, fromPs, isAlive } from './identity.ts';
import { processTree, signalProcesses } from './tree.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
const start = (command: string, args: string[]): ChildProcess => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
};

test('a process is known by its number and its start time', async () => {
  const child = start('sleep', ['60']);
  const identity = findProcess(child.pid!)!;
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, startTime: 'another' })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
  expect(findProcess(child.pid!)).toBeUndefined();
});

test('a recycled PID is never signalled', async () => {
  const stranger = start('sleep', ['60']);
  signalProcesses(
    [{ pid: stranger.pid!, startTime: 'of the process that had this number before' }],
    'SIGKILL',
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
});

test('ps tells the same process as /proc does', () => {
  const [entry] = fromPs(['-p', String(process.pid)]);
  expect(entry).toMatchObject({ pid: process.pid, parent: process.ppid });
});

test('the tree holds descendants that made a session of their own', async () => {
  const shell = start('sh', ['-c', 'setsid -f true; (setsid sleep 60 & echo $!; wait)']);
  const [output] = (await once(shell.stdout!, 'data')) as [Buffer];
  const grandchild = Number(output.toString());
  const tree = processTree(findProcess(shell.pid!)!);
  expect(tree.map((entry) => entry.pid)).toContain(grandchild);
  signalProcesses(tree, 'SIGKILL');
  await once(shell, 'exit');
  // A signal is delivered when the process next gets the processor.
  while (findProcess(grandchild) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
});

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProcess } from '../process/identity.ts';
import { acquireLock, removeDeadLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = { labName: 'default', command: 'up' };

test('one holder at a time; who comes second is told who holds it', async () => {
  const lock = await acquireLock(path, options);
  await expect(acquireLock(path, { ...options, command: 'down' })).rejects.toThrow(
    expect.objectContaining({
      code: 'LAB_BUSY',
      message: expect.stringContaining(`process ${process.pid} (up)`),
    }),
  );
  lock.release();
  expect(existsSync(path)).toBe(false);
  (await acquireLock(path, options)).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('who waits gets it when it is released', async () => {
  const lock = await acquireLock(path, options);
  const second = acquireLock(path, { ...options, waitMs: 10_000 });
  setTimeout(() => lock.release(), 80);
  (await second).release();
});

test('a lock whose holder was killed is taken over', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const identity = findProcess(child.pid!)!;
  writeFileSync(path, JSON.stringify({ ...identity, command: 'up' }));
  await expect(acquireLock(path, options)).rejects.toThrow('being changed by process');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  (await acquireLock(path, options)).release();
});

test('a lock that a killed command left is removed, and one that is held stays', async () => {
  removeDeadLock(path);
  const lock = await acquireLock(path, options);
  removeDeadLock(path);
  expect(readdirSync(folder)).toEqual(['lock']);
  lock.release();
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: 'long ago', command: 'ci' }));
  removeDeadLock(path);
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock whose holder has gone and whose PID belongs to another process now is taken over', async () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: 'long ago', command: 'up' }));
  (await acquireLock(path, options)).release();
});

test('a lock file that is no lock does not block the lab for ever', async () => {
  writeFileSync(path, 'rubbish');
  (await acquireLock(path, options)).release();
});

test('of many who find the same dead holder exactly one at a time gets in', async () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: 'long ago', command: 'up' }));
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await acquireLock(path, { ...options, waitMs: 15_000 });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
      lock.release();
    }),
  );
  expect(most).toBe(1);
});

test('where no file can be made, one line says so', async () => {
  writeFileSync(path, '');
  await expect(acquireLock(join(path, 'below-a-file'), options)).rejects.toThrow(
    expect.objectContaining({ code: 'LAB_NOT_WRITABLE', message: expect.stringContaining(path) }),
  );
});

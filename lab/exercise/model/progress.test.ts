import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { begin, beginAct, changeTask, currentAct, isBroken, ProgressStore, reach } from './progress.ts';

let directory: string;
let store: ProgressStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'progress-'));
  store = new ProgressStore(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('keeps how far a learner is', () => {
  expect(store.read('01-high-latency')).toBeUndefined();
  let progress = reach(
    begin('01-high-latency', 'slow', '2026-01-01T00:00:00Z'),
    'broken',
    '2026-01-01T00:01:00Z',
  );
  progress = changeTask(progress, 'which', (task) => ({ ...task, attempts: task.attempts + 1 }));
  store.write(progress);
  expect(new ProgressStore(directory).read('01-high-latency')).toEqual(progress);
  expect(currentAct(progress)).toMatchObject({ phase: 'broken', brokenAt: '2026-01-01T00:01:00Z' });
  expect(store.open()).toEqual(['01-high-latency']);
  store.write({ ...progress, doneAt: '2026-01-01T00:02:00Z' });
  expect(store.open()).toEqual([]);
  store.reset('01-high-latency');
  expect(store.read('01-high-latency')).toBeUndefined();
});

it('goes forward only within an act, and begins each act anew', () => {
  const repaired = reach(begin('x', 'stop', 'a'), 'repaired', 'b');
  expect(currentAct(reach(repaired, 'observed', 'c')).phase).toBe('repaired');
  expect(isBroken(repaired)).toBe(false);
  const next = beginAct(repaired, 'hang', 'd');
  expect(currentAct(next)).toEqual({ phase: 'begun', startedAt: 'd', tasks: {} });
  expect(next.acts.stop).toMatchObject({ phase: 'repaired', repairedAt: 'b' });
  expect(isBroken(reach(next, 'broken', 'e'))).toBe(true);
});

it('refuses the progress of another release with one line that says what to do', () => {
  writeFileSync(join(directory, '01-high-latency.json'), '{"version":1,"phase":"broken"}');
  expect(() => store.read('01-high-latency')).toThrow(
    /has version 1, this lab writes version 2: it is from another release\. Begin the exercise again: npm run lab -- exercise reset 01-high-latency$/,
  );
});

it.each(['{"version":1', '{"version":2}', '[]', ''])(
  'says which command helps when the file reads %s',
  (content) => {
    writeFileSync(join(directory, '01-high-latency.json'), content);
    expect(() => store.read('01-high-latency')).toThrow('npm run lab -- exercise reset 01-high-latency');
    expect(store.open()).toEqual(['01-high-latency']);
  },
);

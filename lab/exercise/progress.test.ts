import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { judgeAnswer } from './judge-answer.ts';
import type { Task } from './model.ts';
import { begin, changeTask, isBroken, isOpen, ProgressStore, reach } from './progress.ts';
import { fakeContext } from './testing/fake-context.ts';

let directory: string;
let store: ProgressStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'progress-'));
  store = new ProgressStore(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('keeps how far a learner is', () => {
  expect(store.read('01-high-latency')).toBeUndefined();
  let progress = reach(begin('01-high-latency', '2026-01-01T00:00:00Z'), 'broken');
  progress = changeTask(progress, 'which', (task) => ({ ...task, attempts: task.attempts + 1 }));
  store.write(progress);
  expect(new ProgressStore(directory).read('01-high-latency')).toEqual(progress);
  expect(store.open()).toEqual(['01-high-latency']);
  store.reset('01-high-latency');
  expect(store.open()).toEqual([]);
});

it('goes forward only', () => {
  const fixed = reach(begin('x', ''), 'fixed');
  expect(reach(fixed, 'observed').phase).toBe('fixed');
  expect(isBroken(fixed)).toBe(false);
  expect(isOpen(fixed)).toBe(true);
  expect(isOpen(reach(fixed, 'done'))).toBe(false);
});

it.each(['{"version":1', '{"version":2}', '[]', ''])(
  'says which command helps when the file reads %s',
  (content) => {
    writeFileSync(join(directory, '01-high-latency.json'), content);
    expect(() => store.read('01-high-latency')).toThrow('npm run lab -- exercise reset 01-high-latency');
    expect(store.open()).toEqual(['01-high-latency']);
  },
);

const task = (kind: Task['kind'], choices?: readonly string[]): Task => ({
  id: 't',
  prompt: '?',
  kind,
  ...(choices === undefined ? {} : { choices }),
  hints: ['h'],
  verify: async (answer) => ({ accepted: true, because: answer }),
  solve: async () => '',
  wrongAnswers: [{ answer: 'x', why: 'y' }],
});

it.each([
  ['choice', ' API-2 ', 'api-2'],
  ['choice', '2', 'api-2'],
  ['choice', 'b', 'api-2'],
  ['number', '41.5 ms', '41.5 ms'],
  ['trace-id', '0123456789ABCDEF0123456789abcdef', '0123456789abcdef0123456789abcdef'],
  ['promql', ' up ', 'up'],
] as const)('takes a %s written %j as %j', async (kind, given, meant) => {
  const choices = kind === 'choice' ? ['api-1', 'api-2'] : undefined;
  expect(await judgeAnswer(task(kind, choices), given, fakeContext())).toEqual({
    accepted: true,
    because: meant,
  });
});

it.each([
  ['choice', 'd', '"d" is none of: api-1, api-2'],
  ['number', 'many', '"many" is no number'],
  ['trace-id', 'api-1', 'a trace ID has 32 hexadecimal digits'],
  ['text', '  ', 'the answer is empty'],
  ['promql', 'x'.repeat(3_000), 'the answer is longer than 2000 characters'],
] as const)('rejects a %s written %j by its form', async (kind, given, because) => {
  const choices = kind === 'choice' ? ['api-1', 'api-2'] : undefined;
  expect(await judgeAnswer(task(kind, choices), given, fakeContext())).toEqual({ accepted: false, because });
});

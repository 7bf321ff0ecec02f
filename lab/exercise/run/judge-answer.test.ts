import { describe, expect, it } from 'vitest';
import type { NumberTask, TextTask } from '../model/model.ts';
import { fakeContext } from '../testing/fake-context.ts';
import { judgeAnswer } from './judge-answer.ts';

const task = (kind: TextTask['kind']): TextTask => ({
  id: 't',
  prompt: '?',
  kind,
  ...(kind === 'choice' ? { choices: ['api-1', 'api-2'] } : {}),
  hints: ['h'],
  verify: async (answer) => ({ accepted: true, because: answer }),
  solve: async () => '',
  wrongAnswers: [{ answer: 'x', why: 'y' }],
});

it.each([
  ['choice', ' API-2 ', 'api-2'],
  ['choice', '2', 'api-2'],
  ['choice', 'b', 'api-2'],
  ['trace-id', '0123456789ABCDEF0123456789abcdef', '0123456789abcdef0123456789abcdef'],
  ['promql', ' up ', 'up'],
] as const)('takes a %s written %j as %j', async (kind, given, meant) => {
  expect(await judgeAnswer(task(kind), given, fakeContext())).toEqual({ accepted: true, because: meant });
});

it.each([
  ['choice', 'd', '"d" is none of: api-1, api-2'],
  ['trace-id', 'api-1', 'a trace ID has 32 hexadecimal digits'],
  ['text', '  ', 'the answer is empty'],
  ['promql', 'x'.repeat(3_000), 'the answer is longer than 2000 characters'],
] as const)('rejects a %s written %j by its form', async (kind, given, because) => {
  expect(await judgeAnswer(task(kind), given, fakeContext())).toEqual({ accepted: false, because });
});

describe('numbers', () => {
  const numbers: NumberTask = {
    id: 'n',
    prompt: '?',
    kind: 'number',
    fields: [
      { name: 'mean', unit: 'ms', tolerance: 0.1, truth: async () => ({ low: 20, high: 22 }) },
      { name: 'p95', unit: 'ms', tolerance: 0.1, truth: async () => ({ low: 500, high: 500 }) },
    ],
    because: 'so it is',
    hints: ['h'],
    solve: async () => '',
    wrongAnswers: [{ answer: '1 2', why: 'y' }],
  };

  it.each([
    'mean=21 p95=500',
    'p95=500 mean=21',
    'mean: 21 ms, p95: 500 ms',
    '21 500',
    '18.1 549',
    '21ms 500ms',
  ])('takes %j', async (given) => {
    expect(await judgeAnswer(numbers, given, fakeContext())).toEqual({ accepted: true, because: 'so it is' });
  });

  it.each([
    ['mean=30 p95=500', 'mean is lower than that'],
    ['mean=17.9 p95=500', 'mean is higher than that'],
    ['21', '2 numbers are wanted: mean=<number> (ms) p95=<number> (ms)'],
    ['fast slow', '2 numbers are wanted: mean=<number> (ms) p95=<number> (ms)'],
    ['21 s 500', 'mean is wanted in ms, not in "s"'],
    ['median=21 p95=500', '"median" is not asked for; wanted: mean=<number> (ms) p95=<number> (ms)'],
  ])('rejects %j: %s', async (given, because) => {
    expect(await judgeAnswer(numbers, given, fakeContext())).toEqual({ accepted: false, because });
  });
});

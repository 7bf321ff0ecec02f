import { describe, expect, test } from 'vitest';
import { compare, points } from './logql-compare.ts';
import { differenceOfFrames } from './logql-tail.ts';

const exact = { shapeOnly: false, unordered: false };
const shape = { ...exact, shapeOnly: true };
const answer = (...result: unknown[]) => ({ status: 'success', data: { result, stats: { execTime: 0.1 } } });
const series = (app: string, ...values: [number, string][]) => ({ metric: { app }, values });

describe('two answers differ', () => {
  const wanted = answer(series('a', [10, '100'], [20, '0.123456789012345']), series('b', [10, '1']));
  const a = series('a', [10, '100'], [20, '0.123456789012345']);
  const b = series('b', [10, '1']);

  test('not when they are the same, whatever the statistics say', () => {
    expect(compare(wanted, structuredClone(wanted), '$', exact)).toBeUndefined();
    const slower = { ...wanted, data: { ...wanted.data, stats: { execTime: 7 } } };
    expect(compare(wanted, slower, '$', exact)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['series in another order', answer(b, a)],
    ['a value that is one per cent off', answer(series('a', [10, '101'], [20, '0.123456789012345']), b)],
    ['a long value that is one per cent off', answer(series('a', [10, '100'], [20, '0.124691356902469']), b)],
    ['samples in another order', answer(series('a', [20, '0.123456789012345'], [10, '100']), b)],
    ['no series', answer()],
    ['a series too few', answer(a)],
    ['a missing member', { status: 'success', data: { result: wanted.data.result } }],
    ['a member too much', { ...wanted, warnings: [] }],
    ['statistics without their members', { ...wanted, data: { ...wanted.data, stats: {} } }],
  ])('by %s', (_, got) => {
    expect(compare(wanted, got, '$', exact)).toBeTypeOf('string');
  });

  test('not by the order of lists that have none, but by an item that is another', () => {
    const options = { ...exact, unordered: true };
    expect(compare({ data: [1, 2] }, { data: [2, 1] }, '$', options)).toBeUndefined();
    expect(compare({ data: [1, 2] }, { data: [2, 2] }, '$', options)).toBeTypeOf('string');
  });

  test('without regard to ties, by another value', () => {
    expect(compare(points(answer(a, b)), points(answer(b, a)), '$', exact)).toBeUndefined();
    expect(compare(points(answer(b)), points(answer(series('c', [10, '1.01']))), '$', exact)).toBeTypeOf(
      'string',
    );
  });
});

describe('two shapes differ', () => {
  test('not by values', () => {
    expect(compare(answer(series('a', [1, '2'])), answer(series('b', [3, '4'])), '$', shape)).toBeUndefined();
  });

  test.each<[string, unknown, unknown]>([
    ['an empty list', { data: ['a'] }, { data: [] }],
    ['a list that was to be empty', { data: [] }, { data: ['a'] }],
    ['a missing member', { streams: 1, bytes: 2 }, { streams: 1 }],
    ['another type', { streams: 1 }, { streams: '1' }],
    ['an item that is not the first', { data: [{ a: 1 }] }, { data: [{ a: 1 }, {}] }],
  ])('by %s', (_, wanted, got) => {
    expect(compare(wanted, got, '$', shape)).toBeTypeOf('string');
  });
});

describe('a tail', () => {
  const frame = (text: string) =>
    JSON.stringify({ streams: [{ stream: { app: 'a' }, values: [['1', text]] }] });
  const recording = {
    request: { rawUrl: '/tail' },
    response: {
      frames: [
        { opcode: 1, text: frame('stored') },
        { opcode: 9, text: '' },
        { opcode: 1, text: frame('pushed') },
      ],
    },
  };

  test('sends what was stored, then what was pushed, each in a frame of its own', () => {
    expect(differenceOfFrames(recording, [frame('stored'), frame('pushed')])).toBeUndefined();
    expect(differenceOfFrames(recording, [frame('pushed'), frame('stored')])).toBeTypeOf('string');
    expect(differenceOfFrames(recording, [frame('stored')])).toContain('1 elements instead of 2');
    expect(differenceOfFrames(recording, [])).toContain('0 elements instead of 2');
  });
});

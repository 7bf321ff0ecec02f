import { describe, expect, test } from 'vitest';
import { type Comparison, differenceOfJson, differenceOfShape, sameValue } from './compare.ts';
import { unordered } from './exceptions.ts';

const exact: Comparison = { relative: 0, seconds: 0, unordered };
const series = (job: string, ...values: [number, string][]) => ({ metric: { job }, values });
const matrix = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'matrix', result } });
const vector = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'vector', result } });
const a = { metric: { job: 'a' }, value: [10, '2'] };
const b = { metric: { job: 'b' }, value: [10, '1'] };

describe('two answers differ', () => {
  const wanted = matrix(series('a', [10, '100'], [20, '200']), series('b', [10, '1']));

  test('not when they are the same', () => {
    expect(differenceOfJson(wanted, structuredClone(wanted), exact)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    [
      'a value that is one per cent off',
      matrix(series('a', [10, '101'], [20, '200']), series('b', [10, '1'])),
    ],
    [
      'a value that differs in its last digit',
      matrix(series('a', [10, '100.00000000000001'], [20, '200']), series('b', [10, '1'])),
    ],
    ['a value that is no number', matrix(series('a', [10, 'NaN'], [20, '200']), series('b', [10, '1']))],
    ['a sample at another time', matrix(series('a', [11, '100'], [20, '200']), series('b', [10, '1']))],
    ['a sample too few', matrix(series('a', [10, '100']), series('b', [10, '1']))],
    ['series in another order', matrix(series('b', [10, '1']), series('a', [10, '100'], [20, '200']))],
    [
      'a series that comes twice',
      matrix(series('a', [10, '100'], [20, '200']), series('a', [10, '100'], [20, '200'])),
    ],
    ['no series', matrix()],
    ['another label', matrix(series('c', [10, '100'], [20, '200']), series('b', [10, '1']))],
    ['a missing member', { data: wanted.data }],
    ['a member too much', { ...wanted, warnings: ['truncated'] }],
  ])('by %s', (_, got) => {
    expect(differenceOfJson(wanted, got, exact)).toBeTypeOf('string');
  });

  test('by the order of texts, but not by that of an instant vector', () => {
    expect(differenceOfJson({ data: ['a', 'b'] }, { data: ['b', 'a'] }, exact)).toBe(
      '$.data[0] is "b", wanted "a"',
    );
    expect(differenceOfJson(vector(a, b), vector(b, a), exact)).toBeUndefined();
    expect(differenceOfJson(vector(a, b), vector(a, a), exact)).toBeTypeOf('string');
  });

  test('by a rate that is one per cent off, not by one that is half a per cent off', () => {
    const rate: Comparison = { ...exact, relative: 0.005 };
    expect(differenceOfJson([10, '100'], [10, '100.5'], rate)).toBeUndefined();
    expect(differenceOfJson([10, '100'], [10, '101'], rate)).toBe('$ is 101, wanted 100');
    expect(sameValue('1', 'NaN', 0.005)).toBe(false);
    expect(sameValue('0', '', 0.005)).toBe(false);
  });

  test('by a member of the moment that is missing or out of its bounds', () => {
    const bounded: Comparison = { ...exact, bounded: { lastScrapeDuration: (value) => Number(value) < 1 } };
    const target = { health: 'up', lastScrapeDuration: 0.2 };
    expect(differenceOfJson(target, { health: 'up', lastScrapeDuration: 0.3 }, bounded)).toBeUndefined();
    expect(differenceOfJson(target, { health: 'up', lastScrapeDuration: 3 }, bounded)).toContain(
      'out of bounds',
    );
    expect(differenceOfJson(target, { health: 'up' }, bounded)).toBe('$.lastScrapeDuration is missing');
  });
});

describe('two shapes differ', () => {
  const wanted = { data: [{ name: 'a', value: 1 }], flags: { level: 'warn' } };

  test('not by values', () => {
    expect(
      differenceOfShape(wanted, { data: [{ name: 'b', value: 2 }], flags: { level: 'info' } }),
    ).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['an empty list', { ...wanted, data: [] }, '$.data is empty'],
    ['a missing member', { data: wanted.data, flags: {} }, '$.flags.level is missing'],
    ['another type', { ...wanted, flags: { level: 3 } }, '$.flags.level is number, wanted string'],
    [
      'an item that is not the first',
      { ...wanted, data: [...wanted.data, { name: 'b' }] },
      '$.data[1].value is missing',
    ],
  ])('by %s', (_, got, difference) => {
    expect(differenceOfShape(wanted, got)).toBe(difference);
  });

  test('by what is no sample', () => {
    expect(differenceOfShape([10, '1'], [20, '2'])).toBeUndefined();
    expect(differenceOfShape([10, '1'], [20])).toBe('$ is no sample');
  });

  test('by a list that was to be empty', () => {
    expect(differenceOfShape({ data: [] }, { data: [1] })).toBe('$.data is not empty');
  });
});

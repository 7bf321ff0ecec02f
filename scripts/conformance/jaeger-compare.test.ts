import { describe, expect, test } from 'vitest';
import { flatten, flattenAll, same } from './jaeger-compare.ts';

const span = (spanId: string, duration = 100) => ({ traceId: '1', spanId, duration });
const trace = (service: string, ...spans: unknown[]) => ({
  resourceSpans: [{ resource: { service }, scopeSpans: [{ scope: {}, spans }] }],
});

describe('two answers differ', () => {
  const wanted = { data: [span('a'), span('b')] };

  test('not when they are the same', () => {
    expect(() => same(structuredClone(wanted), wanted, 'x')).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['another order', { data: [span('b'), span('a')] }],
    ['a number that is one per cent off', { data: [span('a', 101), span('b')] }],
    ['an empty list', { data: [] }],
    ['an item too many', { data: [...wanted.data, span('c')] }],
    ['a missing member', { data: [{ traceId: '1', spanId: 'a' }, span('b')] }],
    ['a member too much', { ...wanted, total: 2 }],
  ])('by %s', (_, got) => {
    expect(() => same(got, wanted, 'x')).toThrow(/^x: /);
  });
});

test('traces found are the same in any order, but not with another span, resource or number', () => {
  const [a, b] = [trace('s', span('a')), trace('s', span('b'))];
  const wanted = flattenAll([a, b]);
  expect(flattenAll([b, a])).toEqual(wanted);
  expect(flatten(trace('s', span('b'), span('a')))).toEqual(wanted);
  expect(flattenAll([a])).not.toEqual(wanted);
  expect(flattenAll([a, a])).not.toEqual(wanted);
  expect(flattenAll([a, trace('t', span('b'))])).not.toEqual(wanted);
  expect(flattenAll([a, trace('s', span('b', 101))])).not.toEqual(wanted);
});

import { expect, test } from 'vitest';
import { parseSeriesLine } from './series-line.ts';

test.each([
  ['m 1 -2 +3 1e6', [1, -2, 3, 1e6]],
  ['m 0+1x3', [0, 1, 2, 3]],
  ['m 5-2x2', [5, 3, 1]],
  ['m -5--1x2', [-5, -4, -3]],
  ['m 1e-3+1e-3x1', [0.001, 0.002]],
  ['m 0x3', [0, 0, 0, 0]],
  ['m 1m 1+1mx1', [60, 1, 61]],
  ['m _ 1 _x2 2', [undefined, 1, undefined, undefined, 2]],
  ['m stale 1 stalex1', ['stale', 1, 'stale', 'stale']],
  ['m Inf -Infx1', [Infinity, -Infinity, -Infinity]],
  ['m {{schema:0 sum:1}} 1 {{count:1}}x1', ['histogram', 1, 'histogram', 'histogram']],
])('%s', (line, points) => {
  expect(parseSeriesLine(line).points).toEqual(points);
});

test('names and values may be quoted, and start times are offsets', () => {
  expect(parseSeriesLine('{"a.b", c=\'d\', "e f"="g"} 1').labels.toJSON()).toEqual({
    __name__: 'a.b',
    c: 'd',
    'e f': 'g',
  });
  expect(parseSeriesLine('m{a="b"}@st -1m _ -5s-10sx1')).toMatchObject({
    isStartTimes: true,
    points: [-60_000, undefined, -5000, -15_000],
  });
});

test.each(['m{a} =1', 'm{a="b" 1', 'm x'])('refuses %s', (line) => {
  expect(() => parseSeriesLine(line)).toThrow();
});

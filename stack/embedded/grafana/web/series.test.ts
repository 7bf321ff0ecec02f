import { describe, expect, it } from 'vitest';
import { formatValue, thresholdColor } from './format.ts';
import {
  alignSeries,
  bucketsOf,
  extendSeries,
  lastValue,
  legendOf,
  numberOf,
  stack,
  stretchesOf,
  withGaps,
} from './series.ts';

describe('a value with its unit', () => {
  it.each([
    [0.0421, 's', '42.1 ms'],
    [0.000_25, 's', '250 µs'],
    [1.5, 's', '1.5 s'],
    [90, 's', '1.5 min'],
    [25_920, 's', '7.2 hour'],
    [0, 's', '0 s'],
    [0.999, 'percentunit', '99.9%'],
    [1, 'percentunit', '100%'],
    [40.04, 'reqps', '40 req/s'],
    [1234, 'short', '1.23 K'],
    [2_500_000, 'Bps', '2.5 MB/s'],
    [90_000_000, 'decbytes', '90 MB'],
    [1_572_864, 'bytes', '1.5 MiB'],
    [-1234, 'currencyUSD', '-$1.23 K'],
    [0, 'bool', 'False'],
    [3, 'none', '3'],
    [Number.NaN, 's', 'NaN'],
    [Number.POSITIVE_INFINITY, 's', '+Inf'],
  ])('%s as %s is %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it('has as many decimals as are asked for', () => {
    expect(formatValue(0.66667, 'percentunit', 0)).toBe('67%');
    expect(formatValue(2, 'short', 2)).toBe('2.00');
  });

  it('takes the colour of the last threshold that it reaches', () => {
    const steps = [
      { value: null, color: 'red' },
      { value: 0.6, color: 'orange' },
      { value: 1, color: 'green' },
    ];
    expect([0.5, 0.6, 0.99, 1].map((value) => thresholdColor(value, steps))).toEqual([
      '#e02f44',
      '#ff780a',
      '#ff780a',
      '#56a64b',
    ]);
    expect(thresholdColor(1, [])).toBeUndefined();
  });
});

describe('series', () => {
  const series = (times: number[], values: number[]) => ({ name: '', labels: {}, times, values });

  it('are named by their legend, or by their labels', () => {
    const labels = { __name__: 'up', instance: 'api-1', job: 'api' };
    expect(legendOf(labels, '{{instance}} of {{ job }}')).toBe('api-1 of api');
    expect(legendOf(labels, '')).toBe('up{instance="api-1", job="api"}');
    expect(legendOf({}, '')).toBe('value');
    expect(legendOf({}, '{{missing}}')).toBe('value');
  });

  it('are laid over one list of times, with nothing where there is nothing', () => {
    const aligned = alignSeries([series([1, 2, 4], [10, 20, 40]), series([2, 3], [200, Number.NaN])]);
    expect(aligned).toEqual({
      times: [1, 2, 3, 4],
      columns: [
        [10, 20, null, 40],
        [null, 200, null, null],
      ],
    });
  });

  it('keep their gaps', () => {
    expect(withGaps([1, 2, 6, 7], 1)).toEqual([1, 2, 3, 6, 7]);
    expect(withGaps([], 1)).toEqual([]);
  });

  it('stand on top of each other', () => {
    expect(
      stack([
        [1, null, 3],
        [10, 20, null],
        [100, 100, 100],
      ]),
    ).toEqual([
      [1, null, 3],
      [11, 20, null],
      [111, 120, 103],
    ]);
  });

  it('end with their last number', () => {
    expect(lastValue({ values: [1, 2, Number.NaN] })).toBe(2);
    expect(lastValue({ values: [] })).toBeUndefined();
    expect([numberOf('+Inf'), numberOf('-Inf'), numberOf('1e3')]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1000,
    ]);
    expect(numberOf('NaN')).toBeNaN();
  });

  it('of equal values are one stretch, and a missing point ends it', () => {
    expect(stretchesOf(series([0, 5, 10, 15, 30], [1, 1, 0, 0, 0]), 5)).toEqual([
      { from: 0, to: 10, value: 1 },
      { from: 10, to: 20, value: 0 },
      { from: 30, to: 35, value: 0 },
    ]);
  });

  it('of cumulative buckets become what each bucket holds, by the size of its bound', () => {
    const bucket = (le: string, values: number[]) => ({ ...series([1, 2], values), labels: { le } });
    expect(bucketsOf([bucket('+Inf', [9, 9]), bucket('0.5', [2, 4]), bucket('10', [7, 4])])).toEqual({
      times: [1, 2],
      rows: [
        { bound: 0.5, counts: [2, 4] },
        { bound: 10, counts: [5, 0] },
        { bound: Number.POSITIVE_INFINITY, counts: [2, 5] },
      ],
    });
  });
});

describe('series that are known up to a moment, with a new end', () => {
  const one = (name: string, ...times: number[]) => ({
    name,
    labels: { instance: name },
    times,
    values: times.map((time) => 10 * time),
  });
  const changed = { ...one('a', 3, 4), values: [33, 44] };

  it('keep what is in the range, and take what is new in the place of their end', () => {
    const [extended] = extendSeries([one('a', 1, 2, 3)], [changed], { from: 2, begin: 3 }) ?? [];
    expect(extended).toMatchObject({ times: [2, 3, 4], values: [20, 33, 44] });
  });

  it('end where no new point came, and go when their last one left the range', () => {
    const old = [one('a', 1, 2, 3), one('b', 1, 2)];
    expect(extendSeries(old, [changed], { from: 2, begin: 3 })).toMatchObject([
      { name: 'a', times: [2, 3, 4] },
      { name: 'b', times: [2] },
    ]);
    expect(extendSeries(old, [changed], { from: 3, begin: 3 })).toMatchObject([{ name: 'a' }]);
    expect(extendSeries(old, [], { from: 1, begin: 3 })).toMatchObject([
      { times: [1, 2] },
      { times: [1, 2] },
    ]);
  });

  it('say nothing when a series is new: it may have a past', () => {
    expect(extendSeries([one('a', 1, 2)], [one('b', 2)], { from: 1, begin: 2 })).toBeUndefined();
    expect(extendSeries([], [one('b', 2)], { from: 1, begin: 2 })).toBeUndefined();
    expect(extendSeries([], [], { from: 1, begin: 2 })).toEqual([]);
  });
});

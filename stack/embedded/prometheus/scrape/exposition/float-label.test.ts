import { expect, test } from 'vitest';
import { normalizeFloatLabels } from './float-label.ts';

test.each([
  ['1', '1.0'],
  ['10', '10.0'],
  ['0.2', '0.2'],
  ['0.005', '0.005'],
  ['1e-05', '1e-05'],
  ['0.00001', '1e-05'],
  ['2.50', '2.5'],
  ['5e3', '5000.0'],
  ['100000000', '1e+08'],
  ['123456789', '1.23456789e+08'],
  ['250000', '250000.0'],
  ['0.0001', '0.0001'],
  ['1e22', '1e+22'],
  ['0', '0.0'],
  ['+Inf', '+Inf'],
  ['inf', '+Inf'],
  ['many', 'many'],
])('a bound %s is stored as %s', (written, stored) => {
  expect(
    normalizeFloatLabels(
      [
        ['__name__', 'x_bucket'],
        ['le', written],
      ],
      'histogram',
    ),
  ).toEqual([
    ['__name__', 'x_bucket'],
    ['le', stored],
  ]);
});

test('quantiles of summaries are normalised, and the same label elsewhere is not', () => {
  expect(normalizeFloatLabels([['quantile', '1']], 'summary')).toEqual([['quantile', '1.0']]);
  expect(normalizeFloatLabels([['le', '1']], 'counter')).toEqual([['le', '1']]);
});

import { describe, expect, it } from 'vitest';
import { describeExpectation, type Expectation, formatValue, meets } from './expectation.ts';

describe('expectations', () => {
  it.each<[Expectation, number, boolean]>([
    [{ atLeast: 400, unit: 'ms' }, 400, true],
    [{ atLeast: 400, unit: 'ms' }, 399.9, false],
    [{ above: 400, unit: 'ms' }, 400, false],
    [{ atMost: 5, unit: '%' }, 5, true],
    [{ atMost: 5, unit: '%' }, 5.1, false],
    [{ below: 100, unit: 'ms' }, 100, false],
    [{ equals: 0, unit: '' }, 0, true],
    [{ equals: 0, unit: '' }, 1, false],
    [{ between: [66, 67], unit: '%' }, 66, true],
    [{ between: [66, 67], unit: '%' }, 67.1, false],
    [{ between: [66, 67], unit: '%' }, 65.9, false],
    [{ atMost: 5, unit: '%' }, Number.NaN, false],
    [{ atLeast: 5, unit: '%' }, Number.NaN, false],
    [{ below: 100, unit: 'ms' }, Number.POSITIVE_INFINITY, false],
    [{ atLeast: 400, unit: 'ms' }, Number.POSITIVE_INFINITY, false],
    [{ above: 400, unit: 'ms' }, Number.POSITIVE_INFINITY, false],
  ])('%j and %d: %s', (expectation, value, met) => {
    expect(meets(expectation, value)).toBe(met);
  });

  it('reads as words', () => {
    expect(describeExpectation({ atLeast: 400, unit: 'ms' })).toBe('at least 400 ms');
    expect(describeExpectation({ equals: 1, unit: 'alerts' })).toBe('exactly 1 alert');
    expect(describeExpectation({ between: [66, 67], unit: '%' })).toBe('between 66 and 67 %');
    expect(describeExpectation({ equals: 0, unit: '' })).toBe('exactly 0');
  });

  it.each([
    [41.234, 'ms', '41.2 ms'],
    [540.4, 'ms', '540 ms'],
    [1, 's', '1 s'],
    [1, 'lines', '1 line'],
    [0.0123, '%', '0.0123 %'],
    [Number.POSITIVE_INFINITY, 'ms', 'Infinity ms'],
  ] as const)('%d %s is written %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });
});

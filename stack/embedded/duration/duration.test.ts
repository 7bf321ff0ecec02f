import { describe, expect, test } from 'vitest';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';
import { formatPrometheusDuration, parsePrometheusDuration } from './prometheus-duration.ts';

describe('Prometheus durations', () => {
  test.each([
    ['0', 0, '0s'],
    ['0s', 0, '0s'],
    ['15s', 15_000, '15s'],
    ['1h30m', 5_400_000, '1h30m'],
    ['90s', 90_000, '1m30s'],
    ['1d', 86_400_000, '1d'],
    ['7d', 604_800_000, '1w'],
    ['8d', 691_200_000, '8d'],
    ['15d', 1_296_000_000, '15d'],
    ['25h', 90_000_000, '1d1h'],
    ['1y', 31_536_000_000, '1y'],
    ['500ms', 500, '500ms'],
    ['1h1m1s1ms', 3_661_001, '1h1m1s1ms'],
  ])('%s is %d ms and is written %s', (text, milliseconds, written) => {
    expect(parsePrometheusDuration(text)).toBe(milliseconds);
    expect(formatPrometheusDuration(milliseconds)).toBe(written);
  });

  test.each([
    ['', 'empty duration string'],
    ['5', 'not a valid duration string: "5"'],
    ['1.5s', 'unknown unit "." in duration "1.5s"'],
    ['5x', 'unknown unit "x" in duration "5x"'],
    ['1h5', 'not a valid duration string: "1h5"'],
    ['30m1h', 'not a valid duration string: "30m1h"'],
    ['-5s', 'not a valid duration string: "-5s"'],
    ['294y', 'duration out of range'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parsePrometheusDuration(text)).toThrow(message);
  });
});

describe('Go durations', () => {
  test.each([
    ['0', 0, '0s'],
    ['1.5s', 1500, '1.5s'],
    ['2h45m0s', 9_900_000, '2h45m0s'],
    ['90s', 90_000, '1m30s'],
    ['-3ms', -3, '-3ms'],
    ['1.5ms', 1.5, '1.5ms'],
    ['10us', 0.01, '10µs'],
    ['7ns', 0.000007, '7ns'],
    ['.5h', 1_800_000, '30m0s'],
    ['100h', 360_000_000, '100h0m0s'],
  ])('%s is %d ms and is written %s', (text, milliseconds, written) => {
    expect(parseGoDuration(text)).toBeCloseTo(milliseconds, 9);
    expect(formatGoDuration(milliseconds)).toBe(written);
  });

  test.each([
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['.s', 'time: invalid duration ".s"'],
    ['-', 'time: invalid duration "-"'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseGoDuration(text)).toThrow(message);
  });
});

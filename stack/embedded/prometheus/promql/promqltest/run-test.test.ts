import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runTest } from './run-test.ts';

const folder = join(import.meta.dirname, '..', 'testdata');

describe('the PromQL engine answers as the test files say', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test'));
  test.each(files)('%s', (file) => {
    const { passed, failures } = runTest(readFileSync(join(folder, file), 'utf8'));
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});

describe('the test runner', () => {
  const failuresOf = (text: string): readonly string[] => runTest(text).failures;
  const load = 'load 1m\n  m{a="1"} 1 2\n  m{a="2"} 3 stale\n\n';

  test('names the line and the reason of a wrong value', () => {
    expect(failuresOf(`${load}eval instant at 0 m{a="1"}\n  m{a="1"} 7\n`)).toEqual([
      '5: instant: expected 7 for {__name__="m", a="1"}, got 1',
    ]);
  });

  test('fails on a value that is one per cent off, and on series in another order where the order counts', () => {
    expect(failuresOf(`${load}eval instant at 0 m{a="1"}\n  m{a="1"} 1.01\n`)[0]).toContain('expected 1.01');
    const ordered = (first: string, second: string): readonly string[] =>
      failuresOf(`${load}eval instant at 0 sort(m)\n  expect ordered\n  ${first}\n  ${second}\n`);
    expect(ordered('m{a="1"} 1', 'm{a="2"} 3')).toEqual([]);
    expect(ordered('m{a="2"} 3', 'm{a="1"} 1')[0]).toContain('at position 1, got it at 2');
  });

  test('fails on a series too many and on one too few', () => {
    expect(failuresOf(`${load}eval instant at 0 m\n  m{a="1"} 1\n`)[0]).toContain(
      'unexpected {__name__="m", a="2"} 3',
    );
    expect(failuresOf(`${load}eval instant at 1m m\n  m{a="1"} 2\n  m{a="2"} 3\n`)[0]).toContain(
      'expected {__name__="m", a="2"}',
    );
  });

  test('fails when an expected error or annotation does not come', () => {
    expect(failuresOf(`${load}eval instant at 0 m\n  expect fail\n`)[0]).toContain('expected an error');
    expect(failuresOf(`${load}eval instant at 0 m{a="1"}\n  expect warn\n  m{a="1"} 1\n`)[0]).toContain(
      'expected a warning, got none',
    );
  });

  test('counts cases with native histograms as skipped', () => {
    expect(
      runTest('load 1m\n  h {{schema:0 sum:1 count:1}}\n\neval instant at 0 h\n  h {{sum:1 count:1}}\n'),
    ).toEqual({
      passed: 0,
      skipped: [4],
      failures: [],
    });
  });
});

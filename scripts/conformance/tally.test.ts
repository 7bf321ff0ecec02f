import { expect, test } from 'vitest';
import { exitCode, reportLines, Tally } from './tally.ts';

test('each recording is counted once, and what is not equality is listed with its reason', () => {
  const tally = new Tally();
  tally.add('a', undefined);
  tally.add('b', undefined, 'counters of the process');
  tally.add('c', 'status 500, wanted 200');
  tally.add('d', 'members differ', 'counters of the process');
  tally.skip('e', 'out of scope');
  expect(reportLines(tally)).toEqual([
    'shape only b: counters of the process',
    'skipped e: out of scope',
    'FAIL c: status 500, wanted 200',
    'FAIL d: members differ',
    '1 passed, 1 by shape only, 1 skipped, 2 failed',
  ]);
});

test('a known difference is listed as long as it lasts, and then fails', () => {
  const tally = new Tally();
  tally.addKnown('a', 'is 1, wanted 2', 'not repaired yet');
  tally.addKnown('b', undefined, 'was repaired');
  expect(reportLines(tally)).toEqual([
    'skipped a: known difference: not repaired yet (is 1, wanted 2)',
    'FAIL b: is listed as a known difference, but does not differ: take it off the list',
    '0 passed, 0 by shape only, 1 skipped, 1 failed',
  ]);
});

test('only failures, or nothing compared by value, end with 1', () => {
  const none = { passed: 0, byShape: [], skipped: [], failures: [] };
  const remark = { name: 'a', reason: 'b' };
  expect(exitCode({ ...none, passed: 1, byShape: [remark], skipped: [remark] })).toBe(0);
  expect(exitCode({ ...none, passed: 1, failures: ['a: b'] })).toBe(1);
  expect(exitCode({ ...none, byShape: [remark] })).toBe(1);
});

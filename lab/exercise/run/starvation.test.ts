import { describe, expect, it } from 'vitest';
import type { CheckResult } from './run-check.ts';
import { excuseStarvation, type MachineSample } from './starvation.ts';

const at = Date.parse('2026-01-01T00:10:00Z');

/** Two samples a second up to `at`; starved are those whose age in seconds `starved` says so of. */
const machine = (seconds: number, starved: (age: number) => boolean): MachineSample[] =>
  Array.from({ length: 2 * seconds }, (_, index) => ({
    atMs: at - 500 * index,
    lengthMs: 500,
    lagMs: 10,
    cpuPressure: starved(index / 2) ? 0.97 : 0.4,
  }));

/** An invariant over the last 100 seconds whose worst value is 30 seconds old. */
const worstOfMany: CheckResult = {
  id: 'control-group',
  claim: 'the others stay well',
  pillar: 'metrics',
  phase: 'invariant',
  query: 'p95',
  verdict: 'failed',
  observed: '173 ms',
  observedValue: 173,
  expected: 'less than 100 ms',
  withinSeconds: 100,
  at: new Date(at).toISOString(),
  ms: 5,
  worstAt: new Date(at - 30_000).toISOString(),
  link: 'http://prometheus',
  next: 'look',
};
const { worstAt: _, ...wholeInterval } = worstOfMany;

describe('a failed check', () => {
  it('stays failed on an idle machine, and on one that was starved at another time', () => {
    for (const samples of [[], machine(120, () => false), machine(120, (age) => age < 10 || age > 50)])
      expect(excuseStarvation(worstOfMany, samples, 15)).toBe(worstOfMany);
  });

  it('of the worst of many values could not be measured when a quarter of its window was starved', () => {
    // 17 seconds end at its moment: five of them are starved, four are not enough.
    expect(
      excuseStarvation(
        worstOfMany,
        machine(120, (age) => age >= 32 && age < 36),
        15,
      ).verdict,
    ).toBe('failed');
    const starved = machine(120, (age) => age >= 32 && age < 37);
    expect(excuseStarvation(worstOfMany, starved, 15)).toMatchObject({
      verdict: 'error',
      note: expect.stringMatching(/starved for 5\.0 of 17\.\d s .* measured failed, 173 ms/) as string,
    });
    expect(excuseStarvation({ ...worstOfMany, verdict: 'passed' }, starved, 15).verdict).toBe('passed');
  });

  it('of a whole interval could not be measured when half of it was starved', () => {
    expect(
      excuseStarvation(
        wholeInterval,
        machine(120, (age) => age < 49),
        15,
      ).verdict,
    ).toBe('failed');
    expect(
      excuseStarvation(
        wholeInterval,
        machine(120, (age) => age < 51),
        15,
      ).verdict,
    ).toBe('error');
  });
});

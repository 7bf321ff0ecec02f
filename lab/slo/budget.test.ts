import { describe, expect, it } from 'vitest';
import { burnRate, errorBudget, policyOf, secondsToExhaustion } from './budget.ts';

const day = 86_400;

describe('the error budget', () => {
  it('of 99.9 % over 30 days is 43.2 minutes', () => {
    const budget = errorBudget({
      objective: 0.999,
      windowSeconds: 30 * day,
      requests: 1_000_000,
      errors: 250,
    });
    expect(budget.allowedMinutes).toBeCloseTo(43.2, 6);
    expect(budget.allowedRequests).toBeCloseTo(1_000, 6);
    expect(budget.remainingRatio).toBeCloseTo(0.75, 6);
    expect(budget.remainingMinutes).toBeCloseTo(32.4, 6);
  });

  it('is untouched before the first request, and can be overspent', () => {
    expect(errorBudget({ objective: 0.999, windowSeconds: day, requests: 0, errors: 0 }).remainingRatio).toBe(
      1,
    );
    expect(
      errorBudget({ objective: 0.999, windowSeconds: day, requests: 1000, errors: 3 }).remainingRatio,
    ).toBeCloseTo(-2, 6);
  });

  it('at 10 % errors burns a hundred times too fast, and 30 days last 7.2 hours', () => {
    expect(burnRate(0.1, 0.999)).toBeCloseTo(100, 6);
    expect(secondsToExhaustion(1, 100, 30 * day) / 3600).toBeCloseTo(7.2, 6);
    expect(secondsToExhaustion(0.5, 100, 30 * day) / 3600).toBeCloseTo(3.6, 6);
    expect(secondsToExhaustion(1, 0, day)).toBe(Number.POSITIVE_INFINITY);
    expect(secondsToExhaustion(-0.1, 5, day)).toBe(0);
  });

  it.each([
    [1, 'ship'],
    [0.5, 'ship'],
    [0.49, 'escalate'],
    [0.1, 'escalate'],
    [0.09, 'alert'],
    [0, 'halt'],
    [-3, 'halt'],
  ] as const)('with %d left the policy is %s', (remaining, step) => {
    expect(policyOf(remaining).step).toBe(step);
  });
});

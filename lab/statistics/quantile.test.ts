import { expect, it } from 'vitest';
import { quantile, quantileBounds } from './quantile.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

it('is one of the values, by the nearest rank', () => {
  expect(quantile(upTo(100), 0.95)).toBe(95);
  expect(quantile(upTo(30), 0.95)).toBe(29);
  expect(quantile([7], 0.95)).toBe(7);
  expect(quantile(upTo(4), 0)).toBe(1);
  expect(quantile(upTo(4), 1)).toBe(4);
  expect(() => quantile([], 0.5)).toThrow('no values');
});

it('is bounded by the ranks that the true one lies between in 95 of 100 draws', () => {
  expect(quantileBounds(upTo(30), 0.95)).toEqual({ low: 26, high: 30 });
  expect(quantileBounds(upTo(1000), 0.95)).toEqual({ low: 936, high: 965 });
  // Drawn two thousand times from 0 to 1, where the p95 is 0.95.
  let seed = 11;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let outside = 0;
  for (let run = 0; run < 2000; run++) {
    const drawn = Array.from({ length: 200 }, random).sort((a, b) => a - b);
    const { low, high } = quantileBounds(drawn, 0.95);
    if (low > 0.95 || high < 0.95) outside++;
  }
  expect(outside / 2000).toBeLessThan(0.05);
});

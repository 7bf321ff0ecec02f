import { expect, it } from 'vitest';
import { bounds, drawsUntil, missAll } from './binomial.ts';

it('misses a rare error at 1 % nearly always, and several of them as well', () => {
  expect(missAll(0.01, 1)).toBeCloseTo(0.99, 9);
  expect(missAll(0.01, 3)).toBeCloseTo(0.970299, 9);
  expect(missAll(0.01, 100)).toBeCloseTo(0.366, 3);
  expect(missAll(1, 1)).toBe(0);
});

it('says how many errors it takes to see one', () => {
  expect(drawsUntil(0.01, 0.95)).toBe(299);
  expect(missAll(0.01, 299)).toBeLessThan(0.05);
  expect(missAll(0.01, 298)).toBeGreaterThan(0.05);
  expect(drawsUntil(0.5, 0.95)).toBe(5);
});

it('bounds what 1 % of 800 requests can be', () => {
  expect(bounds(0.01, 800)).toEqual({ low: 0, high: 17 });
  expect(bounds(1, 10)).toEqual({ low: 10, high: 10 });
  // Drawn a thousand times, nearly all lie inside.
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const { low, high } = bounds(0.01, 800);
  let outside = 0;
  for (let run = 0; run < 1000; run++) {
    let kept = 0;
    for (let draw = 0; draw < 800; draw++) if (random() < 0.01) kept++;
    if (kept < low || kept > high) outside++;
  }
  expect(outside).toBeLessThan(10);
});

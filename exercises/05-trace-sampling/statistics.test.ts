// What the guide says of chances and amounts, computed again.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bounds, drawsUntil, missAll } from '../../lab/statistics/binomial.ts';
import { quantile, quantileBounds } from '../../lab/statistics/quantile.ts';
import { fewKept } from './checks.ts';
import { bytesPerSpan } from './tasks.ts';
import { failsOneIn, headRatio, slowOneIn } from './telemetry.ts';

const guide = readFileSync(new URL('./README.md', import.meta.url), 'utf8');

it('a few failures are hardly ever seen, and many nearly always', () => {
  expect(guide).toContain(`seven with 0.99⁷ = ${Math.round(100 * missAll(headRatio, 7))} %`);
  expect(guide).toContain(`with 95 % certainty, ${drawsUntil(headRatio, 0.95)} have to happen`);
});

it('of 800 requests no fair draw keeps more than the check allows', () => {
  const { low, high } = bounds(headRatio, 800);
  expect(guide).toContain(
    `Of 800 requests at 1 %, between ${low} and ${high} are kept in 997 of 1,000 cases`,
  );
  const { atMost } = fewKept.expect as { atMost: number };
  expect(guide).toContain(`the check looks for at most ${atMost} %`);
  expect((100 * high) / 800).toBeLessThan(atMost);
});

it('four standard deviations of 3,000 draws, and how rarely a fair draw leaves them', () => {
  const mean = 3000 * headRatio;
  const deviation = Math.sqrt(3000 * headRatio * (1 - headRatio));
  expect(guide).toContain(`Of 3,000 requests at 1 %, ${mean} ± ${Math.round(4 * deviation)} are kept`);
  // Both tails of the normal distribution beyond 4, by the trapezoid rule.
  const step = 1e-3;
  let tails = 0;
  for (let x = 4; x < 12; x += step) tails += 2 * step * Math.exp(-((x + step / 2) ** 2) / 2);
  const onceIn = Math.sqrt(2 * Math.PI) / tails;
  expect(guide).toContain(`once in ${(1000 * Math.round(onceIn / 1000)).toLocaleString('en-US')} times`);
});

it('what thirty traces say of a p95', () => {
  const ranks = Array.from({ length: 30 }, (_, index) => index + 1);
  const { low, high } = quantileBounds(ranks, 0.95);
  expect(30 - quantile(ranks, 0.95)).toBe(1);
  expect(guide).toContain('With 30 traces that is the second longest.');
  expect(guide).toContain(`lies between the ${low}th and the ${high}th of them in 95 of 100 draws`);
});

it('what a day of spans takes', () => {
  const all = 1000 * 12 * 86_400;
  const rare = 1 / failsOneIn + 1 / slowOneIn;
  const row = (share: number): string => {
    return `${Math.round((all * share) / 1e6).toLocaleString('en-US')} million | ${Math.round((all * share * bytesPerSpan) / 1e9)} GB`;
  };
  expect(guide).toContain(`| everything | ${row(1)} |`);
  expect(guide).toContain(`| 10 % at the head | ${row(0.1)} |`);
  expect(guide).toContain(`| 1 % at the head | ${row(0.01)} |`);
  expect(guide).toContain(`| tail: errors, slow, 5 % of the rest | ${row(rare + 0.05 * (1 - rare))} |`);
});

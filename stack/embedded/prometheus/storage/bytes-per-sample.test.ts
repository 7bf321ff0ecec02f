import { expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { measureBytesPerSample } from './bytes-per-sample.ts';

test('a counter and a gauge scraped regularly cost a few bytes a sample, a constant next to nothing', () => {
  const count = 1200;
  const timestamps = Float64Array.from({ length: count }, (_, index) => 1_767_225_600_000 + index * 15_000);
  const weigh = (value: (index: number) => number) =>
    measureBytesPerSample([
      {
        labels: Labels.from({ __name__: 'm' }),
        timestamps,
        values: Float64Array.from({ length: count }, (_, index) => value(index)),
      },
    ]);
  expect(weigh(() => 7).compressed).toBeLessThan(0.5);
  expect(weigh((index) => index * 3).compressed).toBeLessThan(2.5);
  expect(weigh((index) => Math.sin(index)).compressed).toBeLessThan(9);
  // The objects around the samples are counted too.
  expect(weigh(() => 7).total).toBeGreaterThan(weigh(() => 7).compressed + 1);
});

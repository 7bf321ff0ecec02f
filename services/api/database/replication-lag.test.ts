import { expect, it } from 'vitest';
import { ReplicationLag } from './replication-lag.ts';

const at = (standby: string, replayedBytes: number) => ({ standby, replayedBytes });

it('is zero for a standby that has replayed all, however long ago the last write was', () => {
  const lag = new ReplicationLag();
  lag.sample(0, 100, [at('a', 100)]);
  expect(lag.lagSeconds(3_600_000)).toEqual(new Map([['a', 0]]));
});

it('is the age of the oldest change that is missing', () => {
  const lag = new ReplicationLag();
  lag.sample(0, 100, [at('a', 100)]);
  lag.sample(1_000, 200, [at('a', 150)]);
  lag.sample(2_000, 300, [at('a', 150)]);
  expect(lag.lagSeconds(5_000).get('a')).toBe(4);
  lag.sample(6_000, 300, [at('a', 250)]);
  expect(lag.lagSeconds(6_000).get('a')).toBe(4);
  lag.sample(7_000, 300, [at('a', 300)]);
  expect(lag.lagSeconds(7_000).get('a')).toBe(0);
});

it('grows for a standby that has gone while the primary writes', () => {
  const lag = new ReplicationLag();
  lag.sample(0, 100, [at('a', 100)]);
  lag.sample(1_000, 200, []);
  expect(lag.lagSeconds(31_000).get('a')).toBe(30);
});

it('keeps a bounded history', () => {
  const lag = new ReplicationLag();
  for (let second = 0; second < 10_000; second++) lag.sample(second * 1_000, second + 1, [at('a', 1)]);
  expect(lag.lagSeconds(10_000_000).get('a')).toBeLessThanOrEqual(601);
});

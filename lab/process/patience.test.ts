import { expect, it } from 'vitest';
import { type Machine, Patience, patientSignal } from './patience.ts';

/** A machine on which, between two looks, this share of the time was spent waiting for a processor. */
function machine(pressure: number | undefined): Machine & { pass(ms: number): void } {
  let now = 1_000;
  let stall = 5_000_000;
  return {
    now: () => now,
    stalledMicros: () => (pressure === undefined ? undefined : stall),
    pass(ms) {
      now += ms;
      stall += 1000 * ms * (pressure ?? 0);
    },
  };
}

/** How long somebody is waited for who never comes, looking every 100 ms. */
function waitedMs(withinMs: number, pressure: number | undefined): number {
  const on = machine(pressure);
  const patience = new Patience(withinMs, on);
  while (!patience.isOver()) on.pass(100);
  return patience.elapsedMs;
}

it.each([
  ['a quiet machine: the wall clock', 0, 60_000],
  ['a system that does not tell: the wall clock', undefined, 60_000],
  ['half of the time: twice as long', 0.5, 120_000],
  ['no time at all: five times as long, and no longer', 1, 300_000],
])('%s', (_, pressure, expected) => {
  expect(Math.abs(waitedMs(60_000, pressure) - expected)).toBeLessThanOrEqual(100);
});

it('a stretch without a look counts for two seconds: a laptop that slept is no broken lab', () => {
  const on = machine(0);
  const patience = new Patience(60_000, on);
  on.pass(8 * 3_600_000);
  expect(patience.isOver()).toBe(false);
  for (let look = 0; look < 28; look++) {
    on.pass(2_000);
    expect(patience.isOver()).toBe(false);
  }
  on.pass(2_000);
  expect(patience.isOver()).toBe(true);
});

it('as a signal it aborts by itself, and not after it was let go of', async () => {
  const { signal } = patientSignal(20);
  const kept = patientSignal(20);
  kept.done();
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  expect((signal.reason as Error).name).toBe('TimeoutError');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(kept.signal.aborted).toBe(false);
});

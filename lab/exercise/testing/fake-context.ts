import { paces } from '../../../stack/pace.ts';
import type { Clock } from '../model/clock.ts';
import type { Check, ExerciseContext, Measured } from '../model/model.ts';

/** A clock for tests: time goes on only when somebody sleeps, and then at once. */
export class FakeClock implements Clock {
  #now: number;

  constructor(now = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += milliseconds;
    await Promise.resolve();
  }
}

/** A context whose backends must not be asked: for checks that measure something of the test's own. */
export function fakeContext(
  clock: Clock = new FakeClock(),
  signal = new AbortController().signal,
): ExerciseContext {
  const unasked = new Proxy(
    {},
    {
      get(_, name): never {
        throw new Error(`this test has no ${String(name)}`);
      },
    },
  );
  return {
    lab: unasked as ExerciseContext['lab'],
    observe: unasked as ExerciseContext['observe'],
    pace: paces.lab,
    ledger: unasked as ExerciseContext['ledger'],
    events: unasked as ExerciseContext['events'],
    tally: () => undefined,
    timeline: { startedAtMs: clock.now() },
    clock,
    signal,
  };
}

/** A check that reads one value after the other; the last one stays. */
export function checkReading(values: readonly (Measured | Error)[], more: Partial<Check> = {}): Check {
  let reads = 0;
  return {
    id: 'p95',
    claim: 'p95 of api-1 exceeds 400 ms',
    pillar: 'metrics',
    query: 'p95{instance="api-1"}',
    async measure() {
      const value = values[Math.min(reads, values.length - 1)];
      reads += 1;
      if (value instanceof Error) throw value;
      return value;
    },
    expect: { atLeast: 400, unit: 'ms' },
    withinSeconds: 30,
    link: () => 'http://prometheus/query',
    next: 'look at the slow queries',
    ...more,
  };
}

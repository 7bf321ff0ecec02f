import { expect, it } from 'vitest';
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { FakeClock, fakeContext } from '../../lab/exercise/testing/fake-context.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import { estimatedP95 } from './estimate.ts';

/** A lab in which a trace is kept every second from the break on, as long as the load runs; each takes 100 ms longer. */
function sampledLab(loadSeconds: number) {
  const base = fakeContext(new FakeClock());
  const brokenAtMs = Math.ceil(base.clock.now() / 1000) * 1000;
  const jaeger = {
    findTraces: async ({ startMs, endMs }: { startMs: number; endMs: number }) => {
      const traces = new Map<string, Span[]>();
      for (let second = 0; second < loadSeconds; second++) {
        const atMs = brokenAtMs + 1000 * second;
        if (atMs < startMs || atMs >= endMs) continue;
        const span = { name: 'GET /api/v1/notes', parentSpanId: '', durationMs: 100 * (second + 1) };
        traces.set(String(second), [span as Span]);
      }
      return traces;
    },
  };
  const observe = {
    jaeger,
    prometheus: { value: async () => 0.5 },
    loki: { query: async () => [{ value: 500 }] },
  };
  const context = { ...base, observe, timeline: { ...base.timeline, brokenAtMs } };
  return { context: context as unknown as ExerciseContext, brokenAtMs };
}

it('waits for the traces that it takes, which come one a second', async () => {
  const { context, brokenAtMs } = sampledLab(60);
  expect(await estimatedP95.solve(context)).toMatch(/^sampled=\d+\.\d all=500\.0$/);
  // Two seconds for the change, five until a trace has been decided on, and ten traces.
  const waited = (context.clock.now() - brokenAtMs) / 1000;
  expect(waited).toBeGreaterThanOrEqual(16);
  expect(waited).toBeLessThanOrEqual(19);
});

it('does not wait for ever', async () => {
  const { context } = sampledLab(8);
  await expect(estimatedP95.solve(context)).rejects.toThrow(
    'only 6 traces were kept, of 10 that it takes: is the load running?',
  );
});

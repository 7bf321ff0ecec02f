import { expect, test } from 'vitest';
import { probesWanted, untilReady } from './readiness.ts';

/** Waits through these answers, on a clock of its own; how it ended, and how many were asked for. */
async function through(answers: readonly boolean[], goodProbes: number, withinMs = 10_000) {
  let asked = 0;
  let nowMs = 0;
  const ready = await untilReady({
    probe: () => Promise.resolve(answers[asked++] ?? false),
    goodProbes,
    pollMs: 100,
    deadline: { isOver: () => nowMs > withinMs },
    sleep: async (ms) => {
      nowMs += ms;
    },
  });
  return { ready, asked, waitedMs: nowMs };
}

test('what comes up with the lab is ready with its first good probe, at once', async () => {
  expect(probesWanted(true)).toBe(1);
  expect(await through([true], 1)).toEqual({ ready: true, asked: 1, waitedMs: 0 });
  expect(await through([false, true], 1)).toEqual({ ready: true, asked: 2, waitedMs: 100 });
});

test('after a disturbance one good probe is not enough, and a bad one between starts anew', async () => {
  expect(probesWanted(false)).toBe(2);
  expect(await through([true, false, false, true, true], 2)).toEqual({
    ready: true,
    asked: 5,
    waitedMs: 400,
  });
});

test('it ends at the deadline, with an error of the probe, and when it is cancelled', async () => {
  expect(await through([true, false, true, false, true], 2, 300)).toEqual({
    ready: false,
    asked: 5,
    waitedMs: 400,
  });
  const wait = { goodProbes: 2, pollMs: 1, deadline: { isOver: () => false } };
  await expect(untilReady({ ...wait, probe: () => Promise.reject(new Error('it ended')) })).rejects.toThrow(
    'it ended',
  );
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(untilReady({ ...wait, signal, probe: () => Promise.resolve(true) })).rejects.toThrow(
    'cancelled',
  );
});

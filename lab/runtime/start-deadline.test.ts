import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Component } from '../../stack/topology.ts';
import { inDependencyOrder } from './schedule.ts';
import { StartDeadline } from './start-deadline.ts';

const component = (id: string, more: Partial<Component> = {}): Component =>
  ({ id, dependsOn: [], ...more }) as Component;

it('a component starts beside what its readiness waits for, and its time begins when that is there', async () => {
  const order: string[] = [];
  await inDependencyOrder(
    [component('gateway', { readyAfter: ['api-1'] }), component('api-1')],
    async ({ id }, _signal, awaited) => {
      order.push(`${id} starts`);
      if (id === 'api-1') await sleep(50);
      await awaited;
      order.push(`${id} is ready`);
    },
  );
  expect(order).toEqual(['gateway starts', 'api-1 starts', 'api-1 is ready', 'gateway is ready']);
});

it('time does not pass before that, and then it does', async () => {
  let there = (): void => {};
  const awaited = new Promise<void>((resolve) => {
    there = resolve;
  });
  const deadline = new StartDeadline('gateway', 20, { awaited, note: () => {} });
  await sleep(60);
  expect(deadline.isOver()).toBe(false);
  there();
  await sleep(0);
  expect(deadline.isOver()).toBe(false);
  await expect.poll(() => deadline.isOver(), { timeout: 5_000 }).toBe(true);
  expect(deadline.waited).toBe('within 0.02 s');
});

it('a dependency that fails ends the whole, also for who still waits for it', async () => {
  const started = inDependencyOrder(
    [component('gateway', { readyAfter: ['api-1'] }), component('api-1')],
    async ({ id }, signal) => {
      if (id === 'api-1') throw new Error('api-1 ended while it started');
      while (!signal.aborted) await sleep(5);
      signal.throwIfAborted();
    },
  );
  await expect(started).rejects.toThrow('api-1 ended while it started');
});

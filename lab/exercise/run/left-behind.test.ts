import { describe, expect, it } from 'vitest';
import type { Workshop } from '../../workshop.ts';
import { leftBehind } from './left-behind.ts';

/** A lab as it is at the start, or as an exercise may have left it. */
function place(left: {
  states?: Record<string, string>;
  overrides?: Record<string, Record<string, string>>;
  primary?: string;
  silences?: { id: string; state: string }[];
  faults?: { kind: string; target: string; params: object }[];
  changes?: { component: string; path: string }[];
  load?: string;
}): Workshop {
  const states = { 'api-2': 'running', loki: 'running', ...left.states };
  return {
    lab: {
      status: async () =>
        Object.entries(states).map(([id, state]) => ({ id, state, ready: state === 'running' })),
      primary: async () => left.primary ?? 'postgres-primary',
      overrides: async (id: string) => left.overrides?.[id] ?? {},
      // Nobody listens there: what cannot be asked carries no fault of its own.
      address: () => ({ host: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1' }),
      token: 'token',
    },
    backends: {
      alertmanager: {
        silences: async () => (left.silences ?? []).map(({ id, state }) => ({ id, status: { state } })),
      },
    },
    journal: { read: () => ({ faults: left.faults ?? [] }) },
    changes: { list: () => left.changes ?? [] },
    traffic: { running: () => (left.load === undefined ? undefined : { profile: left.load }) },
  } as unknown as Workshop;
}

describe('what an exercise left behind', () => {
  it('is nothing on a lab as it was at the start', async () => {
    expect(await leftBehind(place({}), new Set())).toEqual([]);
  });

  it.each([
    ['a component', { states: { 'api-2': 'stopped' } }, 'api-2 is stopped'],
    [
      'a fault',
      { faults: [{ kind: 'stop', target: 'api-2', params: {} }] },
      expect.stringContaining('api-2') as unknown as string,
    ],
    [
      'an edited file',
      { changes: [{ component: 'loki', path: 'loki/loki.yaml' }] },
      'loki reads another loki/loki.yaml',
    ],
    ['variables', { overrides: { 'api-3': { LOG_LEVEL: 'debug' } } }, 'api-3 runs with LOG_LEVEL changed'],
    ['another primary', { primary: 'postgres-replica' }, 'postgres-replica is the primary'],
    ['load', { load: 'peak' }, 'the load "peak" still runs'],
    ['a silence', { silences: [{ id: 's-1', state: 'active' }] }, 'the silence s-1 is in force'],
  ])('names %s', async (_, left, line) => {
    const found = await leftBehind(place(left), new Set());
    expect(found).toHaveLength(1);
    const wanted = typeof line === 'string' ? `left behind: ${line}` : line;
    expect(found).toEqual([wanted]);
  });

  it('says nothing of a silence that was there before, or has ended', async () => {
    const silences = [
      { id: 'own', state: 'active' },
      { id: 'old', state: 'expired' },
    ];
    expect(await leftBehind(place({ silences }), new Set(['own']))).toEqual([]);
  });
});

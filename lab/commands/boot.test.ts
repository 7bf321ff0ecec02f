import { expect, it } from 'vitest';
import type { ComponentState, ComponentStatus } from '../runtime/runtime.ts';
import { lacksOnly } from './boot.ts';

const components = (database: ComponentState, loki: ComponentState): ComponentStatus[] => [
  { id: 'postgres-primary', state: database, ready: false },
  { id: 'loki', state: loki, ready: loki === 'running' },
  { id: 'api-1', state: 'running', ready: false },
];

it.each<[ComponentState, ComponentState, boolean]>([
  ['running', 'running', true],
  ['paused', 'running', true],
  ['crashed', 'starting', true],
  ['stopped', 'crashed', false],
  ['running', 'missing', false],
])('a lab with the broken database %s and Loki %s lacks only what is broken: %s', (database, loki, only) => {
  expect(lacksOnly(components(database, loki), ['postgres-primary'])).toBe(only);
  expect(lacksOnly(components('paused', 'running'), [])).toBe(false);
});

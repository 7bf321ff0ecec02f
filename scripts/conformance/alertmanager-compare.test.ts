import { describe, expect, test } from 'vitest';
import { compare } from './alertmanager-compare.ts';

const alert = (alertname: string, updatedAt = '2026-11-20T23:29:02.989Z') => ({
  labels: { alertname },
  fingerprint: '37ff2d81c907a7c8',
  updatedAt,
});

describe('two answers differ', () => {
  const wanted = [alert('a'), alert('b')];

  test('not when moments are half a second apart', () => {
    expect(compare([alert('a', '2026-11-20T23:29:03.489Z'), alert('b')], wanted, '')).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['another order', [alert('b'), alert('a')]],
    ['an empty list', []],
    ['an alert too few', [alert('a')]],
    ['an alert too many', [alert('a'), alert('b'), alert('b')]],
    ['a moment that is a second off', [alert('a', '2026-11-20T23:29:03.989Z'), alert('b')]],
    ['what is no moment', [alert('a', ''), alert('b')]],
    ['a missing member', [{ labels: { alertname: 'a' }, fingerprint: '37ff2d81c907a7c8' }, alert('b')]],
    ['a member too much', [{ ...alert('a'), more: 1 }, alert('b')]],
    ['another value', [{ ...alert('a'), fingerprint: '37ff2d81c907a7c9' }, alert('b')]],
  ])('by %s', (_, got) => {
    expect(compare(got, wanted, '')).toBeTypeOf('string');
  });

  test('by a number that is one per cent off', () => {
    expect(compare({ count: 101 }, { count: 100 }, '')).toBe('.count: 101, want 100');
  });
});

test('members of which only the type counts are told, so that they are counted apart', () => {
  const told: string[] = [];
  const options = { strangers: new Set(['a']), onTypeOnly: (name: string) => told.push(name) };
  expect(compare(alert('a', '2026-01-01T00:00:00Z'), alert('a'), '', options)).toBeUndefined();
  expect(compare({ uptime: 'x' }, { uptime: 'y' }, '', options)).toBeUndefined();
  expect(compare({ uptime: 1 }, { uptime: 'y' }, '', options)).toBe('.uptime: 1');
  expect(told).toEqual(['updatedAt', 'uptime']);
});

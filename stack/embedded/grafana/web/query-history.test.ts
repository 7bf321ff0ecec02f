import { expect, test } from 'vitest';
import { mostKept, readQueries, rememberQuery } from './query-history.ts';

function storeOf(text: string | null) {
  let kept = text;
  return {
    getItem: () => kept,
    setItem: (_key: string, value: string) => {
      kept = value;
    },
  };
}

test('the last twenty queries are kept, the newest first, each once', () => {
  const store = storeOf(null);
  for (let index = 0; index < 30; index += 1) rememberQuery(store, { source: 'a', query: `up + ${index}` });
  rememberQuery(store, { source: 'a', query: 'up + 25' });
  rememberQuery(store, { source: 'b', query: 'up + 25' });
  const kept = readQueries(store);
  expect(kept).toHaveLength(mostKept);
  expect(kept.slice(0, 4)).toEqual([
    { source: 'b', query: 'up + 25' },
    { source: 'a', query: 'up + 25' },
    { source: 'a', query: 'up + 29' },
    { source: 'a', query: 'up + 28' },
  ]);
  expect(new Set(kept.map((one) => JSON.stringify(one))).size).toBe(mostKept);
});

test.each(['{', '{}', '[1, null, {"source": 1}]', 'null'])('what was kept as %s is no history', (text) => {
  expect(readQueries(storeOf(text))).toEqual([]);
});

test('a browser that keeps nothing does not stop the page', () => {
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('QuotaExceededError');
    },
  };
  expect(() => rememberQuery(full, { source: 'a', query: 'up' })).not.toThrow();
});

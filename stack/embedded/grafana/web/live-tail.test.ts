import { expect, test } from 'vitest';
import { linesOf } from './live-tail.ts';

test('a message of the tail is its lines, the oldest first, over all streams', () => {
  const message = {
    streams: [
      {
        stream: { level: 'info' },
        values: [
          ['1700000000000000003', 'c'],
          ['1700000000000000001', 'a'],
        ],
      },
      { stream: { level: 'error' }, values: [['1700000000000000002', 'b']] },
    ],
    dropped_entries: null,
  };
  expect(linesOf(JSON.stringify(message)).map(({ line, labels }) => `${line} ${labels.level}`)).toEqual([
    'a info',
    'b error',
    'c info',
  ]);
  expect(linesOf('{"streams":[]}')).toEqual([]);
});

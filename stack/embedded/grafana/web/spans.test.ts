import { expect, test } from 'vitest';
import { spanRows } from './spans.ts';

const span = (spanId: string, parentSpanId: string, start: number, end: number, more = {}) => ({
  spanId,
  parentSpanId,
  name: spanId,
  startTimeUnixNano: String(start * 1e6),
  endTimeUnixNano: String(end * 1e6),
  ...more,
});

test('a trace is read from the top: parents first, children by their start', () => {
  const rows = spanRows({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] },
        scopeSpans: [
          {
            spans: [
              span('query', 'handler', 30, 80, {
                status: { code: 2, message: 'timeout' },
                attributes: [{ key: 'rows', value: { intValue: '3' } }],
                events: [{ name: 'exception', attributes: [{ key: 'type', value: { stringValue: 'E' } }] }],
              }),
              span('early', 'handler', 20, 25),
              span('handler', 'root', 15, 90),
            ],
          },
        ],
      },
      { resource: {}, scopeSpans: [{ spans: [span('root', '', 10, 100), span('lost', 'missing', 50, 60)] }] },
      { scopeSpans: [{ spans: [span('own', 'own', 1000, 1001)] }] },
    ],
  });
  expect(rows.map(({ id, depth, offsetMs, durationMs }) => [id, depth, offsetMs, durationMs])).toEqual([
    ['root', 0, 0, 90],
    ['handler', 1, 5, 75],
    ['early', 2, 10, 5],
    ['query', 2, 20, 50],
    ['lost', 0, 40, 10],
  ]);
  expect(rows.find(({ id }) => id === 'query')).toMatchObject({
    service: 'api',
    failed: true,
    attributes: [
      ['rows', '3'],
      ['status.message', 'timeout'],
      ['event exception: type', 'E'],
    ],
  });
});

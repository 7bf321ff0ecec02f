import { expect, test } from 'vitest';
import { spansOf } from '../testing.ts';
import { OperationIndex } from './operation-index.ts';
import { TraceStore } from './trace-store.ts';

const roomy = { maxTraces: 1000, maxBytes: 1 << 30 };
const ids = (store: TraceStore) => [...store.newestFirst()].map((trace) => trace.traceId.replace(/^0+/, ''));

test('beyond max_traces the trace that arrived first goes, whole, also when it got spans since', () => {
  const store = new TraceStore({ ...roomy, maxTraces: 2 });
  store.write(spansOf([{ traceId: 'a', spanId: '1' }]));
  store.write(spansOf([{ traceId: 'b', spanId: '2' }]));
  store.write(spansOf([{ traceId: 'a', spanId: '3' }]));
  store.write(spansOf([{ traceId: 'c', spanId: '4' }]));
  expect(ids(store)).toEqual(['c', 'b']);
  expect(store.get('a'.padStart(32, '0'))).toBeUndefined();
  expect(store.statistics).toMatchObject({ traces: 2, spans: 2, evictedTraces: 1 });
});

test('bytes bound the store as well, and are given back', () => {
  const store = new TraceStore({ maxTraces: 1e6, maxBytes: 100_000 });
  for (let index = 1; index <= 5000; index += 1) {
    store.write(spansOf([{ traceId: index.toString(16), spanId: '1', name: 'x'.repeat(index % 500) }]));
    expect(store.statistics.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(store.statistics.traces).toBeGreaterThan(20);
  expect(ids(store)[0]).toBe((5000).toString(16));
});

test('one runaway trace does not push out the others', () => {
  const store = new TraceStore({ maxTraces: 1e6, maxBytes: 200_000 });
  store.write(spansOf([{ traceId: 'a', spanId: '1' }]));
  for (let index = 1; index <= 1000; index += 1)
    store.write(spansOf([{ traceId: 'b', spanId: index.toString(16) }]));
  expect(ids(store)).toEqual(['b', 'a']);
  expect(store.statistics.droppedSpans).toBeGreaterThan(500);
});

test('operations outlive their traces, but names without end do not pile up', () => {
  const index = new OperationIndex(100);
  index.add('calm', 'GET /notes', 2);
  for (let id = 0; id < 10_000; id += 1) index.add('wild', `GET /notes/${id}`, 2);
  expect(index.services()).toEqual(['calm', 'wild']);
  expect(index.operations('calm')).toEqual([{ name: 'GET /notes', spanKind: 'server' }]);
  expect(index.operations('wild').length).toBe(99);
  expect(index.operations('wild', 'client')).toEqual([]);
});

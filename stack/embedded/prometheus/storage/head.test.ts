import { describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { parseMetricSelector } from '../promql/parser/parse.ts';
import { ExemplarRing } from './exemplars.ts';
import { Head } from './head.ts';
import { isStaleMarker } from './staleness.ts';

const start = 1_767_225_600_000;
const matchers = (text: string) => parseMetricSelector(text).matchers;
const roomy = { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 1e9 };

function fill(head: Head, name: string, count: number, stepMs = 1000, from = start): void {
  const series = head.series(Labels.from({ __name__: name }));
  for (let index = 0; index < count; index++) head.append(series, from + index * stepMs, Math.sin(index));
}

describe('reading', () => {
  test('samples over many chunks come back in order, within the bounds, both included', () => {
    const head = new Head(roomy);
    fill(head, 'm', 1000);
    const [series] = head.select(matchers('m'), start + 100_000, start + 899_000);
    expect([...series!.timestamps]).toEqual(
      Array.from({ length: 800 }, (_, index) => start + 100_000 + index * 1000),
    );
    expect(series!.values[0]).toBe(Math.sin(100));
    expect(series!.values[799]).toBe(Math.sin(899));
  });

  test.each([
    ['{__name__="a"}', ['1', '2']],
    ['{job="2"}', ['2']],
    ['{__name__=~"a|b",job!="1"}', ['2', '3']],
    ['{__name__=~".+",job=~"1|3"}', ['1', '3']],
    ['{__name__!="",env=""}', ['1', '2', '3']],
    ['{__name__="a",job!~"2"}', ['1']],
    ['{job="nope"}', []],
  ])('%s finds %j', (selector, wanted) => {
    const head = new Head(roomy);
    for (const [name, job] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ] as const) {
      head.append(head.series(Labels.from({ __name__: name, job })), start, 1);
    }
    expect(head.select(matchers(selector), start, start).map(({ labels }) => labels.get('job'))).toEqual(
      wanted,
    );
  });
});

describe('what is taken', () => {
  test('an older sample, a second value and the same value again', () => {
    const head = new Head(roomy);
    const series = head.series(Labels.from({ __name__: 'm' }));
    expect(head.append(series, start, 1)).toBe('ok');
    expect(head.append(series, start, 1)).toBe('same');
    expect(head.append(series, start, 2)).toBe('duplicate');
    expect(head.append(series, start - 1, 2)).toBe('out-of-order');
    expect(head.counters).toMatchObject({ appended: 1, duplicate: 1, outOfOrder: 1 });
  });

  test('a sample more than an hour behind the newest of all is out of bounds', () => {
    const head = new Head(roomy);
    fill(head, 'new', 1);
    const old = head.series(Labels.from({ __name__: 'old' }));
    expect(head.append(old, start - 3_600_001, 1)).toBe('out-of-bounds');
    expect(head.append(old, start - 3_599_999, 1)).toBe('ok');
  });

  test('within the out-of-order window late samples find their place, also in sealed chunks', () => {
    const head = new Head({ ...roomy, outOfOrderWindowMs: 600_000 });
    const series = head.series(Labels.from({ __name__: 'm' }));
    for (let index = 0; index < 400; index++)
      if (index % 2 === 0) head.append(series, start + index * 1000, index);
    for (let index = 399; index >= 0; index--)
      if (index % 2 === 1) expect(head.append(series, start + index * 1000, index)).toBe('ok');
    expect(head.append(series, start + 1000, 5)).toBe('duplicate');
    const [read] = head.select(matchers('m'), 0, Number.POSITIVE_INFINITY);
    expect([...read!.values]).toEqual(Array.from({ length: 400 }, (_, index) => index));
  });

  test('staleness markers stay what they are through sealing', () => {
    const head = new Head(roomy);
    fill(head, 'm', 100);
    const series = head.series(Labels.from({ __name__: 'm' }));
    head.append(series, start + 200_000, Number.NaN, true);
    head.append(series, start + 201_000, Number.NaN);
    fill(head, 'm', 500, 1000, start + 300_000);
    const [read] = head.select(matchers('m'), start + 200_000, start + 201_000);
    expect([0, 1].map((index) => isStaleMarker(read!.values, index))).toEqual([true, false]);
  });
});

describe('bounds', () => {
  test('by now: after the clock was set back what it stored of the future goes, and samples are taken again', () => {
    const head = new Head({ retentionMs: 600_000, retentionBytes: 1e9 });
    fill(head, 'past', 10);
    fill(head, 'both', 10);
    const both = head.find(Labels.from({ __name__: 'both' }))!;
    const future = start + 86_400_000;
    head.append(both, future, 1);
    head.append(head.series(Labels.from({ __name__: 'future' })), future, 1);
    expect(head.append(both, start + 20_000, 2)).toBe('out-of-bounds');
    expect(head.dropFuture(start + 20_000)).toBe(true);
    expect(head.maxMs).toBe(start + 9_000);
    expect(head.seriesCount).toBe(2);
    expect(head.append(both, start + 20_000, 2)).toBe('ok');
    expect(head.dropFuture(start + 20_000)).toBe(false);
    expect(head.select(matchers('both'), start, future)[0]!.timestamps).toHaveLength(11);
  });

  test('by time: what is older than the retention goes, a series without samples with it', () => {
    const head = new Head({ retentionMs: 600_000, retentionBytes: 1e9 });
    fill(head, 'gone', 10);
    const gone = head.find(Labels.from({ __name__: 'gone' }))!;
    fill(head, 'kept', 3000);
    expect(head.enforceRetention()).toBeGreaterThan(2000);
    expect(head.seriesCount).toBe(1);
    expect(gone.gone).toBe(true);
    // A chunk goes when all of it is too old.
    expect(head.minMs).toBeGreaterThan(start + 2_999_000 - 600_000 - 120_000);
    expect(head.select(matchers('kept'), start + 2_400_000, start + 2_999_000)[0]!.timestamps).toHaveLength(
      600,
    );
  });

  test('by bytes: the oldest samples go until it fits, the newest stay', () => {
    const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 200_000 });
    for (let index = 0; index < 20; index++) fill(head, `m${index}`, 2000);
    const before = head.sizeBytes;
    expect(before).toBeGreaterThan(200_000);
    head.enforceRetention();
    expect(head.sizeBytes).toBeLessThanOrEqual(200_000);
    expect(head.seriesCount).toBe(20);
    expect(head.maxMs).toBe(start + 1_999_000);
    expect(head.select(matchers('m0'), start + 1_999_000, start + 1_999_000)).toHaveLength(1);
  });

  test('by bytes: a flood of short series is bounded too', () => {
    const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 500_000 });
    for (let index = 0; index < 5000; index++) {
      head.append(head.series(Labels.from({ __name__: 'flood', id: String(index) })), start + index, 1);
    }
    head.enforceRetention();
    expect(head.sizeBytes).toBeLessThanOrEqual(500_000);
    expect(head.seriesCount).toBeLessThan(1200);
    expect(head.find(Labels.from({ __name__: 'flood', id: '4999' }))).toBeDefined();
    expect(head.find(Labels.from({ __name__: 'flood', id: '0' }))).toBeUndefined();
  });

  test('deleting takes the range and leaves the rest', () => {
    const head = new Head(roomy);
    fill(head, 'm', 300);
    head.delete(matchers('m'), start + 50_000, start + 249_000);
    expect(head.select(matchers('m'), 0, Number.POSITIVE_INFINITY)[0]!.timestamps).toHaveLength(100);
    head.delete(matchers('m'), 0, Number.POSITIVE_INFINITY);
    expect(head.seriesCount).toBe(0);
    expect(head.sizeBytes).toBe(0);
  });
});

describe('exemplars', () => {
  const series = Labels.from({ __name__: 'm' });
  const exemplar = (index: number) => ({
    labels: Labels.from({ trace_id: String(index) }),
    value: index,
    timeMs: start + index,
  });

  test('the ring keeps the newest', () => {
    const ring = new ExemplarRing(3);
    for (let index = 0; index < 10; index++) ring.append(series, exemplar(index));
    expect(
      ring.select([matchers('m')], 0, Number.POSITIVE_INFINITY)[0]!.exemplars.map(({ value }) => value),
    ).toEqual([7, 8, 9]);
    ring.resize(2);
    expect(
      ring.select([matchers('m')], 0, Number.POSITIVE_INFINITY)[0]!.exemplars.map(({ value }) => value),
    ).toEqual([8, 9]);
  });

  test('repeated, older and too long ones are left out', () => {
    const ring = new ExemplarRing(10);
    expect(ring.append(series, exemplar(5))).toBe(true);
    expect(ring.append(series, { ...exemplar(5), timeMs: start + 6 })).toBe(false);
    expect(ring.append(series, exemplar(4))).toBe(false);
    expect(
      ring.append(series, { labels: Labels.from({ a: 'x'.repeat(128) }), value: 1, timeMs: start + 9 }),
    ).toBe(false);
  });
});

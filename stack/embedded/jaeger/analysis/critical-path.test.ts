import { expect, test } from 'vitest';
import { type SpanSketch, spansOf } from '../testing.ts';
import { criticalPath } from './critical-path.ts';

const short = (id: string) => id.replace(/^0+/, '');

function analyse(sketches: SpanSketch[]) {
  const result = criticalPath(spansOf(sketches));
  return {
    sections: result.sections.map(
      (section) =>
        `${short(section.spanId)} ${section.startUnixMicros / 1000}+${section.durationMicros / 1000}`,
    ),
    self: Object.fromEntries(result.spans.map((span) => [short(span.spanId), span.selfMicros / 1000])),
    order: result.spans.map((span) => `${short(span.spanId)}@${span.depth}`),
    warnings: result.warnings,
  };
}

test('the path runs through the child that finished last, back to the one before it, and covers the root', () => {
  const { sections, self } = analyse([
    { spanId: 'a', startMs: 0, endMs: 100 },
    { spanId: 'b', parentSpanId: 'a', startMs: 10, endMs: 40 },
    { spanId: 'c', parentSpanId: 'a', startMs: 50, endMs: 90 },
    { spanId: 'd', parentSpanId: 'c', startMs: 60, endMs: 70 },
  ]);
  expect(sections).toEqual(['a 0+10', 'b 10+30', 'a 40+10', 'c 50+10', 'd 60+10', 'c 70+20', 'a 90+10']);
  expect(self).toEqual({ a: 30, b: 30, c: 30, d: 10 });
});

test('a child that ran beside a longer one is not on the path; overlaps count once in self time', () => {
  const { sections, self } = analyse([
    { spanId: 'a', startMs: 0, endMs: 100 },
    { spanId: 'b', parentSpanId: 'a', startMs: 10, endMs: 60 },
    { spanId: 'c', parentSpanId: 'a', startMs: 20, endMs: 90 },
  ]);
  expect(sections).toEqual(['a 0+20', 'c 20+70', 'a 90+10']);
  expect(self.a).toBe(20);
});

test('work that outlives its parent counts only as far as the parent waited', () => {
  const { sections, self } = analyse([
    { spanId: 'a', startMs: 0, endMs: 50 },
    { spanId: 'b', parentSpanId: 'a', startMs: 40, endMs: 200 },
  ]);
  expect(sections).toEqual(['a 0+40', 'b 40+10']);
  expect(self).toEqual({ a: 40, b: 160 });
});

test('a server whose clock is a moment ahead of its caller keeps the path: it goes on to what took the time', () => {
  const { sections } = analyse([
    { spanId: 'a', startMs: 0, endMs: 100 },
    { spanId: 'b', parentSpanId: 'a', startMs: 10, endMs: 101 },
    { spanId: 'c', parentSpanId: 'b', startMs: 11, endMs: 103 },
    { spanId: 'd', parentSpanId: 'c', startMs: 12, endMs: 102 },
    { spanId: 'e', parentSpanId: 'd', startMs: 20, endMs: 95 },
  ]);
  expect(sections).toEqual(['a 0+10', 'b 10+1', 'c 11+1', 'd 12+8', 'e 20+75', 'd 95+5']);
});

test('calls one after the other stay on the path although spans begin at whole milliseconds', () => {
  const { sections } = analyse([
    { spanId: 'a', startMs: 0, endMs: 100 },
    { spanId: 'b', parentSpanId: 'a', startMs: 10, endMs: 60.75 },
    { spanId: 'c', parentSpanId: 'a', startMs: 60, endMs: 90 },
    { spanId: 'd', parentSpanId: 'a', startMs: 50, endMs: 61.5 },
  ]);
  expect(sections).toEqual(['a 0+10', 'b 10+50', 'c 60+30', 'a 90+10']);
});

test('orphans, cycles of parents, own parents and repeated IDs are laid out once each and reported', () => {
  const { order, warnings } = analyse([
    { spanId: 'a', startMs: 0 },
    { spanId: 'b', parentSpanId: 'ffff', startMs: 1 },
    { spanId: 'c', parentSpanId: 'd', startMs: 2 },
    { spanId: 'd', parentSpanId: 'c', startMs: 3 },
    { spanId: 'e', parentSpanId: 'e', startMs: 4 },
    { spanId: 'a', startMs: 5 },
  ]);
  expect(order).toEqual(['a@0', 'b@0', 'e@0', 'c@0', 'd@1']);
  expect(warnings).toEqual([
    'span 000000000000000a occurs more than once; only the first counts',
    'the parents of span 000000000000000c form a cycle; it is cut here',
  ]);
});

test('a tree of 10000 levels is walked without reaching the end of the stack', () => {
  const depth = 10_000;
  const sketches = Array.from({ length: depth }, (_, index) => ({
    spanId: (index + 1).toString(16),
    parentSpanId: index.toString(16),
    startMs: index,
    endMs: 3 * depth - index,
  }));
  const { sections, order } = analyse(sketches);
  expect(sections.length).toBe(2 * depth - 1);
  expect(order.at(-1)).toBe(`${depth.toString(16)}@${depth - 1}`);
});

test('a span that ends before it starts lasts nothing', () => {
  expect(analyse([{ spanId: 'a', startMs: 10, endMs: 5 }])).toMatchObject({ sections: [], self: { a: 0 } });
});

import { describe, expect, it } from 'vitest';
import { newStreamLabels } from '../ingest/stream-labels.ts';
import { jsonParser } from './json.ts';
import { malformed } from './json-scan.ts';
import { LineLabels, noMetadata, sanitizeLabelName } from './line-labels.ts';
import { allLabels, LabelHints } from './stage.ts';

const stream = newStreamLabels([['app', 'x']]);
const now = { seconds: 0, nanoseconds: 0 };

function run(parser: ReturnType<typeof jsonParser>, line: string): Record<string, string> {
  const labels = new LineLabels();
  labels.reset(stream, noMetadata);
  parser(line, labels, now);
  return Object.fromEntries(labels.layer('parsed'));
}

/** What the labels of a line are, told by JSON.parse. */
function flatten(value: object, prefix = ''): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    const own = sanitizeLabelName(key);
    const name = prefix === '' ? own : `${prefix}_${own}`;
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      // The first to take a name keeps it.
      for (const [label, text] of Object.entries(flatten(member, name))) result[label] ??= text;
    } else if (member !== null && !Array.isArray(member)) {
      result[name === 'app' ? 'app_extracted' : name] ??=
        typeof member === 'string' ? member : JSON.stringify(member);
    }
  }
  return result;
}

/** Objects of few keys in ever changing order and nesting, from a seed. */
function generator(seed: number): () => object {
  let state = seed;
  const next = (bound: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % bound;
  };
  const keys = ['a', 'b', 'c', 'app', 'd-e', 'f"g', 'ü'];
  const texts = ['', 'plain', 'with "quotes"', 'back\\slash', 'end\\', 'tab\t', '{"x":1}', 'ünï', ',}'];
  const object = (depth: number): object => {
    const result: Record<string, unknown> = {};
    for (let count = next(5); count > 0; count--) {
      const kind = next(7);
      result[keys[next(keys.length)]!] =
        kind === 0 && depth < 3
          ? object(depth + 1)
          : kind === 1
            ? [next(9), 'x', { y: ']' }]
            : kind === 2
              ? null
              : kind === 3
                ? next(2) === 0
                : kind === 4
                  ? next(1000) / 8
                  : texts[next(texts.length)];
    }
    return result;
  };
  return () => object(0);
}

describe('the json parser', () => {
  it('finds what JSON.parse finds, whatever the lines before looked like', () => {
    const parser = jsonParser(allLabels);
    const next = generator(7);
    for (let index = 0; index < 3000; index++) {
      const value = next();
      const text = index % 2 === 0 ? JSON.stringify(value) : JSON.stringify(value, null, 1);
      expect(run(parser, text), text).toEqual(flatten(value));
    }
  });

  it('finds the same of what it is told to look for', () => {
    const wanted = new Set(['a', 'b_c', 'app_extracted']);
    const parser = jsonParser(new LabelHints(wanted));
    const next = generator(8);
    for (let index = 0; index < 2000; index++) {
      const value = next();
      const expected = Object.fromEntries(
        Object.entries(flatten(value)).filter(([name]) => wanted.has(name)),
      );
      expect(run(parser, JSON.stringify(value))).toEqual(expected);
    }
  });

  it.each([
    ['nothing', malformed.object],
    ['[1]', malformed.object],
    ['{"a":"open', malformed.string],
    ['{"a":1', malformed.array],
    ['{"a":1 "b":2}', malformed.object],
    ['{"a" 1}', malformed.json],
    ['{"a":nope}', malformed.unknown],
    ['{"a":{"b":1}', malformed.array],
  ])('says of %s what jsonparser says', (line, details) => {
    expect(run(jsonParser(allLabels), line)).toMatchObject({
      __error__: 'JSONParserErr',
      __error_details__: details,
    });
  });
});

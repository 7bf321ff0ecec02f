import { Labels } from '../../labels/labels.ts';
import { goQuote, unquote } from '../parser/go-quote.ts';
import { duration } from './test-file.ts';

/** A value of a series line: a number, a staleness marker, no sample, or a native histogram, which is not read. */
export type Point = number | 'stale' | 'histogram' | undefined;

export interface SeriesLine {
  readonly labels: Labels;
  readonly points: readonly Point[];
  /** Of a `@st` line: offsets in milliseconds instead of values. */
  readonly isStartTimes: boolean;
}

const string = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/y;
const identifier = /[A-Za-z_:][A-Za-z0-9_:]*/y;

const value = '[+-]?(?:inf|nan|(?:\\d+(?:ms|[smhdwy]))+|(?:\\d[\\d_]*\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)';
/** `axN`, `a+bxN`, `a-bxN`; a hexadecimal number cannot be told from `0xN` and is none here. */
const repetition = new RegExp(`^(stale|${value})(?:([+-])(${value}))?x(\\d+)$`, 'i');

/** Reads `name{a="b"} 1 2+3x4 _ stale`. */
export function parseSeriesLine(text: string): SeriesLine {
  const pairs: [string, string][] = [];
  let position = 0;
  const skip = (): void => {
    while (text[position] === ' ' || text[position] === '\t') position++;
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) position += found.length;
    return found;
  };
  const name = take(identifier);
  if (name !== undefined) pairs.push(['__name__', name]);
  if (text[position] === '{') {
    position++;
    for (;;) {
      skip();
      if (text[position] === '}') break;
      const quoted = take(string);
      const label = quoted === undefined ? take(identifier) : unquote(quoted);
      if (label === undefined) throw new Error(`invalid series ${goQuote(text)}`);
      skip();
      if (text[position] === '=') {
        position++;
        skip();
        const value = take(string);
        if (value === undefined) throw new Error(`invalid label value in ${goQuote(text)}`);
        pairs.push([label, unquote(value)]);
      } else pairs.push(['__name__', label]);
      skip();
      if (text[position] === ',') position++;
      else if (text[position] !== '}') throw new Error(`invalid labels in ${goQuote(text)}`);
    }
    position++;
  }
  const rest = text.slice(position);
  const isStartTimes = rest.startsWith('@st');
  const items = isStartTimes ? rest.slice(3) : rest;
  return {
    labels: Labels.from(pairs),
    points: isStartTimes ? startTimes(items) : points(items),
    isStartTimes,
  };
}

function points(text: string): Point[] {
  const result: Point[] = [];
  // A histogram literal may hold spaces.
  const items = text.replace(/\{\{[^}]*\}\}/g, 'H').match(/\S+/g) ?? [];
  for (const item of items) {
    if (item.includes('H')) {
      const times = /x(\d+)$/.exec(item);
      for (let count = 0; count <= (times === null ? 0 : Number(times[1])); count++) result.push('histogram');
      continue;
    }
    const missing = /^_(?:x(\d+))?$/.exec(item);
    if (missing !== null) {
      for (let count = 0; count < Number(missing[1] ?? 1); count++) result.push(undefined);
      continue;
    }
    const repeated = repetition.exec(item);
    if (repeated !== null) {
      const [, first = '', sign, step, times] = repeated;
      if (first === 'stale') {
        for (let count = 0; count <= Number(times); count++) result.push('stale');
        continue;
      }
      let value = number(first);
      const increment = step === undefined ? 0 : number(step) * (sign === '-' ? -1 : 1);
      for (let count = 0; count <= Number(times); count++) {
        result.push(value);
        value += increment;
      }
      continue;
    }
    result.push(item === 'stale' ? 'stale' : number(item));
  }
  return result;
}

function startTimes(text: string): Point[] {
  const result: Point[] = [];
  for (const item of text.match(/\S+/g) ?? []) {
    const missing = /^_(?:x(\d+))?$/.exec(item);
    if (missing !== null) {
      for (let count = 0; count < Number(missing[1] ?? 1); count++) result.push(undefined);
      continue;
    }
    const match = /^([+-]?\w+?)(?:([+-])(\w+?))?(?:x(\d+))?$/.exec(item);
    if (match === null) throw new Error(`invalid start timestamp "${item}"`);
    const [, first = '', sign, step, times] = match;
    let value = duration(first);
    const increment = step === undefined ? 0 : duration(step) * (sign === '-' ? -1 : 1);
    for (let count = 0; count <= Number(times ?? 0); count++) {
      result.push(value);
      value += increment;
    }
  }
  return result;
}

/** A value: `1e6`, `0x1f`, `Inf`, or a duration in seconds. */
export function number(text: string): number {
  const bare = text.replace(/^[+-]/, '').toLowerCase();
  const sign = text.startsWith('-') ? -1 : 1;
  if (bare === 'inf') return sign * Number.POSITIVE_INFINITY;
  if (bare === 'nan') return Number.NaN;
  if (/^(?:\d+(?:ms|[smhdwy]))+$/.test(bare)) return (sign * duration(bare)) / 1000;
  const value = Number(bare);
  if (bare === '' || Number.isNaN(value)) throw new Error(`invalid number "${text}"`);
  return sign * value;
}

import { parseGoDuration } from '../../duration/go-duration.ts';
import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { parseByteSize } from '../units/bytes.ts';
import { unquote } from '../units/go-text.ts';
import { LogqlParseError } from './parse-error.ts';
import { functionWords, keywords, punctuation, type Token, type TokenKind } from './tokens.ts';

const flags = /--(?:strict|keep-empty)(?![\p{L}-])/uy;
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const number = /(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y;
const durationTail = /[\p{N}nuµmshdwy.]+/uy;
const bytesTail = /[\p{N}BikKMGTP.]+/uy;
/** What must follow a function's name for it to be one: `(`, or `by (…`, `without (…`. */
const call = /\s*(?:\(|(?:by|without)\s*\()/iy;

/** Splits a query into tokens; the last one is `$end`. Throws a LogqlParseError for what is no token at all. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;

  const match = (pattern: RegExp, from: number): string | undefined => {
    pattern.lastIndex = from;
    return pattern.exec(query)?.[0];
  };
  const fail = (reason: string): never => {
    throw new LogqlParseError(reason, line, at - lineStart + 1);
  };
  const push = (kind: TokenKind, length: number, value: string | number = 0): void => {
    tokens.push({ kind, text: query.slice(at, at + length), value, line, column: at - lineStart + 1 });
    at += length;
  };

  while (at < query.length) {
    const character = query[at]!;
    if (character === '\n') {
      at++;
      line++;
      lineStart = at;
    } else if (/\s/.test(character)) {
      at++;
    } else if (character === '#') {
      const end = query.indexOf('\n', at);
      at = end === -1 ? query.length : end;
    } else if (character === '"' || character === '`') {
      const end = endOfString(query, at);
      if (end === -1) fail('literal not terminated');
      const text = unquote(query.slice(at, end));
      if (text === undefined) fail('invalid syntax');
      const lines = query.slice(at, end).split('\n');
      push('STRING', end - at, text!);
      if (lines.length > 1) {
        line += lines.length - 1;
        lineStart = at - lines.at(-1)!.length;
      }
    } else if (character === '[') {
      const end = query.indexOf(']', at);
      if (end === -1) fail("missing closing ']' in duration");
      try {
        push('RANGE', end + 1 - at, parsePrometheusDuration(query.slice(at + 1, end)) * 1e6);
      } catch (error) {
        fail((error as Error).message);
      }
    } else if (/[\d.]/.test(character) && match(number, at) !== undefined) {
      scanNumber(match(number, at)!);
    } else if (character === '-') {
      const flag = match(flags, at);
      const magnitude = match(number, at + 1);
      const tail = magnitude === undefined ? undefined : match(durationTail, at + 1 + magnitude.length);
      const duration = tail === undefined ? undefined : durationNs(magnitude! + tail);
      if (flag !== undefined) push('FUNCTION_FLAG', flag.length, flag);
      else if (duration !== undefined) push('DURATION', 1 + magnitude!.length + tail!.length, -duration);
      else push('-', 1);
    } else {
      const name = match(word, at);
      if (name !== undefined) {
        const lower = name.toLowerCase();
        if (functionWords.has(lower)) {
          const called = match(call, at + name.length) !== undefined;
          push(called ? lower : 'IDENTIFIER', name.length, name);
        } else push(keywords.has(lower) ? lower : 'IDENTIFIER', name.length, name);
      } else {
        const mark = punctuation.find((candidate) => query.startsWith(candidate, at));
        if (mark !== undefined) push(mark, mark.length);
        else push('IDENTIFIER', String.fromCodePoint(query.codePointAt(at)!).length, character);
      }
    }
  }
  // Loki's scanner has no position before it has read anything.
  const empty = query.length === 0;
  tokens.push({
    kind: '$end',
    text: '',
    value: 0,
    line: empty ? 0 : line,
    column: empty ? 0 : at - lineStart + 1,
  });
  return tokens;

  function scanNumber(digits: string): void {
    const after = at + digits.length;
    const tail = match(durationTail, after);
    const duration = tail === undefined ? undefined : durationNs(digits + tail);
    const sizeTail = match(bytesTail, after);
    const size = sizeTail === undefined ? undefined : sizeOf(digits + sizeTail);
    if (duration !== undefined) push('DURATION', digits.length + tail!.length, duration);
    else if (size !== undefined) push('BYTES', digits.length + sizeTail!.length, size);
    // What follows a number that is neither is for the parser to refuse.
    else push('NUMBER', digits.length, Number(digits.replaceAll('_', '')));
  }
}

function sizeOf(text: string): number | undefined {
  try {
    return parseByteSize(text);
  } catch {
    return undefined;
  }
}

/** Nanoseconds of a Prometheus or Go duration; undefined when it is neither. */
export function durationNs(text: string): number | undefined {
  try {
    return parsePrometheusDuration(text) * 1e6;
  } catch {
    try {
      return Math.round(parseGoDuration(text) * 1e6);
    } catch {
      return undefined;
    }
  }
}

/** Where a Go string literal ends (exclusive), or -1. */
function endOfString(text: string, start: number): number {
  const mark = text[start]!;
  if (mark === '`') {
    const end = text.indexOf('`', start + 1);
    return end === -1 ? -1 : end + 1;
  }
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === mark) return index + 1;
    else if (text[index] === '\n') return -1;
  }
  return -1;
}

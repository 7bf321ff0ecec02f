import { aggregations } from './ast.ts';
import { goQuote, goQuoteRune, isSpace } from './go-quote.ts';

export type TokenType =
  | 'eof'
  | 'identifier'
  | 'metric identifier'
  | 'keyword'
  | 'aggregator'
  | 'operator'
  | 'string'
  | 'number'
  | 'duration'
  | 'punctuation';

export interface Token {
  readonly type: TokenType;
  /** The source text; for a keyword, operator or aggregator in lower case. */
  readonly text: string;
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** A character or literal that cannot be part of a query. */
export class LexError extends Error {
  readonly start: number;

  constructor(message: string, start: number) {
    super(message);
    this.start = start;
  }
}

const wordOperators = new Set(['and', 'or', 'unless', 'atan2']);
const keywords = new Set([
  'offset',
  'smoothed',
  'anchored',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'fill',
  'fill_left',
  'fill_right',
  'start',
  'end',
  'step',
  'range',
]);
const aggregators: ReadonlySet<string> = new Set(aggregations);
const numberPattern =
  /(?:0[xX][0-9a-fA-F]*(?:_[0-9a-fA-F]+)*|(?:\d+(?:_\d+)*)?\.?(?:\d+(?:_\d+)*)?(?:[eE][+-]?\d+(?:_\d+)*)?)/y;
const durationPattern = /(?:\d+(?:ms|[smhdwy]))+/y;
/** How far Prometheus reads before it gives a duration up. */
const scannedPattern = /(?:\d+(?:ms|[smhdwy]))*\d*/y;
/** What it still takes for a part of the number, and then misses the rest of. */
const trailingPattern = /\.|__?|[eE][+-]?/y;
const wordPattern = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const labelPattern = /[A-Za-z_][A-Za-z0-9_]*/y;

/**
 * Splits a query into tokens, one at a time, the way of Prometheus's own lexer: the same states, the same
 * messages and the same positions, since learners read them.
 */
export class Lexer {
  readonly #input: string;
  #position = 0;
  #parenDepth = 0;
  #braceOpen = false;
  #bracketOpen = false;
  #gotColon = false;
  #gotDuration = false;

  constructor(input: string) {
    this.#input = input;
  }

  next(): Token {
    this.#skip();
    const start = this.#position;
    if (this.#braceOpen) return this.#insideBraces(start);
    if (this.#bracketOpen) return this.#insideBrackets(start);
    return this.#statement(start);
  }

  #skip(): void {
    const input = this.#input;
    while (this.#position < input.length) {
      const char = input[this.#position]!;
      if (isSpace(char)) this.#position++;
      else if (char === '#' && !this.#bracketOpen) {
        const end = input.indexOf('\n', this.#position);
        this.#position = end < 0 ? input.length : end;
      } else break;
    }
  }

  #token(type: TokenType, start: number, end: number): Token {
    this.#position = end;
    const source = this.#input.slice(start, end);
    const folded = type === 'keyword' || type === 'operator' || type === 'aggregator';
    return { type, text: folded ? source.toLowerCase() : source, source, start, end };
  }

  #rune(position: number): string {
    const code = this.#input.codePointAt(position);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #statement(start: number): Token {
    const input = this.#input;
    if (start >= input.length) {
      if (this.#parenDepth > 0) throw new LexError('unclosed left parenthesis', start);
      return this.#token('eof', start, start);
    }
    const char = input[start]!;
    const following = input[start + 1] ?? '';
    switch (char) {
      case ',':
        return this.#token('punctuation', start, start + 1);
      case '@':
        return this.#token('punctuation', start, start + 1);
      case '*':
      case '/':
      case '%':
      case '+':
      case '-':
      case '^':
        return this.#token('operator', start, start + 1);
      case '=':
        if (following === '=') return this.#token('operator', start, start + 2);
        if (following === '~')
          throw new LexError(`unexpected character after '=': ${goQuoteRune('~')}`, start);
        return this.#token('operator', start, start + 1);
      case '!':
        if (following === '=') return this.#token('operator', start, start + 2);
        throw new LexError(`unexpected character after '!': ${goQuoteRune(this.#rune(start + 1))}`, start);
      case '<':
        return this.#token('operator', start, start + (following === '=' || following === '/' ? 2 : 1));
      case '>':
        return this.#token('operator', start, start + (following === '=' || following === '/' ? 2 : 1));
      case '(':
        this.#parenDepth++;
        return this.#token('punctuation', start, start + 1);
      case ')':
        this.#parenDepth--;
        if (this.#parenDepth < 0) throw new LexError(`unexpected right parenthesis ')'`, start + 1);
        return this.#token('punctuation', start, start + 1);
      case '{':
        this.#braceOpen = true;
        return this.#token('punctuation', start, start + 1);
      case '[':
        this.#bracketOpen = true;
        this.#gotColon = false;
        this.#gotDuration = false;
        return this.#token('punctuation', start, start + 1);
      case ']':
        throw new LexError(`unexpected right bracket ']'`, start);
      case '"':
      case "'":
      case '`':
        return this.#string(start);
      default:
    }
    if (isNumberStart(input, start)) return this.#number(start);
    wordPattern.lastIndex = start;
    const word = wordPattern.exec(input)?.[0];
    if (word === undefined)
      throw new LexError(`unexpected character: ${goQuoteRune(this.#rune(start))}`, start);
    return this.#token(wordType(word), start, start + word.length);
  }

  #insideBraces(start: number): Token {
    const input = this.#input;
    if (start >= input.length) throw new LexError('unexpected end of input inside braces', start);
    const char = input[start]!;
    const following = input[start + 1] ?? '';
    labelPattern.lastIndex = start;
    const label = labelPattern.exec(input)?.[0];
    if (label !== undefined) return this.#token('identifier', start, start + label.length);
    switch (char) {
      case ',':
        return this.#token('punctuation', start, start + 1);
      case '"':
      case "'":
      case '`':
        return this.#string(start);
      case '=':
        return this.#token('operator', start, start + (following === '~' ? 2 : 1));
      case '!':
        if (following === '~' || following === '=') return this.#token('operator', start, start + 2);
        throw new LexError(
          `unexpected character after '!' inside braces: ${goQuoteRune(this.#rune(start + 1))}`,
          start,
        );
      case '{':
        throw new LexError(`unexpected left brace '{'`, start);
      case '}':
        this.#braceOpen = false;
        return this.#token('punctuation', start, start + 1);
      default:
        throw new LexError(`unexpected character inside braces: ${goQuoteRune(this.#rune(start))}`, start);
    }
  }

  #insideBrackets(start: number): Token {
    const input = this.#input;
    if (start >= input.length) {
      if (!this.#gotDuration) throw new LexError('unexpected end of input in duration expression', start);
      throw new LexError(this.#parenDepth > 0 ? 'unclosed left parenthesis' : 'unclosed left bracket', start);
    }
    const char = input[start]!;
    if (char === ']') {
      this.#bracketOpen = false;
      return this.#token('punctuation', start, start + 1);
    }
    if (char === ':') {
      if (!this.#gotDuration)
        throw new LexError('unexpected colon before duration in duration expression', start + 1);
      if (this.#gotColon) throw new LexError(`unexpected colon ':'`, start);
      this.#gotColon = true;
      return this.#token('punctuation', start, start + 1);
    }
    if ('+-*/%^'.includes(char)) return this.#token('operator', start, start + 1);
    if (char === '(' || char === ')') {
      this.#parenDepth += char === '(' ? 1 : -1;
      if (this.#parenDepth < 0) throw new LexError(`unexpected right parenthesis ')'`, start + 1);
      return this.#token('punctuation', start, start + 1);
    }
    if (char === ',') return this.#token('punctuation', start, start + 1);
    this.#gotDuration = true;
    if (isNumberStart(input, start)) return this.#number(start);
    labelPattern.lastIndex = start;
    const word = labelPattern.exec(input)?.[0];
    if (
      word !== undefined &&
      ['step', 'range', 'min', 'max', 'min_of', 'max_of'].includes(word.toLowerCase())
    ) {
      return this.#token('keyword', start, start + word.length);
    }
    throw new LexError(
      `unexpected character in duration expression: ${goQuoteRune(this.#rune(start))}`,
      start,
    );
  }

  #number(start: number): Token {
    const input = this.#input;
    durationPattern.lastIndex = start;
    const duration = durationPattern.exec(input)?.[0];
    if (duration !== undefined && !isAlphanumeric(input[start + duration.length])) {
      return this.#token('duration', start, start + duration.length);
    }
    numberPattern.lastIndex = start;
    const number = numberPattern.exec(input)?.[0] ?? '';
    const following = input[start + number.length];
    if (following !== '.' && !isAlphanumeric(following)) {
      return this.#token('number', start, start + number.length);
    }
    trailingPattern.lastIndex = start + number.length;
    const rest = trailingPattern.exec(input)?.[0] ?? '';
    scannedPattern.lastIndex = start;
    const asDuration = scannedPattern.exec(input)?.[0] ?? '';
    const scanned = asDuration.length > number.length ? asDuration : number + rest;
    throw new LexError(`bad number or duration syntax: ${goQuote(scanned)}`, start);
  }

  #string(start: number): Token {
    const input = this.#input;
    const quote = input[start]!;
    if (quote === '`') {
      const end = input.indexOf('`', start + 1);
      if (end < 0) throw new LexError('unterminated raw string', start);
      return this.#token('string', start, end + 1);
    }
    for (let position = start + 1; ; position++) {
      const char = input[position];
      if (char === undefined || char === '\n') throw new LexError('unterminated quoted string', start);
      if (char === quote) return this.#token('string', start, position + 1);
      if (char === '\\') position += escapeLength(input, position, start, quote) - 1;
    }
  }
}

function wordType(word: string): TokenType {
  const folded = word.toLowerCase();
  if (wordOperators.has(folded)) return 'operator';
  if (aggregators.has(folded)) return 'aggregator';
  if (keywords.has(folded)) return 'keyword';
  if (folded === 'inf' || folded === 'nan') return 'number';
  return word.includes(':') ? 'metric identifier' : 'identifier';
}

function isNumberStart(input: string, start: number): boolean {
  const char = input[start]!;
  return (char >= '0' && char <= '9') || (char === '.' && /\d/.test(input[start + 1] ?? ''));
}

function isAlphanumeric(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z0-9_]/.test(char);
}

/** The length of the escape sequence at `position`, its backslash included. */
function escapeLength(input: string, position: number, start: number, quote: string): number {
  const char = input[position + 1];
  if (char === undefined) throw new LexError('escape sequence not terminated', start);
  if (char === quote || 'abfnrtv\\'.includes(char)) return 2;
  const digits = /[0-7]/.test(char) ? 3 : char === 'x' ? 2 : char === 'u' ? 4 : char === 'U' ? 8 : 0;
  if (digits === 0) {
    const rune = String.fromCodePoint(input.codePointAt(position + 1)!);
    throw new LexError(`unknown escape sequence ${unicodePoint(rune)}`, start);
  }
  const from = digits === 3 ? position + 1 : position + 2;
  const radix = digits === 3 ? /^[0-7]+$/ : /^[0-9a-fA-F]+$/;
  for (let index = from; index < from + digits; index++) {
    const digit = input[index];
    if (digit === undefined || digit === '\n') throw new LexError('escape sequence not terminated', start);
    if (!radix.test(digit)) {
      throw new LexError(`illegal character ${unicodePoint(runeAt(input, index))} in escape sequence`, start);
    }
  }
  const code = Number.parseInt(input.slice(from, from + digits), digits === 3 ? 8 : 16);
  const limit = digits <= 3 ? 255 : 0x10ffff;
  if (code > limit || (code >= 0xd800 && code < 0xe000)) {
    throw new LexError('escape sequence is an invalid Unicode code point', start);
  }
  return from + digits - position;
}

function runeAt(input: string, index: number): string {
  return String.fromCodePoint(input.codePointAt(index)!);
}

/** Go's `%#U`: `U+0071 'q'`. */
function unicodePoint(rune: string): string {
  return `U+${rune.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${rune}'`;
}

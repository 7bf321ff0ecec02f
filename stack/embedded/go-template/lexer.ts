/** Tokens of Go's text/template, after text/template/parse/lex.go. */
export type TokenType =
  | 'error'
  | 'eof'
  | 'text'
  | 'leftDelim'
  | 'rightDelim'
  | 'space'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'assign'
  | 'declare'
  | 'field'
  | 'identifier'
  | 'leftParen'
  | 'rightParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'string'
  | 'variable'
  | 'dot'
  | 'keyword';

export interface Token {
  readonly type: TokenType;
  readonly value: string;
  /** Offset into the text. */
  readonly position: number;
  readonly line: number;
}

const keywords = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'nil',
  'template',
  'with',
]);
const alphaNumeric = /[\p{L}\p{Nd}_]/u;
const isSpace = (char: string | undefined) => char === ' ' || char === '\t' || char === '\r' || char === '\n';

/** A character the way Go's %#U prints it. */
function unicodeName(char: string): string {
  if (char === '') return 'U+FFFFFFFFFFFFFFFF';
  const code = char.codePointAt(0) ?? 0;
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code >= 32 ? `${hex} '${char}'` : hex;
}

/** Cuts a template into tokens. A lexical error becomes the last token, so that a syntax error before it wins. */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let line = 1;
  const emit = (type: TokenType, end: number) => {
    const value = text.slice(position, end);
    tokens.push({ type, value, position, line });
    line += countNewlines(value);
    position = end;
  };
  const fail = (message: string) => {
    tokens.push({ type: 'error', value: message, position, line });
    return tokens;
  };
  const skip = (end: number) => {
    line += countNewlines(text.slice(position, end));
    position = end;
  };

  while (position < text.length) {
    const open = text.indexOf('{{', position);
    const trimsLeft = open >= 0 && text[open + 2] === '-' && isSpace(text[open + 3]);
    let textEnd = open < 0 ? text.length : open;
    if (trimsLeft) while (textEnd > position && isSpace(text[textEnd - 1])) textEnd--;
    if (textEnd > position) emit('text', textEnd);
    if (open < 0) break;
    skip(open);
    const bodyStart = open + 2 + (trimsLeft ? 2 : 0);
    if (text.startsWith('/*', bodyStart)) {
      skip(bodyStart);
      const close = text.indexOf('*/', bodyStart);
      if (close < 0) return fail('unclosed comment');
      const right = rightDelimAt(text, close + 2);
      if (right === 0) return fail('comment ends before closing delimiter');
      skip(close + 2 + right);
      if (right > 2) skip(skipSpaces(text, position));
      continue;
    }
    emit('leftDelim', open + 2);
    skip(bodyStart);
    const error = lexAction();
    if (error !== undefined) return fail(error);
  }
  emit('eof', position);
  return tokens;

  function lexAction(): string | undefined {
    let depth = 0;
    for (;;) {
      const right = rightDelimAt(text, position);
      if (right > 0) {
        if (depth > 0) return 'unclosed left paren';
        skip(position + right - 2);
        emit('rightDelim', position + 2);
        if (right > 2) skip(skipSpaces(text, position));
        return undefined;
      }
      const char = charAt(text, position);
      if (char === '') return 'unclosed action';
      if (isSpace(char)) {
        let end = position;
        while (isSpace(text[end]) && (end === position || rightDelimAt(text, end) === 0)) end++;
        emit('space', end);
      } else if (char === '=') emit('assign', position + 1);
      else if (char === ':') {
        if (text[position + 1] !== '=') return 'expected :=';
        emit('declare', position + 2);
      } else if (char === '|') emit('pipe', position + 1);
      else if (char === '"' || char === "'") {
        const end = quotedEnd(text, position, char);
        if (end < 0) return char === '"' ? 'unterminated quoted string' : 'unterminated character constant';
        emit(char === '"' ? 'string' : 'charConstant', end);
      } else if (char === '`') {
        const end = text.indexOf('`', position + 1);
        if (end < 0) return 'unterminated raw quoted string';
        emit('rawString', end + 1);
      } else if (char === '$' || (char === '.' && !/[0-9]/.test(text[position + 1] ?? ''))) {
        const end = wordEnd(text, position + 1);
        if (!isTerminator(text, end)) return `bad character ${unicodeName(charAt(text, end))}`;
        emit(char === '$' ? 'variable' : end === position + 1 ? 'dot' : 'field', end);
      } else if (/[-+.0-9]/.test(char)) {
        const end = numberEnd(text, position);
        if (alphaNumeric.test(charAt(text, end)) || end === position)
          return `bad number syntax: ${JSON.stringify(text.slice(position, end + 1))}`;
        emit('number', end);
      } else if (alphaNumeric.test(char)) {
        const end = wordEnd(text, position);
        const word = text.slice(position, end);
        if (!isTerminator(text, end)) return `bad character ${unicodeName(charAt(text, end))}`;
        emit(
          keywords.has(word) ? 'keyword' : word === 'true' || word === 'false' ? 'bool' : 'identifier',
          end,
        );
      } else if (char === '(') {
        depth++;
        emit('leftParen', position + 1);
      } else if (char === ')') {
        depth--;
        if (depth < 0) return 'unexpected right paren';
        emit('rightParen', position + 1);
      } else if (/^[\x21-\x7e]$/.test(char)) emit('char', position + 1);
      else return `unrecognized character in action: ${unicodeName(char)}`;
    }
  }
}

function countNewlines(value: string): number {
  let count = 0;
  for (let at = value.indexOf('\n'); at >= 0; at = value.indexOf('\n', at + 1)) count++;
  return count;
}

function charAt(text: string, position: number): string {
  const code = text.codePointAt(position);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function skipSpaces(text: string, from: number): number {
  let position = from;
  while (isSpace(text[position])) position++;
  return position;
}

/** Length of the right delimiter at a place, with its trim marker (`}}` 2, ` -}}` 4), or 0. */
function rightDelimAt(text: string, position: number): number {
  if (text.startsWith('}}', position)) return 2;
  return isSpace(text[position]) && text.startsWith('-}}', position + 1) ? 4 : 0;
}

function isTerminator(text: string, position: number): boolean {
  const char = text[position];
  return char === undefined || isSpace(char) || '.,|:()'.includes(char) || text.startsWith('}}', position);
}

function wordEnd(text: string, from: number): number {
  let position = from;
  for (;;) {
    const char = charAt(text, position);
    if (char === '' || !alphaNumeric.test(char)) return position;
    position += char.length;
  }
}

function quotedEnd(text: string, from: number, quote: string): number {
  for (let position = from + 1; position < text.length; position++) {
    const char = text[position];
    if (char === '\\') position++;
    else if (char === '\n') return -1;
    else if (char === quote) return position + 1;
  }
  return -1;
}

const numberSyntax =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]+)?|0[bB][01_]*|0[oO][0-7_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)/y;

function numberEnd(text: string, from: number): number {
  numberSyntax.lastIndex = from;
  return numberSyntax.exec(text) === null ? from : numberSyntax.lastIndex;
}

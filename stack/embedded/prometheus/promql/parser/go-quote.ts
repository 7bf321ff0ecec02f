const short: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

function escapeRunes(text: string, quote: string): string {
  let result = '';
  for (const rune of text) {
    const code = rune.codePointAt(0)!;
    if (rune === quote) result += `\\${quote}`;
    else if (short[rune] !== undefined) result += short[rune];
    else if (code < 0x20 || code === 0x7f) result += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code >= 0xdc80 && code <= 0xdcff) result += `\\x${(code - 0xdc00).toString(16)}`;
    else if (code >= 0xd800 && code <= 0xdfff) result += '\ufffd';
    else if (/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(rune)) {
      result +=
        code > 0xffff
          ? `\\U${code.toString(16).padStart(8, '0')}`
          : `\\u${code.toString(16).padStart(4, '0')}`;
    } else result += rune;
  }
  return result;
}

/** Go's strconv.Quote. */
export function goQuote(text: string): string {
  return `"${escapeRunes(text, '"')}"`;
}

/** Go's strconv.QuoteRune; the end of the input is Go's -1, which prints as the replacement character. */
export function goQuoteRune(rune: string): string {
  return `'${rune === '' ? '\ufffd' : escapeRunes(rune, "'")}'`;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The value of a PromQL string literal whose escapes were checked before. Byte escapes are decoded as UTF-8. */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`') || !body.includes('\\')) return body;
  return body.replace(
    /(?:\\(?:x[0-9a-fA-F]{2}|[0-7]{3}))+|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gs,
    (sequence) => {
      const kind = sequence[1]!;
      if (kind === 'x' || (kind >= '0' && kind <= '7')) {
        const bytes = sequence
          .split('\\')
          .slice(1)
          .map((part) =>
            part.startsWith('x') ? Number.parseInt(part.slice(1), 16) : Number.parseInt(part, 8),
          );
        return decodeBytes(bytes);
      }
      if (kind === 'u' || kind === 'U') return String.fromCodePoint(Number.parseInt(sequence.slice(2), 16));
      return escapes[kind] ?? kind;
    },
  );
}

/**
 * Strings are UTF-16 here and bytes in Go. A byte that is no UTF-8 is kept as the lone surrogate U+DC00 + byte, so
 * that two different byte strings stay different and no valid text can equal them.
 */
function decodeBytes(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return bytes
      .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte)))
      .join('');
  }
}

/** Whether the text is what Go calls valid UTF-8, see `unquote`. */
export function isValidUtf8(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

export function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r';
}

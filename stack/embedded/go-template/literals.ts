const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** Go's strconv.Unquote for "…" and `…`; undefined when the syntax is wrong. */
export function unquote(literal: string): string | undefined {
  if (literal.startsWith('`')) return literal.slice(1, -1).replaceAll('\r', '');
  const body = literal.slice(1, -1);
  if (!body.includes('\\')) return body;
  let wrong = false;
  const bytes: number[] = [];
  const syntax = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))|([^\\]+)/gu;
  for (const [, hex, short, long, octal, single, plain] of body.matchAll(syntax)) {
    if (plain !== undefined) bytes.push(...Buffer.from(plain));
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 255);
    else if (single !== undefined) {
      const char = escapes[single];
      if (char === undefined || (single === "'" && literal.startsWith('"'))) wrong = true;
      else bytes.push(...Buffer.from(char));
    } else {
      const code = Number.parseInt(short ?? long ?? '', 16);
      if (code > 0x10ffff) wrong = true;
      else bytes.push(...Buffer.from(String.fromCodePoint(code)));
    }
  }
  return wrong ? undefined : Buffer.from(bytes).toString();
}

/** A number or character constant: integers become bigint, everything else a float; undefined when it is neither. */
export function parseNumber(text: string): bigint | number | undefined {
  if (text.startsWith("'")) {
    const inner = text.slice(1, -1);
    const char = inner === "\\'" ? "'" : unquote(`"${inner === '"' ? '\\"' : inner}"`);
    return char === undefined || [...char].length !== 1 ? undefined : BigInt(char.codePointAt(0) ?? 0);
  }
  const negative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '');
  const plain = digits.replaceAll('_', '');
  if (/^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[1-9][0-9]*|0)$/.test(plain)) {
    const value = BigInt(plain);
    return negative ? -value : value;
  }
  if (/^0[0-7]+$/.test(plain)) {
    const value = BigInt(`0o${plain.slice(1)}`);
    return negative ? -value : value;
  }
  if (!/^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  if (!Number.isFinite(value)) return undefined;
  // As in Go, a float constant that is a whole number may serve as an integer where one is asked; printed, it is a float.
  return negative ? -value : value;
}

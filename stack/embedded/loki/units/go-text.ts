/** Formats a float as Go's strconv.FormatFloat(value, 'f', -1, 64): never an exponent, `NaN`, `+Inf`, `-Inf`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const digits = match[2]! + (match[3] ?? '');
  const point = match[2]!.length + Number(match[4]);
  if (point <= 0) return `${match[1]}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return match[1] + digits + '0'.repeat(point - digits.length);
  return `${match[1]}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Formats a float as Go's fmt verb `%v` does: `1e+06` from a million on, `1e-05` from there down. */
export function formatFloatShort(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value);
  const [mantissa, exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return formatFloat(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** Quotes a text as Go's strconv.Quote does. */
export function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must be escaped
  if (!/["\\\x00-\x1f\x7f-\xa0\ud800-\udfff\ufeff\u2028\u2029]/.test(text)) return `"${text}"`;
  let result = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (escapes[character] !== undefined) result += escapes[character];
    else if (code < 0x20 || code === 0x7f) result += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (
      (code >= 0x80 && code <= 0xa0) ||
      code === 0xfeff ||
      code === 0x2028 ||
      code === 0x2029 ||
      (code >= 0xd800 && code <= 0xdfff)
    ) {
      result += `\\u${code.toString(16).padStart(4, '0')}`;
    } else result += character;
  }
  return `${result}"`;
}

/**
 * Unquotes a Go string literal (double, single or back quotes), or returns undefined when it is not one.
 * Bytes written as `\xff` become the code point of that number.
 */
export function unquote(literal: string): string | undefined {
  const mark = literal[0];
  const body = literal.slice(1, -1);
  if (mark === '`') return body.includes('`') ? undefined : body.replaceAll('\r', '');
  if (!body.includes('\\')) return body.includes('\n') ? undefined : body;
  let result = '';
  for (let index = 0; index < body.length; index++) {
    const character = body[index]!;
    if (character === '\n') return undefined;
    if (character !== '\\') {
      result += character;
      continue;
    }
    const next = body[++index];
    if (next === undefined) return undefined;
    const simple = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }[next];
    if (simple !== undefined) result += simple;
    else if (next === '"' || next === "'") result += next;
    else {
      const digits = { x: 2, u: 4, U: 8 }[next];
      const pattern = digits === undefined ? /^[0-7]{3}/ : new RegExp(`^[0-9a-fA-F]{${digits}}`);
      const start = digits === undefined ? index : index + 1;
      const match = pattern.exec(body.slice(start, start + 8));
      if (match === null) return undefined;
      const code = Number.parseInt(match[0], digits === undefined ? 8 : 16);
      if (code > 0x10ffff) return undefined;
      result += String.fromCodePoint(code);
      index = start + match[0].length - 1;
    }
  }
  return result;
}

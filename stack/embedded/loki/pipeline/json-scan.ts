// The wording is that of jsonparser, whose errors Loki shows in __error_details__.
export const malformed = {
  object: "Value looks like object, but can't find closing '}' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  string: "Value is string, but can't find closing '\"' symbol",
  escape: 'Encountered an invalid escape sequence in a string',
  unknown: 'Unknown value type',
  json: 'Malformed JSON error',
} as const;

/** What is wrong with a line that should be JSON. */
export class JsonError extends Error {}

export const quoteCode = 34;
const backslash = 92;
export const openBrace = 123;
export const closeBrace = 125;
export const openBracket = 91;
export const closeBracket = 93;
export const comma = 44;
export const colon = 58;

export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

/** Index after the closing quote of the string that opens at `from`; where there is none, an error with this message. */
export function endOfJsonString(text: string, from: number, message: string = malformed.string): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1) {
    if (text.charCodeAt(end - 1) !== backslash) return end + 1;
    // An even number of backslashes escapes themselves, not the quote.
    let first = end - 1;
    while (first > from + 1 && text.charCodeAt(first - 1) === backslash) first--;
    if ((end - first) % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  throw new JsonError(message);
}

/** Index after the object or array that opens at `from`: only its own kind of bracket counts, and none in strings. */
export function endOfBlock(text: string, from: number): number {
  const open = text.charCodeAt(from);
  const close = open + 2;
  const message = open === openBrace ? malformed.object : malformed.array;
  let depth = 0;
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) at = endOfJsonString(text, at, message);
    else {
      if (code === open) depth++;
      else if (code === close) {
        if (--depth === 0) return at + 1;
      } else if (Number.isNaN(code)) throw new JsonError(message);
      at++;
    }
  }
}

function endOfToken(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (
      code === comma ||
      code === closeBrace ||
      code === closeBracket ||
      code === 32 ||
      code === 10 ||
      code === 13 ||
      code === 9 ||
      Number.isNaN(code)
    ) {
      return at;
    }
    at++;
  }
}

/** Index after the value that starts at `from`. */
export function endOfJsonValue(text: string, from: number): number {
  const code = text.charCodeAt(from);
  if (code === quoteCode) return endOfJsonString(text, from);
  if (code === openBrace || code === openBracket) return endOfBlock(text, from);
  if (Number.isNaN(code)) throw new JsonError(malformed.json);
  const end = endOfToken(text, from);
  checkScalar(text, from, end);
  return end;
}

function checkScalar(text: string, from: number, end: number): void {
  const code = text.charCodeAt(from);
  if (code === 116 || code === 102 || code === 110) {
    const word = text.slice(from, end);
    if (word !== 'true' && word !== 'false' && word !== 'null') throw new JsonError(malformed.unknown);
  } else if (!(code === 45 || (code >= 48 && code <= 57))) throw new JsonError(malformed.unknown);
}

const escapeSequence =
  /\\(?:u([dD][89a-fA-F][\da-fA-F]{2})\\u([\da-fA-F]{4})|u((?![dD][89a-fA-F])[\da-fA-F]{4})|(["\\/bfnrt])|)/g;
const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The text of a JSON string without its quotes; undefined when it holds an escape that does not exist. */
export function unescapeJson(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw;
  let valid = true;
  const text = raw.replace(
    escapeSequence,
    (
      _all,
      high: string | undefined,
      low: string | undefined,
      unit: string | undefined,
      mark: string | undefined,
    ) => {
      if (mark !== undefined) return controls[mark] ?? mark;
      if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
      const [first, second] = [Number.parseInt(high ?? '', 16), Number.parseInt(low ?? '', 16)];
      if (!(second >= 0xdc00)) valid = false;
      const code = 0x10000 + (first - 0xd800) * 0x400 + (second - 0xdc00);
      return valid && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    },
  );
  return valid ? text : undefined;
}

/** What a label shows of a JSON string: nothing of one with a bad escape, and spaces for what is no text. */
export function jsonLabelValue(raw: string): string {
  const text = unescapeJson(raw) ?? '';
  return text.includes('\ufffd') ? text.replaceAll('\ufffd', ' ') : text;
}

/**
 * Calls back for each member of the object at the beginning of the text, with the positions of its value.
 * Throws with jsonparser's message.
 */
export function eachMember(text: string, visit: (key: string, start: number, end: number) => void): void {
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) throw new JsonError(malformed.object);
  at = skipSpace(text, at + 1);
  if (at >= text.length) throw new JsonError(malformed.json);
  for (;;) {
    if (text.charCodeAt(at) === closeBrace) return;
    const keyEnd = endOfKey(text, at);
    const key = unescapeJson(text.slice(at + 1, keyEnd - 1));
    if (key === undefined) throw new JsonError(malformed.escape);
    const start = skipSpace(text, afterColon(text, keyEnd));
    const end = endOfJsonValue(text, start);
    visit(key, start, end);
    at = nextMember(text, end);
    if (at === -1) return;
  }
}

/** Index after the key that starts at `from`. */
export function endOfKey(text: string, from: number): number {
  if (text.charCodeAt(from) !== quoteCode) throw new JsonError(malformed.object);
  return endOfJsonString(text, from, malformed.json);
}

/** Index after the colon that follows a key. */
export function afterColon(text: string, keyEnd: number): number {
  const at = skipSpace(text, keyEnd);
  if (text.charCodeAt(at) !== colon) throw new JsonError(malformed.json);
  return at + 1;
}

/** Where the next member (or, after a comma too many, the brace) stands after a value; -1 where the object ends. */
export function nextMember(text: string, valueEnd: number): number {
  const at = skipSpace(text, valueEnd);
  const code = text.charCodeAt(at);
  if (code === closeBrace) return -1;
  if (Number.isNaN(code)) throw new JsonError(malformed.array);
  if (code !== comma) throw new JsonError(malformed.object);
  const next = skipSpace(text, at + 1);
  if (next >= text.length) throw new JsonError(malformed.array);
  return next;
}

// Above 300 lines: one scanner of JSON text and its three users (json, json with expressions, unpack), on the hot path together.
import { type LineLabels, type StreamLabels, sanitizeLabelName } from './line-labels.ts';
import type { LabelHints, StageFunction } from './stage.ts';

// The wording is that of buger/jsonparser, whose errors Loki shows in __error_details__.
export const malformed = {
  object: "Value looks like object, but can't find closing '}' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  string: "Value is string, but can't find closing '\"' symbol",
  value: "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol",
  unknown: 'Unknown value type',
  json: 'Malformed JSON error',
} as const;

class JsonError extends Error {}

/** A line nested deeper is malformed for us: a scanner must not overflow the stack on hostile input. */
const maxDepth = 1000;
const quoteCode = 34;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;
const comma = 44;
const colon = 58;

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

/** Index after the closing quote of the string that opens at `from`. */
export function endOfJsonString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1) {
    if (text.charCodeAt(end - 1) !== backslash) return end + 1;
    // An even number of backslashes escapes themselves, not the quote.
    let first = end - 1;
    while (first > from + 1 && text.charCodeAt(first - 1) === backslash) first--;
    if ((end - first) % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  throw new JsonError(malformed.string);
}

/** Index after the object or array that opens at `from`; strings within may hold brackets. */
function endOfBlock(text: string, from: number, message: string): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) {
      at = endOfJsonString(text, at);
      continue;
    }
    if (code === openBrace || code === openBracket) depth++;
    else if (code === closeBrace || code === closeBracket) {
      if (--depth === 0) return at + 1;
    } else if (Number.isNaN(code)) throw new JsonError(message);
    at++;
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
  if (code === openBrace) return endOfBlock(text, from, malformed.object);
  if (code === openBracket) return endOfBlock(text, from, malformed.array);
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

/** The text of a JSON string without its quotes, escapes resolved; what is no valid escape stands as it is. */
export function unescapeJson(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw.replace(/[\n\r\t]/g, ' ').includes('\\')
      ? raw
          .replace(/\\(["\\/])/g, '$1')
          .replace(/\\n/g, '\n')
          .replace(/\\t/g, '\t')
      : raw;
  }
}

/**
 * Calls back for each member of the object at `from`, with the positions of its value; stops early when told `true`.
 * Throws with jsonparser's message. Returns the index after the object.
 */
function eachMember(
  text: string,
  from: number,
  visit: (key: string, start: number, end: number) => boolean,
): number {
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) !== openBrace) throw new JsonError(malformed.object);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBrace) return at + 1;
  for (;;) {
    if (text.charCodeAt(at) !== quoteCode) throw new JsonError(malformed.object);
    const keyEnd = endOfJsonString(text, at);
    const key = unescapeJson(text.slice(at + 1, keyEnd - 1));
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== colon) throw new JsonError(malformed.json);
    const start = skipSpace(text, at + 1);
    const end = endOfJsonValue(text, start);
    if (visit(key, start, end)) return end;
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code === closeBrace) return at + 1;
    if (Number.isNaN(code)) throw new JsonError(malformed.array);
    if (code !== comma) throw new JsonError(malformed.object);
    at = skipSpace(text, at + 1);
  }
}

/** What is known of a member that came at some position of the lines before: usually it comes there again. */
interface Expected {
  readonly prefix: string;
  /** The key with its quotes and the colon, as it stood. */
  readonly head: string;
  /** Its name with the names of those around it; empty when nothing is left of it. */
  readonly name: string;
  /** The label it becomes in streams of these labels, and whether the query reads that. */
  stream: StreamLabels | undefined;
  label: string;
  wanted: boolean;
}

/** Positions that are remembered: longer lines work as well, only slower. */
const maxRemembered = 256;

/**
 * Reads one line after the other. Lines of one origin have the same members in the same order, so it remembers what
 * stood where and only compares: a key is parsed, cleaned and looked up when it is new at its place.
 */
class JsonReader {
  readonly #hints: LabelHints;
  readonly #expected: Expected[] = [];
  #text = '';
  #position = 0;
  #missing = 0;

  constructor(hints: LabelHints) {
    this.#hints = hints;
  }

  read(line: string, labels: LineLabels): void {
    const { wanted, exhaustive } = this.#hints;
    this.#missing = wanted === undefined || exhaustive ? Number.POSITIVE_INFINITY : wanted.size;
    if (this.#missing === 0) return;
    this.#text = line;
    this.#position = 0;
    this.#object(skipSpace(line, 0), '', 0, labels);
  }

  /** Reads the object at `from`. Returns the index after it, or -1 when all that is wanted was found. */
  #object(from: number, prefix: string, depth: number, labels: LineLabels): number {
    const text = this.#text;
    if (text.charCodeAt(from) !== openBrace || depth > maxDepth) throw new JsonError(malformed.object);
    let at = skipSpace(text, from + 1);
    if (text.charCodeAt(at) === closeBrace) return at + 1;
    for (;;) {
      const member = this.#member(at, prefix, labels.stream);
      at = skipSpace(text, at + member.head.length);
      const code = text.charCodeAt(at);
      const start = at;
      if (code === openBrace) {
        if (member.name !== '' && this.#hints.hasPrefix(member.name)) {
          at = this.#object(at, member.name, depth + 1, labels);
          if (at === -1) return -1;
        } else at = endOfBlock(text, at, malformed.object);
      } else {
        at = endOfJsonValue(text, at);
        // Arrays and nulls become no labels.
        if (member.wanted && code !== openBracket && code !== 110) {
          labels.set(
            member.label,
            code === quoteCode ? unescapeJson(text.slice(start + 1, at - 1)) : text.slice(start, at),
          );
          if (--this.#missing <= 0) return -1;
        }
      }
      let next = text.charCodeAt(at);
      if (next !== comma && next !== closeBrace) {
        at = skipSpace(text, at);
        next = text.charCodeAt(at);
      }
      if (next === closeBrace) return at + 1;
      if (Number.isNaN(next)) throw new JsonError(malformed.array);
      if (next !== comma) throw new JsonError(malformed.object);
      at = skipSpace(text, at + 1);
    }
  }

  #member(at: number, prefix: string, stream: StreamLabels): Expected {
    const position = this.#position++;
    let member = this.#expected[position];
    if (member === undefined || member.prefix !== prefix || !this.#text.startsWith(member.head, at)) {
      member = this.#parseMember(at, prefix);
      if (position < maxRemembered) this.#expected[position] = member;
    }
    if (member.stream !== stream) {
      member.stream = stream;
      member.label = stream.map.has(member.name) ? `${member.name}_extracted` : member.name;
      member.wanted =
        member.name !== '' && (this.#hints.wanted === undefined || this.#hints.wanted.has(member.label));
    }
    return member;
  }

  #parseMember(at: number, prefix: string): Expected {
    const text = this.#text;
    if (text.charCodeAt(at) !== quoteCode) throw new JsonError(malformed.object);
    const end = endOfJsonString(text, at);
    const colonAt = skipSpace(text, end);
    if (text.charCodeAt(colonAt) !== colon) throw new JsonError(malformed.json);
    const own = sanitizeLabelName(unescapeJson(text.slice(at + 1, end - 1)));
    return {
      prefix,
      head: text.slice(at, colonAt + 1),
      name: own === '' ? '' : prefix === '' ? own : `${prefix}_${own}`,
      stream: undefined,
      label: '',
      wanted: false,
    };
  }
}

/** `| json`: every scalar of the line becomes a label, nested ones joined by `_`; arrays and nulls are left out. */
export function jsonParser(hints: LabelHints): StageFunction {
  const reader = new JsonReader(hints);
  return (line, labels) => {
    try {
      reader.read(line, labels);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      labels.fail('JSONParserErr', error.message);
    }
    return line;
  };
}

/** Splits `user.id`, `a["b c"][0]` into its steps. Throws when it is no path. */
export function parseJsonPath(expression: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /(?:^|\.)([A-Za-z_][\w]*)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]/y;
  let at = 0;
  while (at < expression.length) {
    step.lastIndex = at;
    const match = step.exec(expression);
    if (match === null) {
      throw new Error(`cannot parse expression [${expression}]: syntax error: unexpected $end`);
    }
    steps.push(match[1] ?? (match[2] === undefined ? Number(match[3]) : unescapeJson(match[2])));
    at = step.lastIndex;
  }
  if (steps.length === 0) {
    throw new Error(`cannot parse expression [${expression}]: syntax error: unexpected $end`);
  }
  return steps;
}

/** Finds the value at the path: its positions, or undefined. */
function find(text: string, path: readonly (string | number)[]): [number, number] | undefined {
  let start = skipSpace(text, 0);
  let end = text.length;
  for (const step of path) {
    let found: [number, number] | undefined;
    const code = text.charCodeAt(start);
    if (typeof step === 'string') {
      if (code !== openBrace) return undefined;
      eachMember(text, start, (key, from, to) => {
        if (key !== step) return false;
        found = [from, to];
        return true;
      });
    } else {
      if (code !== openBracket) return undefined;
      let at = skipSpace(text, start + 1);
      for (let index = 0; text.charCodeAt(at) !== closeBracket; index++) {
        const to = endOfJsonValue(text, at);
        if (index === step) {
          found = [at, to];
          break;
        }
        at = skipSpace(text, to);
        if (text.charCodeAt(at) !== comma) break;
        at = skipSpace(text, at + 1);
      }
    }
    if (found === undefined) return undefined;
    [start, end] = found;
  }
  return [start, end];
}

/** `| json label="path"`: only what is named; objects and arrays come as their JSON text. */
export function jsonExpressionParser(
  expressions: readonly { readonly identifier: string; readonly expression: string }[],
): StageFunction {
  const paths = expressions.map(({ identifier, expression }) => ({
    identifier,
    path: parseJsonPath(expression),
  }));
  return (line, labels) => {
    const first = line.charCodeAt(skipSpace(line, 0));
    if (line === '') return line;
    if (first !== openBrace && first !== openBracket) {
      labels.fail('JSONParserErr', '');
      for (const { identifier } of paths) setExtracted(labels, identifier, '');
      return line;
    }
    for (const { identifier, path } of paths) {
      let value = '';
      try {
        const found = find(line, path);
        if (found !== undefined) {
          const raw = line.slice(...found);
          if (raw.charCodeAt(0) === quoteCode) value = unescapeJson(raw.slice(1, -1));
          else if (raw !== 'null') value = raw;
        }
      } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        labels.fail('JSONParserErr', error.message);
      }
      setExtracted(labels, identifier, value);
    }
    return line;
  };
}

function setExtracted(labels: LineLabels, name: string, value: string): void {
  labels.set(labels.streamHas(name) ? `${name}_extracted` : name, value);
}

/** `| unpack`: undoes promtail's pack stage: string members become labels, `_entry` becomes the line. */
export const unpackParser: StageFunction = (line, labels) => {
  if (line === '') return line;
  let entry = line;
  try {
    eachMember(line, 0, (key, start, end) => {
      if (line.charCodeAt(start) !== quoteCode) return false;
      const value = unescapeJson(line.slice(start + 1, end - 1));
      if (key === '_entry') entry = value;
      else {
        const name = sanitizeLabelName(key);
        if (name !== '') setExtracted(labels, name, value);
      }
      return false;
    });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    labels.fail('JSONParserErr', error.message);
  }
  return entry;
};

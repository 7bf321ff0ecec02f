import { type LineLabels, sanitizeLabelName } from './line-labels.ts';
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
  let at = from + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) return at + 1;
    if (code === backslash) at++;
    else if (Number.isNaN(code)) throw new JsonError(malformed.string);
    at++;
  }
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
      ? raw.replace(/\\(["\\/])/g, '$1').replace(/\\n/g, '\n').replace(/\\t/g, '\t')
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

const stopped = Symbol('all wanted labels were found');

/** `| json`: every scalar of the line becomes a label, nested ones joined by `_`; arrays and nulls are left out. */
export function jsonParser(hints: LabelHints): StageFunction {
  const names = new Map<string, string>();
  const nameOf = (prefix: string, key: string): string => {
    const full = prefix === '' ? key : `${prefix}\0${key}`;
    let name = names.get(full);
    if (name === undefined) {
      const own = sanitizeLabelName(key);
      name = prefix === '' ? own : `${prefix}_${own}`;
      // A hostile stream of ever new keys must not grow this without bound.
      if (names.size > 10_000) names.clear();
      names.set(full, name);
    }
    return name;
  };
  return (line, labels) => {
    let missing = hints.wanted === undefined ? Number.POSITIVE_INFINITY : hints.wanted.size;
    const wanted = hints.wanted;
    const walk = (from: number, prefix: string, depth: number): void => {
      if (depth > maxDepth) throw new JsonError(malformed.object);
      eachMember(line, from, (key, start, end) => {
        const code = line.charCodeAt(start);
        if (code === openBracket || code === 110) return false;
        const name = nameOf(prefix, key);
        if (code === openBrace) {
          if (wanted === undefined || hints.hasPrefix(name)) walk(start, name, depth + 1);
          return false;
        }
        if (name === '') return false;
        const label = labels.streamHas(name) ? `${name}_extracted` : name;
        if (wanted !== undefined && !wanted.has(label)) return false;
        labels.set(
          label,
          code === quoteCode ? unescapeJson(line.slice(start + 1, end - 1)) : line.slice(start, end),
        );
        if (--missing <= 0) throw stopped;
        return false;
      });
    };
    try {
      if (missing > 0) walk(0, '', 0);
    } catch (error) {
      if (error === stopped) return line;
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

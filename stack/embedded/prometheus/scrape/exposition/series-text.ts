import { ExpositionError, excerpt } from './exposition.ts';

const space = 32;
const tab = 9;
const newline = 10;
const quote = 34;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;

/** Where the series that starts at `from` ends: after the name, or after the closing brace of its labels. */
export function seriesEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace) return bracesEnd(text, at, from);
    if (code === space || code === tab) {
      // Spaces may stand between the name and its labels.
      let next = at;
      while (text.charCodeAt(next) === space || text.charCodeAt(next) === tab) next++;
      return text.charCodeAt(next) === openBrace ? bracesEnd(text, next, from) : at;
    }
    if (code === newline) return at;
  }
  return at;
}

function bracesEnd(text: string, brace: number, from: number): number {
  let inQuotes = false;
  for (let at = brace + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inQuotes) {
      if (code === backslash) at++;
      else if (code === quote) inQuotes = false;
    } else if (code === quote) inQuotes = true;
    else if (code === closeBrace) return at + 1;
    else if (code === newline) break;
  }
  throw new ExpositionError(`unclosed label set while parsing: ${excerpt(text.slice(from, from + 200))}`);
}

/**
 * A copy of its own. V8 cuts a text by pointing into the whole: a label kept for hours would keep the page that it was
 * scraped from, and each new series a page more.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelPattern = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/**
 * The quoted text that starts at `at`, and where it ends. By hand, because a regular expression over a value of
 * megabytes overflows its stack.
 */
export function readQuoted(text: string, at: number): { value: string; end: number } | undefined {
  if (text.charCodeAt(at) !== quote) return undefined;
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === backslash) end++;
    else if (code === quote) return { value: unescapeText(text.slice(at + 1, end)), end: end + 1 };
  }
  return undefined;
}

/** Parses a name with labels, `name{a="b"}` or `{"any name",a="b"}`, into pairs with `__name__` first. */
export function parseSeries(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  let at = 0;
  const fail = (what: string): never => {
    throw new ExpositionError(`${what} while parsing: ${excerpt(text)}`);
  };
  const unexpected = (wanted: string): never =>
    fail(`expected ${wanted}, got ${excerpt(text.slice(at))} ("INVALID")`);
  const add = (name: string, value: string): void => {
    if (seen.has(name))
      throw new ExpositionError(`label name ${JSON.stringify(name)} is not unique: invalid sample`);
    seen.add(name);
    pairs.push([name, value]);
  };
  const skipSpace = (): void => {
    while (text.charCodeAt(at) === space || text.charCodeAt(at) === tab) at++;
  };
  const matched = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };

  if (text.charCodeAt(0) !== openBrace) {
    const name = matched(namePattern) ?? fail('"INVALID" is not a valid start token');
    add('__name__', name);
    skipSpace();
    if (at >= text.length) return pairs;
    if (text.charCodeAt(at) !== openBrace) unexpected('value after metric');
  }
  at++;
  for (skipSpace(); text.charCodeAt(at) !== closeBrace; skipSpace()) {
    const quoted = readQuoted(text, at);
    if (quoted !== undefined) at = quoted.end;
    const name = quoted?.value ?? matched(labelPattern) ?? unexpected('label name or }');
    skipSpace();
    if (quoted !== undefined && text[at] !== '=') {
      add('__name__', name);
    } else {
      if (text[at] !== '=') unexpected('equal');
      at++;
      skipSpace();
      const value = readQuoted(text, at) ?? unexpected('label value');
      at = value.end;
      add(name, value.value);
      skipSpace();
    }
    if (text[at] === ',') at++;
    else if (text.charCodeAt(at) !== closeBrace) unexpected('comma or } after label value');
  }
  if (!seen.has('__name__')) fail('metric name not set');
  return pairs;
}

/** Undoes the escapes of label values and HELP texts: `\\`, `\n`, `\"`. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (whole, code: string) =>
    code === 'n' ? '\n' : code === '\\' || code === '"' ? code : whole,
  );
}

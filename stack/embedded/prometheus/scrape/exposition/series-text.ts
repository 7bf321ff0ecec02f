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

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelPattern = /[ \t]*(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:\\.|[^"\\])*)")[ \t]*/sy;
const valuePattern = /=[ \t]*"((?:\\.|[^"\\])*)"[ \t]*(,?)[ \t]*/sy;

/** Parses a name with labels, `name{a="b"}` or `{"any name",a="b"}`, into pairs with `__name__` first. */
export function parseSeries(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  const add = (name: string, value: string): void => {
    if (seen.has(name))
      throw new ExpositionError(`label name ${JSON.stringify(name)} is not unique: invalid sample`);
    seen.add(name);
    pairs.push([name, value]);
  };
  let at = 0;
  if (!text.startsWith('{')) {
    namePattern.lastIndex = 0;
    const name = namePattern.exec(text)?.[0];
    if (name === undefined)
      throw new ExpositionError(`"INVALID" is not a valid start token while parsing: ${excerpt(text)}`);
    add('__name__', name);
    at = name.length;
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at >= text.length) return pairs;
    if (text[at] !== '{')
      throw new ExpositionError(
        `expected value after metric, got ${excerpt(text.slice(at))} ("INVALID") while parsing: ${excerpt(text)}`,
      );
  }
  at++;
  while (true) {
    if (/^[ \t]*\}/.test(text.slice(at, at + 20))) break;
    labelPattern.lastIndex = at;
    const label = labelPattern.exec(text);
    if (label === null)
      throw new ExpositionError(
        `expected label name or }, got ${excerpt(text.slice(at))} ("INVALID") while parsing: ${excerpt(text)}`,
      );
    at = labelPattern.lastIndex;
    const quoted = label[2] === undefined ? undefined : unescapeText(label[2]);
    if (quoted !== undefined && (text[at] === ',' || text[at] === '}')) {
      add('__name__', quoted);
      if (text[at] === ',') at++;
      continue;
    }
    valuePattern.lastIndex = at;
    const value = valuePattern.exec(text);
    if (value === null)
      throw new ExpositionError(
        `expected equal, got ${excerpt(text.slice(at))} ("INVALID") while parsing: ${excerpt(text)}`,
      );
    at = valuePattern.lastIndex;
    add(quoted ?? label[1]!, unescapeText(value[1]!));
    if (value[2] === '' && text[at] !== '}')
      throw new ExpositionError(
        `unexpected ${excerpt(text.slice(at))} after label value while parsing: ${excerpt(text)}`,
      );
  }
  if (pairs.length === 0 || !seen.has('__name__'))
    throw new ExpositionError(`metric name not set while parsing: ${excerpt(text)}`);
  return pairs;
}

/** Undoes the escapes of label values and HELP texts: `\\`, `\n`, `\"`. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (whole, code: string) =>
    code === 'n' ? '\n' : code === '\\' || code === '"' ? code : whole,
  );
}

import { parseLogfmtKey } from './extraction-path.ts';
import { unescapeJson } from './json-scan.ts';
import { sanitizeLabelName } from './line-labels.ts';
import type { LabelHints, StageFunction } from './stage.ts';

type Visit = (key: string, value: string) => boolean;

/** Where the next byte stands that ends a word: white space and what is below it. */
function endOfWord(line: string, from: number): number {
  let at = from;
  while (at < line.length && line.charCodeAt(at) > 32) at++;
  return at;
}

/**
 * Walks the pairs of a logfmt line; `visit` ends it by returning true. Returns an error's text (in go-logfmt's
 * words, its position in bytes) where strict finds one; without strict it goes on after what is broken.
 */
export function eachLogfmtPair(line: string, strict: boolean, visit: Visit): string | undefined {
  const { length } = line;
  const problem = (at: number, message: string): string =>
    `logfmt syntax error at pos ${Buffer.byteLength(line.slice(0, at)) + 1} : ${message}`;
  let at = 0;
  for (;;) {
    while (at < length && line.charCodeAt(at) <= 32) at++;
    if (at >= length) return undefined;
    const keyStart = at;
    while (at < length && line.charCodeAt(at) > 32 && line[at] !== '=' && line[at] !== '"') at++;
    const key = line.slice(keyStart, at);
    const mark = line[at];
    const bad =
      mark === '"'
        ? `unexpected '"'`
        : mark === '=' && key === ''
          ? `unexpected '='`
          : key.includes('\ufffd')
            ? 'invalid key'
            : undefined;
    if (bad !== undefined) {
      if (strict) return problem(at, bad);
      at = endOfWord(line, at);
      continue;
    }
    if (mark !== '=') {
      if (visit(key, '')) return undefined;
      continue;
    }
    at++;
    let value: string | undefined;
    if (line[at] === '"') {
      const start = at + 1;
      let end = start;
      while (end < length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
      if (end >= length) return strict ? problem(length, 'unterminated quoted value') : undefined;
      value = unquote(line.slice(start, end));
      at = end + 1;
      if (value === undefined && strict) return problem(at, 'invalid quoted value');
    } else {
      const start = at;
      while (at < length && line.charCodeAt(at) > 32 && line[at] !== '=' && line[at] !== '"') at++;
      if (at < length && line.charCodeAt(at) > 32) {
        if (strict) return problem(at, `unexpected '${line[at]}'`);
        at = endOfWord(line, at);
      } else value = line.slice(start, at);
    }
    if (value !== undefined && visit(key, value)) return undefined;
  }
}

/** A quoted value: escapes as JSON has them and `\'`; undefined when one is none. */
function unquote(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw;
  const plain = raw.replace(/\\(\\|')/g, (all, mark: string) => (mark === "'" ? "'" : all));
  // A lone half of a surrogate pair becomes the replacement character, unlike in jsonparser.
  return unescapeJson(
    plain.replace(
      /\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}/g,
      (all) => (all.length === 6 ? '\\ufffd' : all),
    ),
  );
}

interface LogfmtOptions {
  readonly strict: boolean;
  readonly keepEmpty: boolean;
}

/** `| logfmt`: each `key=value` becomes a label; a key without value only with `--keep-empty`. */
export function logfmtParser(hints: LabelHints, options: LogfmtOptions): StageFunction {
  const wanted = hints.wanted;
  return (line, labels) => {
    let missing = wanted === undefined ? Number.POSITIVE_INFINITY : wanted.size;
    if (missing === 0) return line;
    const error = eachLogfmtPair(line, options.strict, (key, value) => {
      const name = sanitizeLabelName(key);
      if (name === '') return false;
      const label = labels.nameFor(name);
      if ((wanted !== undefined && !wanted.has(label)) || (value === '' && !options.keepEmpty)) return false;
      return labels.extract(label, value.replaceAll('\ufffd', ' ')) && --missing <= 0;
    });
    if (error !== undefined) labels.fail('LogfmtParserErr', error);
    return line;
  };
}

/** `| logfmt label="key"`: only the keys that are named; what the line lacks is empty. */
export function logfmtExpressionParser(
  expressions: readonly { readonly identifier: string; readonly expression: string }[],
  options: LogfmtOptions,
): StageFunction {
  const keys = new Map(
    expressions.map(({ identifier, expression }) => [identifier, parseLogfmtKey(expression)]),
  );
  // Of several labels with the same key Loki fills any one; ours is the first.
  const byKey = new Map([...keys].reverse().map(([identifier, key]) => [key, identifier]));
  return (line, labels) => {
    for (const identifier of keys.keys()) {
      if (labels.nameFor(identifier) === identifier) labels.set(identifier, '');
    }
    const error = eachLogfmtPair(line, options.strict, (key, value) => {
      const name = sanitizeLabelName(key);
      const identifier = byKey.get(name) ?? name;
      if (!keys.has(identifier)) return false;
      const label = labels.nameFor(identifier);
      if (label !== identifier && labels.wasSet(label)) return true;
      labels.set(label, value.includes('\ufffd') ? '' : value);
      return false;
    });
    if (error !== undefined) labels.fail('LogfmtParserErr', error);
    return line;
  };
}

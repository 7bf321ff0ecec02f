import { quote } from '../units/go-text.ts';
import { unescapeJson } from './json.ts';
import { type LineLabels, sanitizeLabelName } from './line-labels.ts';
import type { LabelHints, StageFunction } from './stage.ts';

type Visit = (key: string, value: string) => boolean;

/**
 * Walks the pairs of a logfmt line; `visit` ends it by returning true. Returns an error's text (in go-logfmt's
 * words) where strict finds one; without strict it goes on after what is broken.
 */
export function eachLogfmtPair(line: string, strict: boolean, visit: Visit): string | undefined {
  const { length } = line;
  let at = 0;
  while (at < length) {
    while (at < length && line.charCodeAt(at) <= 32) at++;
    if (at >= length) return undefined;
    const keyStart = at;
    let broken: string | undefined;
    while (at < length) {
      const code = line.charCodeAt(at);
      if (code <= 32 || code === 61) break;
      if (code === 34 && broken === undefined) {
        broken = `logfmt syntax error at pos ${at + 1} : unexpected '"'`;
        if (strict) return broken;
      }
      at++;
    }
    if (broken !== undefined) {
      while (at < length && line.charCodeAt(at) > 32) at++;
      continue;
    }
    const key = line.slice(keyStart, at);
    if (line.charCodeAt(at) !== 61) {
      if (visit(key, '')) return undefined;
      continue;
    }
    if (key === '') {
      if (strict) return `logfmt syntax error at pos ${at + 1} : unexpected '='`;
      at++;
      while (at < length && line.charCodeAt(at) > 32) at++;
      continue;
    }
    at++;
    if (line.charCodeAt(at) === 34) {
      const start = at + 1;
      let end = start;
      while (end < length && line.charCodeAt(end) !== 34) end += line.charCodeAt(end) === 92 ? 2 : 1;
      if (end >= length) {
        if (strict) return `logfmt syntax error at pos ${length + 1} : unterminated quoted value`;
        return undefined;
      }
      const value = unescapeJson(line.slice(start, end));
      at = end + 1;
      if (visit(key, value)) return undefined;
      continue;
    }
    const start = at;
    let bad: string | undefined;
    while (at < length && line.charCodeAt(at) > 32) {
      const code = line.charCodeAt(at);
      if ((code === 61 || code === 34) && bad === undefined) {
        bad = `logfmt syntax error at pos ${at + 1} : unexpected ${quote(String.fromCharCode(code)).replace(/^"\\?(.)"$/, "'$1'")}`;
        if (strict) return bad;
      }
      at++;
    }
    if (bad === undefined && visit(key, line.slice(start, at))) return undefined;
  }
  return undefined;
}

/** `| logfmt`: each `key=value` becomes a label; a key without value only with `--keep-empty`. */
export function logfmtParser(
  hints: LabelHints,
  options: { readonly strict: boolean; readonly keepEmpty: boolean },
): StageFunction {
  const wanted = hints.wanted;
  return (line, labels) => {
    let missing = wanted === undefined || hints.exhaustive ? Number.POSITIVE_INFINITY : wanted.size;
    if (missing === 0) return line;
    const error = eachLogfmtPair(line, options.strict, (key, value) => {
      const name = sanitizeLabelName(key);
      if (name === '') return false;
      const label = labels.streamHas(name) ? `${name}_extracted` : name;
      if (wanted !== undefined && !wanted.has(label)) return false;
      const clean = value.includes('\ufffd') ? '' : value;
      if (clean === '' && !options.keepEmpty) return false;
      labels.set(label, clean);
      return --missing <= 0;
    });
    if (error !== undefined) labels.fail('LogfmtParserErr', error);
    return line;
  };
}

/** `| logfmt label="key"`: only the keys that are named. */
export function logfmtExpressionParser(
  expressions: readonly { readonly identifier: string; readonly expression: string }[],
  options: { readonly strict: boolean; readonly keepEmpty: boolean },
): StageFunction {
  return (line, labels: LineLabels) => {
    const found = new Map<string, string>();
    const error = eachLogfmtPair(line, options.strict, (key, value) => {
      const name = sanitizeLabelName(key);
      for (const { identifier, expression } of expressions) {
        if (expression === key || expression === name) found.set(identifier, value);
      }
      return false;
    });
    for (const { identifier } of expressions) {
      const value = found.get(identifier);
      if (value === undefined && !options.keepEmpty) continue;
      if (value === '' && !options.keepEmpty) continue;
      labels.set(labels.streamHas(identifier) ? `${identifier}_extracted` : identifier, value ?? '');
    }
    if (error !== undefined) labels.fail('LogfmtParserErr', error);
    return line;
  };
}

import { type PathStep, parseJsonPath } from './extraction-path.ts';
import {
  closeBracket,
  colon,
  comma,
  endOfBlock,
  endOfJsonString,
  endOfJsonValue,
  JsonError,
  jsonLabelValue,
  malformed,
  openBrace,
  openBracket,
  quoteCode,
  skipSpace,
  unescapeJson,
} from './json-scan.ts';
import type { StageFunction } from './stage.ts';

interface Sink {
  /** A value at the path of this index. */
  found(index: number, text: string, start: number, end: number): void;
  failed(error: JsonError): void;
}

type Path = readonly PathStep[];

const structural = /["{}[\]]/g;

/**
 * Looks for the values at some paths in one walk, as leniently as jsonparser: what is broken beside them does not
 * matter, and a line that ends too early ends the search. The first value at a path is its value.
 */
function eachPath(text: string, paths: ReadonlyMap<number, Path>, sink: Sink): void {
  const pending = new Map(paths);
  const longest = Math.max(...[...paths.values()].map(({ length }) => length));
  const names: PathStep[] = [];
  const below = (path: Path, level: number): boolean => {
    for (let step = 0; step < level; step++) if (path[step] !== names[step]) return false;
    return true;
  };
  const take = (index: number, from: number): void => {
    const start = skipSpace(text, from);
    try {
      sink.found(index, text, start, endOfJsonValue(text, start));
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      sink.failed(error);
    }
  };
  let level = 0;
  let at = 0;
  while (pending.size > 0) {
    structural.lastIndex = at;
    const match = structural.exec(text);
    if (match === null) return;
    at = match.index;
    const code = text.charCodeAt(at);
    if (code === quoteCode) {
      const end = endOfJsonString(text, at);
      const next = skipSpace(text, end);
      if (text.charCodeAt(next) === colon) {
        const key = unescapeJson(text.slice(at + 1, end - 1));
        if (key === undefined) return;
        if (level < 1) {
          sink.failed(new JsonError(malformed.json));
          return;
        }
        if (level <= longest) {
          names[level - 1] = key;
          for (const [index, path] of pending) {
            if (path.length !== level || !below(path, level)) continue;
            pending.delete(index);
            take(index, next + 1);
          }
        }
        at = next + 1;
      } else at = end;
    } else if (code === openBracket) {
      const elements = new Map<number, Path>();
      for (const [index, path] of pending) {
        if (typeof path[level] === 'number' && below(path, level)) elements.set(index, path.slice(level));
      }
      const end = endOfBlock(text, at);
      for (const index of eachElement(text, at, elements, sink, take)) pending.delete(index);
      at = end;
    } else {
      level += code === openBrace ? 1 : -1;
      at++;
    }
  }
}

/** Looks into the elements of the array at `from`; answers which paths led to an element. */
function eachElement(
  text: string,
  from: number,
  paths: ReadonlyMap<number, Path>,
  sink: Sink,
  take: (index: number, from: number) => void,
): number[] {
  const reached: number[] = [];
  if (paths.size === 0) return reached;
  let at = skipSpace(text, from + 1);
  for (let element = 0; text.charCodeAt(at) !== closeBracket; element++) {
    const end = endOfJsonValue(text, at);
    for (const [index, [step, ...rest]] of paths) {
      if (step !== element) continue;
      reached.push(index);
      if (rest.length === 0) take(index, at);
      else eachPath(text.slice(at, end), new Map([[index, rest]]), sink);
    }
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== comma) break;
    at = skipSpace(text, at + 1);
  }
  return reached;
}

/** `| json label="path"`: only what is named; objects and arrays come as their JSON text, what is missing or null empty. */
export function jsonExpressionParser(
  expressions: readonly { readonly identifier: string; readonly expression: string }[],
): StageFunction {
  const paths = new Map(
    expressions.map(({ expression }, index) => [index, parseJsonPath(expression)] as const),
  );
  return (line, labels) => {
    if (line === '') return line;
    if (!/^["{[]/.test(line)) {
      labels.fail('JSONParserErr');
      return line;
    }
    let matches = 0;
    try {
      eachPath(line, paths, {
        found(index, text, start, end) {
          matches++;
          const raw = text.slice(start, end);
          const code = raw.charCodeAt(0);
          const value =
            raw === 'null'
              ? ''
              : code === openBrace
                ? raw
                : jsonLabelValue(code === quoteCode ? raw.slice(1, -1) : raw);
          labels.set(labels.nameFor(expressions[index]!.identifier), value);
        },
        failed: (error) => labels.fail('JSONParserErr', error.message),
      });
    } catch (error) {
      // A line that ends too early is no error: what was found stands.
      if (!(error instanceof JsonError)) throw error;
    }
    if (matches < expressions.length) {
      for (const { identifier } of expressions) {
        if (labels.label(identifier) === undefined) labels.set(identifier, '');
      }
    }
    return line;
  };
}

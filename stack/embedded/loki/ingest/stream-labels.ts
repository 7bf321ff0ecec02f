import type { StreamLabels } from '../pipeline/line-labels.ts';
import { quote, unquote } from '../units/go-text.ts';

/** Text of labels as Loki prints them: `{app="x", env="prod"}`. */
export function formatLabels(entries: Iterable<readonly [string, string]>): string {
  let text = '';
  for (const [name, value] of entries) text += `${text === '' ? '' : ', '}${name}=${quote(value)}`;
  return `{${text}}`;
}

/** Sorts the labels, drops the empty ones. */
export function newStreamLabels(labels: Iterable<readonly [string, string]>): StreamLabels {
  const entries = [...labels]
    .filter(([, value]) => value !== '')
    .sort((left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
  return { entries, map: new Map(entries), text: formatLabels(entries) };
}

const pair = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)\s*/y;
const separator = /\s*(,|\})/y;

/** Parses a stream's labels. Throws with the words of Prometheus's parser, which Loki uses for them. */
export function parseStreamLabels(text: string): [string, string][] {
  const fail = (at: number, reason: string): never => {
    throw new Error(`1:${at + 1}: parse error: ${reason}`);
  };
  let at = /^\s*/.exec(text)![0].length;
  if (text[at] !== '{') fail(at, `unexpected ${describe(text, at)}`);
  at++;
  const labels: [string, string][] = [];
  const empty = /\s*\}/y;
  empty.lastIndex = at;
  if (empty.exec(text) !== null) return labels;
  for (;;) {
    pair.lastIndex = at;
    const match = pair.exec(text);
    if (match === null) explain(text, at, fail);
    const value = unquote(match![2]!);
    if (value === undefined) fail(at, 'invalid syntax');
    labels.push([match![1]!, value!]);
    separator.lastIndex = pair.lastIndex;
    const next = separator.exec(text);
    if (next === null) {
      fail(
        pair.lastIndex,
        `unexpected ${describe(text, pair.lastIndex)} in label matching, expected "," or "}"`,
      );
    }
    at = separator.lastIndex;
    if (next![1] === '}') break;
    empty.lastIndex = at;
    if (empty.exec(text) !== null) {
      at = empty.lastIndex;
      break;
    }
  }
  if (text.slice(at).trim() !== '') fail(at, `unexpected ${describe(text, at)}`);
  return labels;
}

/** Says what is wrong with the label at `at`. */
function explain(text: string, at: number, fail: (at: number, reason: string) => never): void {
  const name = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)?\s*/.exec(text.slice(at))!;
  const next = at + name[0].length;
  const character = text[next];
  if (character === undefined) fail(next, 'unexpected end of input inside braces');
  if (name[1] === undefined || character !== '=') {
    if (/["'`]/.test(character!))
      fail(next, `unexpected string ${text.slice(next, next + 20)} in label matching`);
    fail(next, `unexpected character inside braces: '${character}'`);
  }
  const value = next + 1 + /^\s*/.exec(text.slice(next + 1))![0].length;
  const mark = text[value];
  if (mark === undefined) fail(value, 'unexpected end of input inside braces');
  if (mark === '"' || mark === "'") fail(value, 'unterminated quoted string');
  if (mark === '`') fail(value, 'unterminated raw string');
  fail(value, `unexpected character inside braces: '${mark}'`);
}

function describe(text: string, at: number): string {
  return text[at] === undefined ? 'end of input' : `character: '${text[at]}'`;
}

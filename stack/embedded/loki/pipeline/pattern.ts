import type { StageFunction } from './stage.ts';

export type PatternNode = { readonly literal: string } | { readonly capture: string };

/** Splits `<ip> - <_> "<method>"` into literals and captures. */
function parseNodes(pattern: string): PatternNode[] {
  const nodes: PatternNode[] = [];
  let literal = '';
  let at = 0;
  while (at < pattern.length) {
    const match = /^<([a-zA-Z_][a-zA-Z0-9_]*)>/.exec(pattern.slice(at));
    if (match === null) {
      literal += pattern[at];
      at++;
      continue;
    }
    if (literal !== '') nodes.push({ literal });
    literal = '';
    nodes.push({ capture: match[1]! });
    at += match[0].length;
  }
  if (literal !== '') nodes.push({ literal });
  return nodes;
}

/** The nodes of a `pattern` parser's text. Throws in Loki's words when it captures nothing or cannot be told apart. */
export function parsePattern(pattern: string): readonly PatternNode[] {
  const nodes = parseNodes(pattern);
  const captures = nodes.flatMap((node) => ('capture' in node && node.capture !== '_' ? [node.capture] : []));
  if (captures.length === 0) throw new Error('at least one capture is required');
  checkConsecutive(nodes);
  const seen = new Set<string>();
  for (const name of captures) {
    if (seen.has(name)) throw new Error(`duplicate capture name (${name}): invalid expression`);
    seen.add(name);
  }
  return nodes;
}

/** The nodes of a pattern line filter (`|> "…"`), where only `<_>` may stand for anything. */
export function parsePatternFilter(pattern: string): readonly PatternNode[] {
  const nodes = parseNodes(pattern);
  checkConsecutive(nodes);
  if (nodes.some((node) => 'capture' in node && node.capture !== '_')) {
    throw new Error('named captures are not allowed');
  }
  return nodes;
}

function checkConsecutive(nodes: readonly PatternNode[]): void {
  for (let index = 1; index < nodes.length; index++) {
    const [left, right] = [nodes[index - 1]!, nodes[index]!];
    if ('capture' in left && 'capture' in right) {
      throw new Error(`found consecutive capture '<${left.capture}><${right.capture}>': invalid expression`);
    }
  }
}

/** `| pattern`: captures between literals; a line that lacks a literal yields what was found before it. */
export function patternParser(pattern: string): StageFunction {
  const nodes = parsePattern(pattern);
  return (line, labels) => {
    if (line === '') return line;
    let at = 0;
    let index = 0;
    const first = nodes[0]!;
    if ('literal' in first) {
      const found = line.indexOf(first.literal);
      if (found !== 0) return line;
      at = first.literal.length;
      index = 1;
    }
    for (; index < nodes.length; index += 2) {
      const { capture } = nodes[index] as { capture: string };
      const next = nodes[index + 1] as { literal: string } | undefined;
      const end = next === undefined ? line.length : line.indexOf(next.literal, at);
      // A literal that is missing: its capture takes the rest, and nothing follows.
      const value = line.slice(at, end === -1 ? line.length : end);
      if (capture !== '_') labels.extract(labels.nameFor(capture), value);
      if (end === -1 || next === undefined) break;
      at = end + next.literal.length;
    }
    return line;
  };
}

/** Whether a line fits the pattern from its beginning to its end. */
export function patternMatcher(pattern: string): (line: string) => boolean {
  const nodes = parsePatternFilter(pattern);
  if (nodes.length === 0) return (line) => line === '';
  return (line) => {
    if (line === '') return false;
    let at = 0;
    let open = false;
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index]!;
      if ('capture' in node) {
        open = true;
        continue;
      }
      const last = index === nodes.length - 1;
      if (last && open) {
        const start = line.length - node.literal.length;
        // What stands for `<_>` must be something.
        return start > at && line.endsWith(node.literal);
      }
      const found = line.indexOf(node.literal, open ? at + 1 : at);
      if (found === -1 || (!open && found !== at)) return false;
      at = found + node.literal.length;
      open = false;
    }
    return open ? at < line.length : at === line.length;
  };
}

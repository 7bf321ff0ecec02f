import { createMatcher } from '../labels/matcher.ts';
import { resolveDuration } from '../promql/eval/duration.ts';
import type { Expr, TimeModifiers, VectorSelector } from '../promql/parser/ast.ts';
import type { Matcher } from '../storage/queryable.ts';
import type { Question } from './question.ts';

/** What a query may read: series, and the time that their samples lie in, both ends included. */
export interface Selection {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
}

/** Every selection of an expression; never less than its evaluation reads, sometimes a little more. */
export function selectionsOf(expr: Expr, question: Question, lookbackMs: number): Selection[] {
  const { startMs, endMs, stepMs } = question;
  const found: Selection[] = [];
  const scope = { queryStartMs: startMs, queryEndMs: endMs, queryStepMs: stepMs };
  const duration = (each: Parameters<typeof resolveDuration>[0]): number =>
    resolveDuration(each, scope, true);

  /** The times that a selector or subquery is asked for, moved by its `@` and `offset`. */
  const moved = ({ at, offset }: TimeModifiers, from: number, to: number): [from: number, to: number] => {
    const fixed = at === 'start' ? startMs : at === 'end' ? endMs : at;
    const by = duration(offset);
    return [(fixed ?? from) - by, (fixed ?? to) - by];
  };
  const select = (selector: VectorSelector, rangeMs: number, from: number, to: number): void => {
    const [first, last] = moved(selector, from, to);
    const minMs = first - rangeMs - lookbackMs;
    found.push({ matchers: selector.matchers, minMs, maxMs: selector.smoothed ? last + lookbackMs : last });
  };
  const visit = (node: Expr, from: number, to: number): void => {
    switch (node.kind) {
      case 'selector':
        select(node, 0, from, to);
        break;
      case 'matrix':
        select(node.selector, duration(node.range), from, to);
        break;
      case 'subquery': {
        const [first, last] = moved(node, from, to);
        visit(node.expr, first - duration(node.range), last);
        break;
      }
      case 'call':
        for (const arg of node.args) visit(arg, from, to);
        if (node.name === 'info') visitInfo(node.args, from, to);
        break;
      case 'aggregate':
        if (node.param !== undefined) visit(node.param, from, to);
        visit(node.expr, from, to);
        break;
      case 'binary':
        visit(node.left, from, to);
        visit(node.right, from, to);
        break;
      case 'unary':
      case 'paren':
        visit(node.expr, from, to);
        break;
    }
  };
  /** info() reads info series that its selector does not name, at the time of the first selector in its argument. */
  const visitInfo = ([base, selector]: readonly Expr[], from: number, to: number): void => {
    const given = selector?.kind === 'selector' ? selector.matchers : [];
    const named = given.filter(({ name }) => name === '__name__');
    const matchers =
      named.length === 0
        ? [createMatcher('__name__', '=', 'target_info')]
        : named.every(({ operator }) => operator.startsWith('!'))
          ? [createMatcher('__name__', '=~', '.+_info')]
          : named;
    const before = found.length;
    visit(base!, from, to);
    const [first] = found.splice(before);
    found.push({
      matchers,
      minMs: Math.min(first?.minMs ?? from, from - lookbackMs),
      maxMs: Math.max(first?.maxMs ?? to, to),
    });
  };
  visit(expr, startMs, endMs);
  return found;
}

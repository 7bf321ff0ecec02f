import type { Duration, Expr, TimeModifiers, VectorSelector } from '../promql/parser/ast.ts';
import { typeOf } from '../promql/parser/check.ts';
import { functionSignatures } from '../promql/parser/functions.ts';
import { renderValue } from './render.ts';

/** The syntax tree as `/parse_query` shows it (web/api/v1/translate_ast.go). */
export function translateExpr(expr: Expr): object {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: renderValue(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'paren':
      return { type: 'parenExpr', expr: translateExpr(expr.expr) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.operator, expr: translateExpr(expr.expr) };
    case 'selector':
      return { type: 'vectorSelector', ...selector(expr) };
    case 'matrix':
      return { type: 'matrixSelector', range: milliseconds(expr.range), ...selector(expr.selector) };
    case 'subquery':
      return {
        type: 'subquery',
        expr: translateExpr(expr.expr),
        range: milliseconds(expr.range),
        step: milliseconds(expr.step),
        ...times(expr),
      };
    case 'call': {
      const signature = functionSignatures.get(expr.name);
      return {
        type: 'call',
        func: {
          name: expr.name,
          argTypes: signature?.args ?? [],
          variadic: signature?.variadic ?? 0,
          returnType: signature?.returns ?? 'vector',
        },
        args: expr.args.map(translateExpr),
      };
    }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.operator,
        expr: translateExpr(expr.expr),
        param: expr.param === undefined ? null : translateExpr(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      };
    case 'binary': {
      const vectors = typeOf(expr.left) === 'vector' && typeOf(expr.right) === 'vector';
      const { card, labels, on, include } = expr.matching;
      return {
        type: 'binaryExpr',
        op: expr.operator,
        lhs: translateExpr(expr.left),
        rhs: translateExpr(expr.right),
        matching: vectors ? { card, labels, on, include } : null,
        bool: expr.returnBool,
      };
    }
  }
}

function selector(expr: VectorSelector): object {
  return {
    name: expr.name,
    matchers: expr.matchers.map(({ name, value, operator }) => ({ name, value, type: operator })),
    ...times(expr),
  };
}

function times(modifiers: TimeModifiers): object {
  const at = modifiers.at;
  return {
    offset: milliseconds(modifiers.offset),
    timestamp: typeof at === 'number' ? at : null,
    startOrEnd: at === 'start' || at === 'end' ? at : null,
  };
}

function milliseconds(duration: Duration): number {
  return typeof duration === 'number' ? duration : 0;
}

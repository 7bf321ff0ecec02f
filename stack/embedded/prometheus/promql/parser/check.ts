import type { BinaryExpr, CallExpr, Expr, ValueType } from './ast.ts';
import { isComparison, isSetOperator } from './ast.ts';
import { functionSignatures } from './functions.ts';
import { goQuote } from './go-quote.ts';

type Fail = (start: number, reason: string) => never;

/** The type as Prometheus's messages call it. */
export function documentedType(type: ValueType): string {
  return type === 'vector' ? 'instant vector' : type === 'matrix' ? 'range vector' : type;
}

/** The type that the expression has once it passed `checkTypes`. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'matrix':
    case 'subquery':
      return 'matrix';
    case 'call':
      return functionSignatures.get(expr.name)?.returns ?? 'vector';
    case 'paren':
    case 'unary':
      return typeOf(expr.expr);
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector';
  }
}

/** Walks the tree in Prometheus's order, so that the first of several faults is the one that it reports. */
export function checkTypes(expr: Expr, fail: Fail): ValueType {
  switch (expr.kind) {
    case 'aggregate': {
      expectType(expr.expr, 'vector', 'aggregation expression', fail);
      if (expr.param !== undefined) {
        expectType(
          expr.param,
          expr.operator === 'count_values' ? 'string' : 'scalar',
          'aggregation parameter',
          fail,
        );
      }
      break;
    }
    case 'binary':
      return checkBinary(expr, fail);
    case 'call':
      checkCall(expr, fail);
      break;
    case 'paren':
      return checkTypes(expr.expr, fail);
    case 'unary': {
      const type = checkTypes(expr.expr, fail);
      if (type !== 'scalar' && type !== 'vector') {
        fail(
          expr.start,
          `unary expression only allowed on expressions of type scalar or instant vector, got ${goQuote(documentedType(type))}`,
        );
      }
      return type;
    }
    case 'subquery': {
      const type = checkTypes(expr.expr, fail);
      if (type !== 'vector')
        fail(expr.start, `subquery is only allowed on instant vector, got ${type} instead`);
      break;
    }
    case 'matrix':
      checkTypes(expr.selector, fail);
      break;
    case 'selector':
      if (expr.name === '' && !expr.mayMatchEmpty && !expr.matchers.some((matcher) => !matcher.matches(''))) {
        fail(expr.start, 'vector selector must contain at least one non-empty matcher');
      }
      break;
    case 'number':
    case 'string':
  }
  return typeOf(expr);
}

function expectType(expr: Expr, want: ValueType, context: string, fail: Fail): void {
  const type = checkTypes(expr, fail);
  if (type === want) return;
  fail(expr.start, `expected type ${documentedType(want)} in ${context}, got ${documentedType(type)}`);
}

function checkCall(expr: CallExpr, fail: Fail): void {
  const { name, args } = expr;
  const signature = functionSignatures.get(name)!;
  const wanted = signature.args.length;
  const context = `call to function ${goQuote(name)}`;
  if (signature.variadic === 0) {
    if (args.length !== wanted) {
      fail(expr.start, `expected ${wanted} argument(s) in call to ${goQuote(name)}, got ${args.length}`);
    }
  } else {
    const least = wanted - 1;
    const most = least + signature.variadic;
    if (args.length < least) {
      fail(
        expr.start,
        `expected at least ${least} argument(s) in call to ${goQuote(name)}, got ${args.length}`,
      );
    }
    if (signature.variadic > 0 && args.length > most) {
      fail(
        expr.start,
        `expected at most ${most} argument(s) in call to ${goQuote(name)}, got ${args.length}`,
      );
    }
  }
  const selector = name === 'info' ? args[1] : undefined;
  if (selector !== undefined) {
    if (selector.kind !== 'selector' || selector.name !== '') {
      const type = typeOf(selector);
      if (type !== 'vector')
        fail(expr.start, `expected type instant vector in ${context}, got ${documentedType(type)}`);
      fail(selector.start, 'expected label selectors only, got vector selector instead');
    }
    selector.mayMatchEmpty = true;
  }
  for (const [index, arg] of args.entries()) {
    expectType(arg, signature.args[Math.min(index, wanted - 1)]!, context, fail);
  }
}

function checkBinary(expr: BinaryExpr, fail: Fail): ValueType {
  const { operator, operatorStart, matching } = expr;
  const left = checkTypes(expr.left, fail);
  const right = checkTypes(expr.right, fail);
  if (expr.returnBool && !isComparison(operator)) {
    fail(operatorStart, 'bool modifier can only be used on comparison operators');
  }
  if (isComparison(operator) && !expr.returnBool && left === 'scalar' && right === 'scalar') {
    fail(operatorStart, 'comparisons between scalars must use BOOL modifier');
  }
  for (const label of matching.labels) {
    if (matching.on && matching.include.includes(label)) {
      fail(operatorStart, `label ${goQuote(label)} must not occur in ON and GROUP clause at once`);
    }
  }
  for (const [side, type] of [
    [expr.left, left],
    [expr.right, right],
  ] as const) {
    if (type !== 'scalar' && type !== 'vector') {
      fail(side.start, 'binary expression must contain only scalar and instant vector types');
    }
  }
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (left !== 'vector' || right !== 'vector') {
    if (matching.labels.length > 0) fail(expr.start, 'vector matching only allowed between instant vectors');
    if (filled) fail(expr.start, 'filling in missing series only allowed between instant vectors');
    if (isSetOperator(operator)) {
      fail(expr.start, `set operator ${goQuote(operator)} not allowed in binary scalar expression`);
    }
  } else if (isSetOperator(operator)) {
    if (matching.card !== 'many-to-many')
      fail(expr.start, `no grouping allowed for ${goQuote(operator)} operation`);
    if (filled) fail(expr.start, 'filling in missing series not allowed for set operators');
  }
  return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector';
}

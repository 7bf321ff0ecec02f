import type { Expr } from '../parser/ast.ts';

/** Functions whose result depends on the step's time even where their arguments do not. */
const timeDependent = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
]);

const cache = new WeakMap<Expr, boolean>();

/** Whether the expression has the same value at every step, so that evaluating it once is enough. */
export function isStepInvariant(expr: Expr): boolean {
  let invariant = cache.get(expr);
  if (invariant === undefined) {
    invariant = compute(expr);
    cache.set(expr, invariant);
  }
  return invariant;
}

function compute(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
    case 'subquery':
      return expr.at !== undefined;
    case 'matrix':
      return isStepInvariant(expr.selector);
    case 'paren':
    case 'unary':
      return isStepInvariant(expr.expr);
    case 'aggregate':
      return isStepInvariant(expr.expr) && (expr.param === undefined || isStepInvariant(expr.param));
    case 'binary':
      return isStepInvariant(expr.left) && isStepInvariant(expr.right);
    case 'call':
      return !timeDependent.has(expr.name) && expr.args.every(isStepInvariant);
  }
}

import { PromqlExecutionError } from '../errors.ts';
import type { Duration, DurationExpr } from '../parser/ast.ts';
import { maxDurationMs } from '../parser/number.ts';

/** What step() and range() stand for in a duration. */
export interface DurationScope {
  readonly queryStartMs: number;
  readonly queryEndMs: number;
  readonly queryStepMs: number;
}

/** The duration in milliseconds. An offset may be negative or zero, a range or step may not. */
export function resolveDuration(duration: Duration, scope: DurationScope, isOffset: boolean): number {
  if (typeof duration === 'number') return duration;
  const seconds = evaluate(duration, scope);
  if (!isOffset && !(seconds > 0)) throw new PromqlExecutionError('duration must be greater than 0');
  const ms = Math.trunc(seconds * 1000);
  if (!(Math.abs(ms) <= maxDurationMs)) throw new PromqlExecutionError('duration is out of range');
  return ms;
}

function evaluate(expr: DurationExpr, scope: DurationScope): number {
  switch (expr.kind) {
    case 'duration-literal':
      return expr.seconds;
    case 'duration-call':
      return (expr.name === 'step' ? scope.queryStepMs : scope.queryEndMs - scope.queryStartMs) / 1000;
    case 'duration-paren':
      return evaluate(expr.expr, scope);
    case 'duration-unary':
      return expr.operator === '-' ? -evaluate(expr.expr, scope) : evaluate(expr.expr, scope);
    case 'duration-pick': {
      const pick = expr.name.startsWith('min') ? Math.min : Math.max;
      return pick(evaluate(expr.left, scope), evaluate(expr.right, scope));
    }
    case 'duration-binary': {
      const left = evaluate(expr.left, scope);
      const right = evaluate(expr.right, scope);
      switch (expr.operator) {
        case '+':
          return left + right;
        case '-':
          return left - right;
        case '*':
          return left * right;
        case '/':
          if (right === 0) throw new PromqlExecutionError('division by zero');
          return left / right;
        case '%':
          if (right === 0) throw new PromqlExecutionError('modulo by zero');
          return left % right;
        case '^':
          return left ** right;
      }
    }
  }
}

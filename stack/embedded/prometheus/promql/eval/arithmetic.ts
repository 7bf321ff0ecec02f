import type { BinaryOperator } from '../parser/ast.ts';

/** Go's math.Pow, which differs from JavaScript's for a base of ±1 and a NaN or infinite exponent. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Number.POSITIVE_INFINITY || exponent === Number.NEGATIVE_INFINITY))
    return 1;
  return base ** exponent;
}

/** The value that an arithmetic operator yields; for a comparison the left value, kept or not by `keeps`. */
export const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
};

export const comparison: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
};

/** Whether the result is another quantity than the operand, so that the metric's name no longer fits. */
export function changesMetric(operator: BinaryOperator): boolean {
  return arithmetic[operator] !== undefined;
}

export function isTrim(operator: BinaryOperator): boolean {
  return operator === '</' || operator === '>/';
}

import type { Matcher } from '../../storage/queryable.ts';

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

/** Where the expression stands in the query: UTF-16 offsets, end excluded. */
interface Positioned {
  readonly start: number;
  readonly end: number;
}

export interface NumberLiteral extends Positioned {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration, such as `5m`. */
  readonly duration: boolean;
}

export interface StringLiteral extends Positioned {
  readonly kind: 'string';
  readonly value: string;
}

/** A duration in milliseconds, or an expression over step() and range() that becomes one when the query is asked. */
export type Duration = number | DurationExpr;

export type DurationExpr =
  | (Positioned & { readonly kind: 'duration-literal'; readonly seconds: number; readonly text: string })
  | (Positioned & { readonly kind: 'duration-call'; readonly name: 'step' | 'range' })
  | (Positioned & {
      readonly kind: 'duration-pick';
      readonly name: 'min' | 'max' | 'min_of' | 'max_of';
      readonly left: DurationExpr;
      readonly right: DurationExpr;
    })
  | (Positioned & { readonly kind: 'duration-paren'; readonly expr: DurationExpr })
  | (Positioned & {
      readonly kind: 'duration-unary';
      readonly operator: '+' | '-';
      readonly expr: DurationExpr;
    })
  | (Positioned & {
      readonly kind: 'duration-binary';
      readonly operator: '+' | '-' | '*' | '/' | '%' | '^';
      readonly left: DurationExpr;
      readonly right: DurationExpr;
    });

/** What `offset` and `@` set; the parser fills it in while it reads the modifiers. */
export interface TimeModifiers {
  offset: Duration;
  /** Milliseconds. */
  at: number | 'start' | 'end' | undefined;
}

export interface VectorSelector extends Positioned, TimeModifiers {
  readonly kind: 'selector';
  end: number;
  /** The name before the braces; empty when there is none, or it stands within them. */
  readonly name: string;
  /** With the one for the name, which comes last. */
  readonly matchers: readonly Matcher[];
  anchored: boolean;
  smoothed: boolean;
  /** The label selector of info() may match the empty label set. */
  mayMatchEmpty: boolean;
}

export interface MatrixSelector extends Positioned {
  readonly kind: 'matrix';
  readonly selector: VectorSelector;
  readonly range: Duration;
  end: number;
}

export interface SubqueryExpr extends Positioned, TimeModifiers {
  readonly kind: 'subquery';
  end: number;
  readonly expr: Expr;
  readonly range: Duration;
  /** Zero for the default. */
  readonly step: Duration;
}

export interface CallExpr extends Positioned {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
}

/** Every aggregation, as the grammar spells it. */
export const aggregations = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
] as const;
export type AggregationOperator = (typeof aggregations)[number];

export interface AggregateExpr extends Positioned {
  readonly kind: 'aggregate';
  readonly operator: AggregationOperator;
  readonly expr: Expr;
  readonly param: Expr | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export type SetOperator = 'and' | 'or' | 'unless';
export type ComparisonOperator = '==' | '!=' | '<' | '>' | '<=' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
/** `</` and `>/` trim native histograms. */
export type TrimOperator = '</' | '>/';
export type BinaryOperator = SetOperator | ComparisonOperator | ArithmeticOperator | TrimOperator;

export interface VectorMatching {
  card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  on: boolean;
  labels: readonly string[];
  include: readonly string[];
  fillLeft: number | undefined;
  fillRight: number | undefined;
}

export interface BinaryExpr extends Positioned {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
  readonly operatorStart: number;
}

export interface UnaryExpr extends Positioned {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expr: Expr;
}

export interface ParenExpr extends Positioned {
  readonly kind: 'paren';
  readonly expr: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | SubqueryExpr
  | CallExpr
  | AggregateExpr
  | BinaryExpr
  | UnaryExpr
  | ParenExpr;

const withParameter: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

export function isAggregation(name: string): name is AggregationOperator {
  return (aggregations as readonly string[]).includes(name);
}

export function takesParameter(operator: AggregationOperator): boolean {
  return withParameter.has(operator);
}

export function isComparison(operator: BinaryOperator): operator is ComparisonOperator {
  return ['==', '!=', '<', '>', '<=', '>='].includes(operator);
}

export function isSetOperator(operator: BinaryOperator): operator is SetOperator {
  return operator === 'and' || operator === 'or' || operator === 'unless';
}

/** Without parentheses around it. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.expr;
  return inner;
}

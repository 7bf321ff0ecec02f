import type { LineMatch } from './tokens.ts';

export type MatcherOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly operator: MatcherOperator;
  readonly value: string;
}

export type ComparisonOperator = '==' | '!=' | '>' | '>=' | '<' | '<=';

/** One alternative of a line filter: a text, or an address range when written `ip("…")`. */
export interface LineFilterTerm {
  readonly ip: boolean;
  readonly match: string;
}

export interface LineFilterStage {
  readonly kind: 'line-filter';
  readonly operator: LineMatch;
  /** Joined by `or`. */
  readonly terms: readonly LineFilterTerm[];
}

export type LabelFilter =
  | { readonly kind: 'string'; readonly matcher: Matcher }
  | { readonly kind: 'ip'; readonly name: string; readonly operator: '=' | '!='; readonly pattern: string }
  | {
      readonly kind: 'number' | 'duration' | 'bytes';
      readonly name: string;
      readonly operator: ComparisonOperator;
      /** Nanoseconds for a duration. */
      readonly value: number;
    }
  | { readonly kind: 'and'; readonly left: LabelFilter; readonly right: LabelFilter }
  | { readonly kind: 'or'; readonly left: LabelFilter; readonly right: LabelFilter };

export interface LabelExtraction {
  readonly identifier: string;
  readonly expression: string;
}

/** `template` undefined: the label is renamed from `source`. */
export interface LabelFormat {
  readonly name: string;
  readonly source?: string;
  readonly template?: string;
}

/** A label named by `drop` or `keep`, or only where it matches. */
export interface NamedLabel {
  readonly name: string;
  readonly matcher?: Matcher;
}

export type Stage =
  | LineFilterStage
  | { readonly kind: 'json' | 'unpack' | 'decolorize' }
  | { readonly kind: 'json-expressions'; readonly expressions: readonly LabelExtraction[] }
  | { readonly kind: 'logfmt'; readonly strict: boolean; readonly keepEmpty: boolean }
  | {
      readonly kind: 'logfmt-expressions';
      readonly strict: boolean;
      readonly keepEmpty: boolean;
      readonly expressions: readonly LabelExtraction[];
    }
  | { readonly kind: 'regexp' | 'pattern' | 'line-format'; readonly text: string }
  | { readonly kind: 'label-filter'; readonly filter: LabelFilter }
  | { readonly kind: 'label-format'; readonly formats: readonly LabelFormat[] }
  | { readonly kind: 'drop' | 'keep'; readonly labels: readonly NamedLabel[] };

/** A log query: which streams, and what each line goes through. */
export interface LogExpression {
  readonly kind: 'log';
  readonly matchers: readonly Matcher[];
  readonly stages: readonly Stage[];
}

export interface Unwrap {
  readonly identifier: string;
  readonly conversion: '' | 'bytes' | 'duration' | 'duration_seconds';
  readonly postFilters: readonly LabelFilter[];
}

export interface LogRange {
  readonly log: LogExpression;
  readonly rangeNs: number;
  readonly offsetNs: number;
  readonly unwrap: Unwrap | undefined;
}

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export interface RangeAggregation {
  readonly kind: 'range-aggregation';
  readonly operation: string;
  readonly range: LogRange;
  readonly parameter: number | undefined;
  readonly grouping: Grouping | undefined;
}

export interface VectorAggregation {
  readonly kind: 'vector-aggregation';
  readonly operation: string;
  readonly expression: MetricExpression;
  readonly parameter: number;
  readonly grouping: Grouping | undefined;
}

export interface VectorMatching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many';
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly include: readonly string[];
}

export interface BinaryOperation {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: MetricExpression;
  readonly right: MetricExpression;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
}

export interface LabelReplace {
  readonly kind: 'label-replace';
  readonly expression: MetricExpression;
  readonly destination: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
}

export type MetricExpression =
  | RangeAggregation
  | VectorAggregation
  | BinaryOperation
  | LabelReplace
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'vector'; readonly value: number };

export type Expression = LogExpression | MetricExpression;

/** Token names as Loki prints them in parse errors. */
export type TokenKind = string;

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The unquoted text of a STRING, nanoseconds of a DURATION or RANGE, bytes of a BYTES, otherwise 0. */
  readonly value: string | number;
  readonly line: number;
  readonly column: number;
}

export type LineMatch = '|=' | '!=' | '|~' | '!~' | '|>' | '!>';

export const rangeOperations: ReadonlySet<string> = new Set([
  'count_over_time',
  'rate',
  'rate_counter',
  'bytes_over_time',
  'bytes_rate',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
]);

export const vectorOperations: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'max',
  'min',
  'stddev',
  'stdvar',
  'bottomk',
  'topk',
  'sort',
  'sort_desc',
  'approx_topk',
]);

/** Words that are tokens only when a parenthesis (or by/without and one) follows; otherwise identifiers. */
export const functionWords: ReadonlySet<string> = new Set([
  ...rangeOperations,
  ...vectorOperations,
  'vector',
  'label_replace',
  'bytes',
  'duration',
  'duration_seconds',
  'ip',
]);

/** Words that are always tokens. */
export const keywords: ReadonlySet<string> = new Set([
  'unwrap',
  'by',
  'without',
  'bool',
  'offset',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'or',
  'and',
  'unless',
  'json',
  'regexp',
  'logfmt',
  'unpack',
  'pattern',
  'label_format',
  'line_format',
  'decolorize',
  'drop',
  'keep',
  'variants',
  'of',
]);

/** Longest first, because a lexer takes the longest that fits. */
export const punctuation: readonly string[] = [
  '!=',
  '=~',
  '!~',
  '!>',
  '|=',
  '|~',
  '|>',
  '==',
  '>=',
  '<=',
  ',',
  '.',
  '{',
  '}',
  '=',
  '|',
  '(',
  ')',
  ']',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '>',
  '<',
];

import type { ValueType } from './ast.ts';

/** What a function takes and gives. */
export interface FunctionSignature {
  readonly args: readonly ValueType[];
  /** Zero: exactly `args`; n: the last may be left out or come up to n times; -1: any number of times. */
  readonly variadic: number;
  readonly returns: ValueType;
  readonly experimental: boolean;
}

function signature(
  args: readonly ValueType[],
  returns: ValueType = 'vector',
  variadic = 0,
  experimental = false,
): FunctionSignature {
  return { args, returns, variadic, experimental };
}

const ofVector = [
  'abs',
  'absent',
  'acos',
  'acosh',
  'asin',
  'asinh',
  'atan',
  'atanh',
  'ceil',
  'cos',
  'cosh',
  'deg',
  'exp',
  'floor',
  'histogram_avg',
  'histogram_count',
  'histogram_stddev',
  'histogram_stdvar',
  'histogram_sum',
  'ln',
  'log10',
  'log2',
  'rad',
  'sgn',
  'sin',
  'sinh',
  'sort',
  'sort_desc',
  'sqrt',
  'tan',
  'tanh',
  'timestamp',
];
const ofRange = [
  'absent_over_time',
  'avg_over_time',
  'changes',
  'count_over_time',
  'delta',
  'deriv',
  'first_over_time',
  'idelta',
  'increase',
  'irate',
  'last_over_time',
  'max_over_time',
  'min_over_time',
  'present_over_time',
  'rate',
  'resets',
  'stddev_over_time',
  'stdvar_over_time',
  'sum_over_time',
];
const experimentalOfRange = [
  'mad_over_time',
  'ts_of_first_over_time',
  'ts_of_last_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
];
const dates = [
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'hour',
  'minute',
  'month',
  'year',
];

/** Every function of the language by name. */
export const functionSignatures: ReadonlyMap<string, FunctionSignature> = new Map([
  ...ofVector.map((name) => [name, signature(['vector'])] as const),
  ...ofRange.map((name) => [name, signature(['matrix'])] as const),
  ...experimentalOfRange.map((name) => [name, signature(['matrix'], 'vector', 0, true)] as const),
  ...dates.map((name) => [name, signature(['vector'], 'vector', 1)] as const),
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ['clamp_max', signature(['vector', 'scalar'])],
  ['clamp_min', signature(['vector', 'scalar'])],
  ['double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'], 'vector', 0, true)],
  ['end', signature([], 'scalar', 0, true)],
  ['histogram_fraction', signature(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  ['histogram_quantiles', signature(['vector', 'string', 'scalar', 'scalar'], 'vector', 9, true)],
  ['info', signature(['vector', 'vector'], 'vector', 1, true)],
  ['label_join', signature(['vector', 'string', 'string', 'string'], 'vector', -1)],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['max_of', signature(['scalar', 'scalar'], 'scalar', 0, true)],
  ['min_of', signature(['scalar', 'scalar'], 'scalar', 0, true)],
  ['pi', signature([], 'scalar')],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['range', signature([], 'scalar', 0, true)],
  ['round', signature(['vector', 'scalar'], 'vector', 1)],
  ['scalar', signature(['vector'], 'scalar')],
  ['sort_by_label', signature(['vector', 'string'], 'vector', -1, true)],
  ['sort_by_label_desc', signature(['vector', 'string'], 'vector', -1, true)],
  ['start', signature([], 'scalar', 0, true)],
  ['start_timestamp', signature(['vector'], 'vector', 0, true)],
  ['step', signature([], 'scalar', 0, true)],
  ['time', signature([], 'scalar')],
  ['vector', signature(['scalar'])],
]);

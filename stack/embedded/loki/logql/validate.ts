import { compileRegexp } from '../../regexp/regexp.ts';
import { parsePattern } from '../pipeline/pattern.ts';
import type { Expression, LogExpression, Matcher, RangeAggregation, Stage } from './ast.ts';
import { LogqlParseError } from './parse-error.ts';

const needsMatcher =
  'queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will';

const withoutUnwrap = new Set([
  'bytes_over_time',
  'bytes_rate',
  'count_over_time',
  'rate',
  'absent_over_time',
]);
const withUnwrap = new Set([
  'rate',
  'rate_counter',
  'avg_over_time',
  'sum_over_time',
  'max_over_time',
  'min_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
]);
const grouped = new Set([
  'avg_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
]);

/** Refuses what parses but means nothing, in the order and the words of Loki. Throws a LogqlParseError. */
export function validateRangeAggregation(expression: RangeAggregation): void {
  const { operation, parameter, grouping, range } = expression;
  if (operation === 'quantile_over_time') {
    if (parameter === undefined) {
      throw new LogqlParseError(`parameter required for operation ${operation}`);
    }
  } else if (parameter !== undefined) {
    throw new LogqlParseError(`parameter ${parameter} not supported for operation ${operation}`);
  }
  if (grouping !== undefined && !grouped.has(operation)) {
    throw new LogqlParseError(`grouping not allowed for ${operation} aggregation`);
  }
  if (range.unwrap !== undefined) {
    if (!withUnwrap.has(operation)) {
      throw new LogqlParseError(`invalid aggregation ${operation} with unwrap`);
    }
  } else if (!withoutUnwrap.has(operation)) {
    throw new LogqlParseError(`invalid aggregation ${operation} without unwrap`);
  }
}

/** Checks every log query within the expression: its matchers, and the parsers of its stages. */
export function validateExpression(expression: Expression): void {
  switch (expression.kind) {
    case 'log':
      validateLog(expression);
      break;
    case 'range-aggregation':
      validateLog(expression.range.log);
      break;
    case 'vector-aggregation':
    case 'label-replace':
      validateExpression(expression.expression);
      break;
    case 'binary':
      validateExpression(expression.left);
      validateExpression(expression.right);
      break;
    default:
  }
}

function validateLog({ matchers, stages }: LogExpression): void {
  for (const stage of stages) validateStage(stage);
  if (!matchers.some(isSelective)) throw new LogqlParseError(needsMatcher);
}

/** Whether the matcher excludes streams that lack the label. */
function isSelective({ operator, value }: Matcher): boolean {
  switch (operator) {
    case '=':
      return value !== '';
    case '!=':
      return false;
    case '=~':
      return !compileRegexp(value, { anchored: true }).test('');
    case '!~':
      return false;
  }
}

function validateStage(stage: Stage): void {
  if (stage.kind === 'regexp') {
    let names: (string | undefined)[];
    try {
      names = groupNames(stage.text);
    } catch (error) {
      throw new LogqlParseError(`invalid regexp parser: ${(error as Error).message}`);
    }
    if (names.length === 0) {
      throw new LogqlParseError('invalid regexp parser: at least one named capture must be supplied');
    }
    const seen = new Set<string>();
    for (const name of names as string[]) {
      if (seen.has(name)) {
        throw new LogqlParseError(`invalid regexp parser: duplicate extracted label name '${name}'`);
      }
      seen.add(name);
    }
  } else if (stage.kind === 'pattern') {
    try {
      parsePattern(stage.text);
    } catch (error) {
      throw new LogqlParseError(`invalid pattern parser: ${(error as Error).message}`);
    }
  }
}

/** Names of the named groups, in order. */
export function groupNames(pattern: string): string[] {
  compileRegexp(pattern);
  return [...pattern.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map((match) => match[1]!);
}

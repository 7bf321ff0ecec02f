import { compileRegexp } from '../../regexp/regexp.ts';
import type { Grouping, LabelReplace, MetricExpression, VectorAggregation } from '../logql/ast.ts';
import { applyOperator, vectorWithScalar, vectorWithVector } from './binary-operation.ts';
import type { Evaluation } from './evaluation.ts';
import { QueryError } from './query-error.ts';
import { evaluateRangeAggregation } from './range-aggregation.ts';
import { compareLabels, labelsKey, newSeries, type Series } from './series.ts';
import { aggregateVector } from './vector-aggregation.ts';

/** Operations whose sum over a group is what they yield for the group as a whole. */
const additive = new Set(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'sum_over_time']);

/** Evaluates a metric query at every step; a number alone stays a number. */
export function evaluateMetric(expression: MetricExpression, evaluation: Evaluation): Series[] | number {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'vector': {
      const series = newSeries([], evaluation.steps);
      series.values.fill(expression.value);
      series.present.fill(1);
      return [series];
    }
    case 'range-aggregation':
      return evaluateRangeAggregation(expression, evaluation, undefined);
    case 'vector-aggregation':
      return evaluateAggregation(expression, evaluation);
    case 'label-replace':
      return replaceLabel(expression, evaluation);
    case 'binary': {
      const left = evaluateMetric(expression.left, evaluation);
      const right = evaluateMetric(expression.right, evaluation);
      if (typeof left === 'number' && typeof right === 'number') {
        return applyOperator(expression.operator, left, right, true, left)!;
      }
      if (typeof right === 'number') {
        return vectorWithScalar(expression, left as Series[], right, false, evaluation.steps);
      }
      if (typeof left === 'number') return vectorWithScalar(expression, right, left, true, evaluation.steps);
      return vectorWithVector(expression, left, right, evaluation.steps);
    }
  }
}

function evaluateAggregation(expression: VectorAggregation, evaluation: Evaluation): Series[] {
  const { operation, grouping, expression: inner } = expression;
  if (operation === 'approx_topk') {
    throw new QueryError(500, 'approx_topk is not enabled. See -limits.shard_aggregations');
  }
  let input: Series[] | number;
  if (
    operation === 'sum' &&
    inner.kind === 'range-aggregation' &&
    inner.grouping === undefined &&
    additive.has(inner.operation)
  ) {
    const pushed: Grouping | 'all' = grouping ?? 'all';
    input = evaluateRangeAggregation(inner, evaluation, pushed);
  } else input = evaluateMetric(inner, evaluation);
  if (typeof input === 'number') {
    const series = newSeries([], evaluation.steps);
    series.values.fill(input);
    series.present.fill(1);
    input = [series];
  }
  return aggregateVector(expression, input, evaluation.steps);
}

function replaceLabel(expression: LabelReplace, evaluation: Evaluation): Series[] {
  const input = evaluateMetric(expression.expression, evaluation);
  if (typeof input === 'number') return [];
  const { destination, replacement, source, pattern } = expression;
  const regexp = compileRegexp(pattern, { anchored: true });
  const result = new Map<string, Series>();
  for (const series of input) {
    const labels = new Map(series.labels);
    const match = regexp.exec(labels.get(source) ?? '');
    if (match !== null) {
      const value = regexp.expand(replacement, match);
      if (value === '') labels.delete(destination);
      else labels.set(destination, value);
    }
    const sorted = [...labels].sort((left, right) => (left[0] < right[0] ? -1 : 1));
    result.set(labelsKey(sorted), { ...series, labels: sorted });
  }
  return [...result.values()].sort((left, right) => compareLabels(left.labels, right.labels));
}

/** Whether the query sorts by value, so that its answer must keep the order; and which way. */
export function sortOrder(expression: MetricExpression): 'ascending' | 'descending' | undefined {
  switch (expression.kind) {
    case 'vector-aggregation':
      if (expression.operation === 'sort') return 'ascending';
      if (expression.operation === 'sort_desc') return 'descending';
      return undefined;
    default:
      return undefined;
  }
}

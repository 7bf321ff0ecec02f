import { PromqlExecutionError } from '../errors.ts';
import { formatFloat, formatG } from '../format-float.ts';
import type { AggregateExpr } from '../parser/ast.ts';
import { unwrapParens } from '../parser/ast.ts';
import { goQuote, isValidUtf8 } from '../parser/go-quote.ts';
import type { Block } from './block.ts';
import { emptyBlock, mergeRows, withoutEmptyRows } from './block.ts';
import { countValues } from './count-values.ts';
import type { Evaluator } from './evaluator.ts';
import { groupingLabels, groupRows } from './grouping.ts';
import { isInfinite, KahanSum } from './kahan.ts';
import { quantile, warnQuantile } from './quantile.ts';
import { pickRows } from './top-k.ts';

/** Evaluates an aggregation over all steps. */
export function aggregate(evaluator: Evaluator, expr: AggregateExpr): Block {
  const { operator, without } = expr;
  const names = new Set(expr.grouping);
  if (operator === 'count_values') {
    const label = evaluator.text(expr.param);
    if (label === '' || !isValidUtf8(label)) {
      throw new PromqlExecutionError(`invalid label name ${goQuote(label)}`);
    }
    return countValues(evaluator.vector(expr.expr), label, names, without, formatFloat, (cells) =>
      evaluator.context.budget.work(cells),
    );
  }
  const param = expr.param === undefined ? undefined : evaluator.scalar(unwrapParens(expr.param));
  const input = evaluator.vector(expr.expr);
  const { steps } = input;
  if (param !== undefined && operator !== 'quantile') {
    return selectRows(evaluator, expr, input, param, names);
  }
  if (input.labels.length === 0) return emptyBlock(steps);
  const { ofRow, firstRow } = groupRows(input.labels, names, without);
  const groupLabels = firstRow.map((row) => groupingLabels(input.labels[row]!, names, without));
  const cells = firstRow.length * steps;
  evaluator.context.budget.checkCells(cells);
  const values = new Float64Array(cells);
  const present = new Uint8Array(cells);
  if (operator === 'quantile') {
    const position = expr.param!.start;
    const q = param!;
    for (const each of [Math.max(...range(q)), Math.min(...range(q))])
      warnQuantile(evaluator.context, each, position);
    quantiles(input, ofRow, firstRow.length, q, values, present);
  } else combine(operator, input, ofRow, values, present);
  const dropName = firstRow.map(() => false);
  for (let row = 0; row < input.labels.length; row++) {
    if (input.dropName[row] === true) dropName[ofRow[row]!] = true;
  }
  return withoutEmptyRows({ steps, labels: groupLabels, dropName, values, present });
}

/** Least and greatest, NaN if any is: enough to warn by. */
function range(values: Float64Array): number[] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (Number.isNaN(value)) return [Number.NaN];
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/** Row by row into one cell per group and step, in the order of the rows, as the sums' last bits depend on it. */
function combine(
  operator: string,
  input: Block,
  ofRow: Int32Array,
  values: Float64Array,
  present: Uint8Array,
): void {
  const { steps, labels } = input;
  const cells = values.length;
  const rows = labels.length;
  const source = input.values;
  const has = input.present;
  switch (operator) {
    case 'sum': {
      const compensation = new Float64Array(cells);
      for (let row = 0; row < rows; row++) {
        const from = row * steps;
        const to = ofRow[row]! * steps;
        for (let step = 0; step < steps; step++) {
          if (has[from + step] === 0) continue;
          const cell = to + step;
          const value = source[from + step]!;
          if (present[cell] === 0) {
            present[cell] = 1;
            values[cell] = value;
            continue;
          }
          const sum = values[cell]!;
          const total = sum + value;
          if (isInfinite(total)) compensation[cell] = 0;
          else if (Math.abs(sum) >= Math.abs(value)) compensation[cell]! += sum - total + value;
          else compensation[cell]! += value - total + sum;
          values[cell] = total;
        }
      }
      for (let cell = 0; cell < cells; cell++) values[cell]! += compensation[cell]!;
      return;
    }
    case 'avg':
      average(input, ofRow, values, present);
      return;
    case 'count':
    case 'group':
      for (let row = 0; row < rows; row++) {
        const to = ofRow[row]! * steps;
        for (let step = 0; step < steps; step++) {
          if (has[row * steps + step] === 0) continue;
          present[to + step] = 1;
          if (operator === 'count') values[to + step]! += 1;
          else values[to + step] = 1;
        }
      }
      return;
    case 'min':
    case 'max':
      for (let row = 0; row < rows; row++) {
        const from = row * steps;
        const to = ofRow[row]! * steps;
        for (let step = 0; step < steps; step++) {
          if (has[from + step] === 0) continue;
          const cell = to + step;
          const value = source[from + step]!;
          const best = values[cell]!;
          if (
            present[cell] === 0 ||
            Number.isNaN(best) ||
            (operator === 'max' ? best < value : best > value)
          ) {
            values[cell] = value;
          }
          present[cell] = 1;
        }
      }
      return;
    default:
      variance(operator === 'stddev', input, ofRow, values, present);
  }
}

/** Welford's; a group whose first value is NaN or infinite has no variance. */
function variance(
  isDeviation: boolean,
  input: Block,
  ofRow: Int32Array,
  values: Float64Array,
  present: Uint8Array,
): void {
  const { steps, labels } = input;
  const counts = new Float64Array(values.length);
  const means = new Float64Array(values.length);
  for (let row = 0; row < labels.length; row++) {
    const from = row * steps;
    const to = ofRow[row]! * steps;
    for (let step = 0; step < steps; step++) {
      if (input.present[from + step] === 0) continue;
      const cell = to + step;
      const value = input.values[from + step]!;
      if (present[cell] === 0) {
        present[cell] = 1;
        counts[cell] = 1;
        means[cell] = value;
        values[cell] = Number.isFinite(value) ? 0 : Number.NaN;
        continue;
      }
      counts[cell]! += 1;
      const difference = value - means[cell]!;
      means[cell]! += difference / counts[cell]!;
      values[cell]! += difference * (value - means[cell]!);
    }
  }
  for (let cell = 0; cell < values.length; cell++) {
    const result = values[cell]! / counts[cell]!;
    values[cell] = isDeviation ? Math.sqrt(result) : result;
  }
}

/** The sum by the count while the sum does not overflow, then the incremental mean. */
function average(input: Block, ofRow: Int32Array, values: Float64Array, present: Uint8Array): void {
  const { steps, labels } = input;
  const counts = new Float64Array(values.length);
  const compensation = new Float64Array(values.length);
  const incremental = new Uint8Array(values.length);
  const kahan = new KahanSum();
  for (let row = 0; row < labels.length; row++) {
    const from = row * steps;
    const to = ofRow[row]! * steps;
    for (let step = 0; step < steps; step++) {
      if (input.present[from + step] === 0) continue;
      const cell = to + step;
      const value = input.values[from + step]!;
      if (present[cell] === 0) {
        present[cell] = 1;
        counts[cell] = 1;
        values[cell] = value;
        continue;
      }
      counts[cell]! += 1;
      const count = counts[cell]!;
      if (incremental[cell] === 0) {
        kahan.sum = values[cell]!;
        kahan.compensation = compensation[cell]!;
        kahan.add(value);
        if (!isInfinite(kahan.sum)) {
          values[cell] = kahan.sum;
          compensation[cell] = kahan.compensation;
          continue;
        }
        incremental[cell] = 1;
        values[cell]! /= count - 1;
        compensation[cell]! /= count - 1;
      }
      const weight = (count - 1) / count;
      kahan.sum = weight * values[cell]!;
      kahan.compensation = weight * compensation[cell]!;
      kahan.add(value / count);
      values[cell] = kahan.sum;
      compensation[cell] = kahan.compensation;
    }
  }
  for (let cell = 0; cell < values.length; cell++) {
    if (incremental[cell] === 1) values[cell]! += compensation[cell]!;
    else values[cell] = values[cell]! / counts[cell]! + compensation[cell]! / counts[cell]!;
  }
}

function quantiles(
  input: Block,
  ofRow: Int32Array,
  groups: number,
  q: Float64Array,
  values: Float64Array,
  present: Uint8Array,
): void {
  const { steps, labels } = input;
  const gathered: number[][] = Array.from({ length: groups }, () => []);
  for (let step = 0; step < steps; step++) {
    for (const group of gathered) group.length = 0;
    for (let row = 0; row < labels.length; row++) {
      const at = row * steps + step;
      if (input.present[at] === 1) gathered[ofRow[row]!]!.push(input.values[at]!);
    }
    for (const [group, list] of gathered.entries()) {
      if (list.length === 0) continue;
      values[group * steps + step] = quantile(q[step]!, list);
      present[group * steps + step] = 1;
    }
  }
}

const maxInt64 = 2 ** 63;

/** topk, bottomk, limitk and limit_ratio: some of the rows at each step. */
function selectRows(
  evaluator: Evaluator,
  expr: AggregateExpr,
  input: Block,
  param: Float64Array,
  names: ReadonlySet<string>,
): Block {
  const { operator } = expr;
  const bounds = range(param);
  const least = bounds[0]!;
  const greatest = bounds.at(-1)!;
  const invalid = Number.isNaN(least);
  if (operator === 'limit_ratio') {
    if (invalid) throw new PromqlExecutionError('Ratio value is NaN');
    const { annotations } = evaluator.context;
    const position = expr.param!.start;
    const rule = 'ratio value should be between -1 and 1';
    if (greatest > 1) annotations.warn(`${rule}, got ${formatG(greatest)}, capping to 1`, position);
    if (least < -1) annotations.warn(`${rule}, got ${formatG(least)}, capping to -1`, position);
  } else {
    if (greatest < 1) return emptyBlock(input.steps);
    if (invalid) throw new PromqlExecutionError('Parameter value is NaN');
    if (least <= -maxInt64) throw new PromqlExecutionError(`Scalar value ${formatG(least)} underflows int64`);
    if (greatest >= maxInt64)
      throw new PromqlExecutionError(`Scalar value ${formatG(greatest)} overflows int64`);
  }
  return mergeRows(pickRows(operator, input, param, groupRows(input.labels, names, expr.without)));
}

import { compileRegexp } from '../../../regexp/regexp.ts';
import { Labels } from '../../labels/labels.ts';
import { PromqlExecutionError } from '../errors.ts';
import type { CallExpr, Expr } from '../parser/ast.ts';
import { unwrapParens } from '../parser/ast.ts';
import { isValidUtf8 } from '../parser/go-quote.ts';
import { absentLabels } from './absent-labels.ts';
import type { Block } from './block.ts';
import { BlockBuilder, dropNames, mergeRows } from './block.ts';
import { resolveDuration } from './duration.ts';
import type { Evaluator, Value } from './evaluator.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogram.ts';
import { info } from './info.ts';
import { dateFunctions, mathFunctions } from './math-functions.ts';
import { readInstant } from './select.ts';
import { sortByLabel, sortByValue } from './sort.ts';

type Implementation = (evaluator: Evaluator, args: readonly Expr[], expr: CallExpr) => Value;

/** Evaluates a call of a function that takes no range vector. */
export function callFunction(evaluator: Evaluator, expr: CallExpr): Value {
  const args = expr.args.map(unwrapParens);
  const math = mathFunctions.get(expr.name);
  if (math !== undefined) return mapped(evaluator, evaluator.vector(args[0]!), math);
  const date = dateFunctions.get(expr.name);
  if (date !== undefined) {
    if (args.length > 0) return mapped(evaluator, evaluator.vector(args[0]!), date);
    return single(evaluator, (step) => date(Math.trunc(evaluator.timeAt(step) / 1000)));
  }
  const implementation = implementations[expr.name];
  if (implementation === undefined)
    throw new PromqlExecutionError(`unknown function with name "${expr.name}"`);
  return implementation(evaluator, args, expr);
}

const implementations: Readonly<Record<string, Implementation>> = {
  time: (evaluator) => eachStep(evaluator, (step) => evaluator.timeAt(step) / 1000),
  pi: (evaluator) => eachStep(evaluator, () => Math.PI),
  start: (evaluator) => eachStep(evaluator, () => evaluator.context.queryStartMs / 1000),
  end: (evaluator) => eachStep(evaluator, () => evaluator.context.queryEndMs / 1000),
  step: (evaluator) => eachStep(evaluator, () => evaluator.context.queryStepMs / 1000),
  range: (evaluator) =>
    eachStep(evaluator, () => (evaluator.context.queryEndMs - evaluator.context.queryStartMs) / 1000),
  max_of: (evaluator, [a, b]) => ofBoth(evaluator, a!, b!, Math.max),
  min_of: (evaluator, [a, b]) => ofBoth(evaluator, a!, b!, Math.min),
  vector: (evaluator, [scalar]) => {
    const values = evaluator.scalar(scalar!);
    return single(evaluator, (step) => values[step]!);
  },
  scalar: (evaluator, [vector]) => ({ type: 'scalar', values: onlyValue(evaluator.vector(vector!)) }),
  absent: (evaluator, [vector]) => ({ type: 'vector', block: absent(evaluator, vector!) }),
  timestamp: (evaluator, [vector]) => timestamp(evaluator, vector!, 'timestamp'),
  start_timestamp: (evaluator, [vector]) => timestamp(evaluator, vector!, 'start'),
  clamp: (evaluator, [vector, low, high]) =>
    clamp(evaluator, vector!, evaluator.scalar(low!), evaluator.scalar(high!)),
  clamp_min: (evaluator, [vector, low]) => clamp(evaluator, vector!, evaluator.scalar(low!), undefined),
  clamp_max: (evaluator, [vector, high]) => clamp(evaluator, vector!, undefined, evaluator.scalar(high!)),
  round: (evaluator, [vector, nearest]) => {
    const block = evaluator.vector(vector!);
    const to = nearest === undefined ? undefined : evaluator.scalar(nearest);
    return changed(evaluator, block, (value, step) => {
      const inverse = 1 / (to === undefined ? 1 : to[step]!);
      return Math.floor(value * inverse + 0.5) / inverse;
    });
  },
  sort: (evaluator, [vector], expr) =>
    ordered(evaluator, vector!, expr, (block) => sortByValue(block, false)),
  sort_desc: (evaluator, [vector], expr) =>
    ordered(evaluator, vector!, expr, (block) => sortByValue(block, true)),
  sort_by_label: (evaluator, [vector, ...labels], expr) =>
    ordered(evaluator, vector!, expr, (block) =>
      sortByLabel(
        block,
        labels.map((label) => evaluator.text(label)),
        false,
      ),
    ),
  sort_by_label_desc: (evaluator, [vector, ...labels], expr) =>
    ordered(evaluator, vector!, expr, (block) =>
      sortByLabel(
        block,
        labels.map((label) => evaluator.text(label)),
        true,
      ),
    ),
  label_replace: labelReplace,
  label_join: labelJoin,
  histogram_quantile: histogramQuantile,
  histogram_quantiles: histogramQuantiles,
  histogram_fraction: histogramFraction,
  info,
  // Of native histograms, which this engine does not store: a float vector has none.
  histogram_avg: nothing,
  histogram_count: nothing,
  histogram_stddev: nothing,
  histogram_stdvar: nothing,
  histogram_sum: nothing,
};

function nothing(evaluator: Evaluator, [vector]: readonly Expr[]): Value {
  evaluator.vector(vector!);
  return { type: 'vector', block: new BlockBuilder(evaluator.steps.count, 0).build() };
}

function eachStep(evaluator: Evaluator, compute: (step: number) => number): Value {
  return {
    type: 'scalar',
    values: Float64Array.from({ length: evaluator.steps.count }, (_, step) => compute(step)),
  };
}

function ofBoth(evaluator: Evaluator, a: Expr, b: Expr, pick: (a: number, b: number) => number): Value {
  const right = evaluator.scalar(b);
  return { type: 'scalar', values: evaluator.scalar(a).map((value, step) => pick(value, right[step]!)) };
}

/** One series without labels. */
function single(evaluator: Evaluator, compute: (step: number) => number): Value {
  const { count } = evaluator.steps;
  const values = Float64Array.from({ length: count }, (_, step) => compute(step));
  const present = new Uint8Array(count).fill(1);
  return {
    type: 'vector',
    block: { steps: count, labels: [Labels.empty], dropName: [false], values, present },
  };
}

function mapped(evaluator: Evaluator, block: Block, compute: (value: number) => number): Value {
  const values = new Float64Array(block.values.length);
  for (let index = 0; index < values.length; index++) values[index] = compute(block.values[index]!);
  return { type: 'vector', block: dropNames({ ...block, values }, evaluator.context.delayedNameRemoval) };
}

function changed(
  evaluator: Evaluator,
  block: Block,
  compute: (value: number, step: number) => number,
): Value {
  const { steps } = block;
  const values = new Float64Array(block.values.length);
  for (let index = 0; index < values.length; index++)
    values[index] = compute(block.values[index]!, index % steps);
  return { type: 'vector', block: dropNames({ ...block, values }, evaluator.context.delayedNameRemoval) };
}

function clamp(
  evaluator: Evaluator,
  vector: Expr,
  low: Float64Array | undefined,
  high: Float64Array | undefined,
): Value {
  const block = evaluator.vector(vector);
  const { steps } = block;
  const least = (step: number): number => (low === undefined ? Number.NEGATIVE_INFINITY : low[step]!);
  const most = (step: number): number => (high === undefined ? Number.POSITIVE_INFINITY : high[step]!);
  const present = block.present.slice();
  for (let index = 0; index < present.length; index++) {
    if (most(index % steps) < least(index % steps)) present[index] = 0;
  }
  return changed(evaluator, dropEmpty({ ...block, present }), (value, step) =>
    Math.max(least(step), Math.min(most(step), value)),
  );
}

function dropEmpty(block: Block): Block {
  return block.present.includes(1) ? block : new BlockBuilder(block.steps, 0).build();
}

/** The value of the only series at each step; NaN when there are none or several. */
function onlyValue(block: Block): Float64Array {
  const { steps, labels, values, present } = block;
  const result = new Float64Array(steps);
  for (let step = 0; step < steps; step++) {
    let found = -1;
    for (let row = 0; row < labels.length; row++) {
      if (present[row * steps + step] === 0) continue;
      found = found === -1 ? row : -2;
      if (found === -2) break;
    }
    result[step] = found < 0 ? Number.NaN : values[found * steps + step]!;
  }
  return result;
}

function absent(evaluator: Evaluator, vector: Expr): Block {
  const block = evaluator.vector(vector);
  const { count } = evaluator.steps;
  const builder = new BlockBuilder(count, 1);
  const offset = builder.add(vector.kind === 'selector' ? absentLabels(vector) : Labels.empty);
  let any = false;
  for (let step = 0; step < count; step++) {
    let found = false;
    for (let row = 0; row < block.labels.length && !found; row++)
      found = block.present[row * count + step] === 1;
    if (found) continue;
    builder.values[offset + step] = 1;
    builder.present[offset + step] = 1;
    any = true;
  }
  if (!any) builder.drop();
  return builder.build();
}

/** The time of a selector's own samples, or of the step for any other vector. */
function timestamp(evaluator: Evaluator, vector: Expr, reading: 'timestamp' | 'start'): Value {
  const delayed = evaluator.context.delayedNameRemoval;
  if (vector.kind === 'selector' && !vector.smoothed) {
    const offset = resolveDuration(vector.offset, evaluator.context, true);
    const block = readInstant(evaluator, vector, offset, evaluator.fixedTime(vector.at), reading);
    return { type: 'vector', block: dropNames(block, delayed) };
  }
  const block = evaluator.vector(vector);
  if (reading === 'start') return nothing(evaluator, [vector]);
  return changed(evaluator, block, (_, step) => evaluator.timeAt(step) / 1000);
}

function ordered(evaluator: Evaluator, vector: Expr, expr: CallExpr, sort: (block: Block) => Block): Value {
  const block = evaluator.vector(vector);
  if (evaluator.context.isRangeQuery) {
    evaluator.context.annotations.warn(
      'sort is ineffective for range queries since results are always ordered by labels',
      expr.start,
    );
  }
  return { type: 'vector', block: evaluator.steps.count > 1 ? block : sort(block) };
}

function labelReplace(evaluator: Evaluator, args: readonly Expr[]): Value {
  const [vector, target, replacement, source, pattern] = args;
  const regexText = evaluator.text(pattern);
  const label = evaluator.text(target);
  const template = evaluator.text(replacement);
  const from = evaluator.text(source);
  let regexp: ReturnType<typeof compileRegexp>;
  try {
    regexp = compileRegexp(regexText, { anchored: true });
  } catch (error) {
    throw new PromqlExecutionError(`invalid regular expression in label_replace(): ${regexText}`, {
      cause: error,
    });
  }
  if (label === '' || !isValidUtf8(label)) {
    throw new PromqlExecutionError(`invalid destination label name in label_replace(): ${label}`);
  }
  return relabelled(evaluator, vector!, label, (labels) => {
    const match = regexp.exec(labels.get(from));
    if (match === null) return undefined;
    const value = regexp.expand(template, match);
    assertLabelValue(value.length, 'label_replace');
    return value;
  });
}

function labelJoin(evaluator: Evaluator, args: readonly Expr[]): Value {
  const [vector, target, separatorArg, ...sources] = args;
  const label = evaluator.text(target);
  const separator = evaluator.text(separatorArg);
  const names = sources.map((source) => evaluator.text(source));
  for (const name of names) {
    if (name === '' || !isValidUtf8(name)) {
      throw new PromqlExecutionError(`invalid source label name in label_join(): ${name}`);
    }
  }
  if (label === '' || !isValidUtf8(label)) {
    throw new PromqlExecutionError(`invalid destination label name in label_join(): ${label}`);
  }
  return relabelled(evaluator, vector!, label, (labels) => {
    const parts = names.map((name) => labels.get(name));
    const length = parts.reduce((sum, part) => sum + part.length, separator.length * (parts.length - 1));
    assertLabelValue(length, 'label_join');
    return parts.join(separator);
  });
}

/**
 * What nested calls can make of a label in a few steps, each doubling it, is beyond any memory. The real server has no
 * such limit and runs out of it.
 */
const maxLabelValue = 65_536;

function assertLabelValue(length: number, name: string): void {
  if (length > maxLabelValue) {
    throw new PromqlExecutionError(
      `label value of ${length} characters in ${name}() exceeds the limit of ${maxLabelValue}`,
    );
  }
}

/** Sets one label of each row; `compute` gives undefined where the row stays as it is. */
function relabelled(
  evaluator: Evaluator,
  vector: Expr,
  label: string,
  compute: (labels: Labels) => string | undefined,
): Value {
  const block = evaluator.vector(vector);
  const dropName = [...block.dropName];
  const labels = block.labels.map((row, index) => {
    const value = compute(row);
    if (value === undefined) return row;
    if (label === '__name__') dropName[index] = false;
    return row.with(label, value);
  });
  return { type: 'vector', block: mergeRows({ ...block, labels, dropName }) };
}

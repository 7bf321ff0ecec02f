import type { Labels } from '../../labels/labels.ts';
import { formatFloat } from '../format-float.ts';
import type { CallExpr, Expr } from '../parser/ast.ts';
import type { Block } from './block.ts';
import { BlockBuilder, mergeRows, withoutEmptyRows } from './block.ts';
import type { Bucket } from './buckets.ts';
import { bucketFraction, bucketQuantile } from './buckets.ts';
import type { Evaluator, Value } from './evaluator.ts';
import { warnQuantile } from './quantile.ts';

const leLabel = new Set(['le']);

/** One classic histogram: its labels without `le`, and the rows of its buckets. */
interface ClassicHistogram {
  readonly labels: Labels;
  readonly dropName: boolean;
  readonly rows: { readonly row: number; readonly upperBound: number }[];
}

/** Groups the rows of a vector by their labels without `le`; rows whose `le` is no number are left out with a warning. */
function classicHistograms(evaluator: Evaluator, block: Block, position: number): ClassicHistogram[] {
  const found = new Map<string, ClassicHistogram>();
  for (const [row, labels] of block.labels.entries()) {
    const le = labels.get('le');
    const upperBound = parseBound(le);
    if (upperBound === undefined) {
      const name = labels.get('__name__');
      evaluator.context.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)}${name === '' ? '' : ` for metric name "${name}"`}`,
        position,
      );
      continue;
    }
    const rest = labels.without(leLabel);
    const histogram = found.get(rest.key);
    if (histogram === undefined) {
      found.set(rest.key, { labels: rest, dropName: true, rows: [{ row, upperBound }] });
    } else histogram.rows.push({ row, upperBound });
  }
  return [...found.values()];
}

/** Go's strconv.ParseFloat, of what can be a bound. */
function parseBound(text: string): number | undefined {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Calls `compute` for each histogram and step that has buckets. */
function overHistograms(
  evaluator: Evaluator,
  block: Block,
  position: number,
  builder: BlockBuilder,
  labelsOf: (labels: Labels) => Labels,
  compute: (buckets: Bucket[], step: number, labels: Labels) => number,
): void {
  const { steps, values, present } = block;
  const delayed = evaluator.context.delayedNameRemoval;
  for (const histogram of classicHistograms(evaluator, block, position)) {
    histogram.rows.sort((a, b) => a.upperBound - b.upperBound);
    const labels = labelsOf(delayed ? histogram.labels : histogram.labels.withoutName());
    const offset = builder.add(labels, delayed);
    for (let step = 0; step < steps; step++) {
      const buckets: Bucket[] = [];
      for (const { row, upperBound } of histogram.rows) {
        if (present[row * steps + step] === 1)
          buckets.push({ upperBound, count: values[row * steps + step]! });
      }
      if (buckets.length === 0) continue;
      builder.values[offset + step] = compute(buckets, step, histogram.labels);
      builder.present[offset + step] = 1;
    }
  }
}

function quantileOf(
  evaluator: Evaluator,
  q: number,
  buckets: Bucket[],
  labels: Labels,
  position: number,
): number {
  const { value, forcedMonotonic } = bucketQuantile(q, buckets);
  if (forcedMonotonic) {
    const name = evaluator.context.delayedNameRemoval ? labels.get('__name__') : '';
    evaluator.context.annotations.info(
      'input to histogram_quantile needed to be fixed for monotonicity (see ' +
        'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
        (name === '' ? '' : ` for metric name "${name}"`),
      position,
    );
  }
  return value;
}

/** `histogram_quantile(φ, buckets)` of classic histograms. */
export function histogramQuantile(evaluator: Evaluator, args: readonly Expr[], expr: CallExpr): Value {
  const q = evaluator.scalar(args[0]!);
  const block = evaluator.vector(args[1]!);
  for (const each of q) warnQuantile(evaluator.context, each, expr.args[0]!.start);
  const position = expr.args[1]!.start;
  const builder = new BlockBuilder(block.steps, block.labels.length);
  overHistograms(
    evaluator,
    block,
    position,
    builder,
    (labels) => labels,
    (buckets, step, labels) => quantileOf(evaluator, q[step]!, buckets, labels, position),
  );
  return { type: 'vector', block: withoutEmptyRows(mergeRows(builder.build())) };
}

/** `histogram_quantiles(buckets, label, φ…)`: one series for each quantile, told apart by the label. */
export function histogramQuantiles(evaluator: Evaluator, args: readonly Expr[], expr: CallExpr): Value {
  const block = evaluator.vector(args[0]!);
  const label = evaluator.text(args[1]);
  const builder = new BlockBuilder(block.steps, block.labels.length);
  for (const [index, arg] of args.slice(2).entries()) {
    const q = evaluator.scalar(arg);
    for (const each of q) warnQuantile(evaluator.context, each, expr.args[index + 2]!.start);
    // The quantile may change from step to step, and the label with it.
    for (const each of new Set(q)) {
      overHistograms(
        evaluator,
        stepsWhere(block, (step) => Object.is(q[step], each)),
        expr.args[0]!.start,
        builder,
        (labels) => labels.with(label, openMetricsFloat(each)),
        (buckets, _, labels) => quantileOf(evaluator, each, buckets, labels, expr.args[1]!.start),
      );
    }
  }
  return { type: 'vector', block: withoutEmptyRows(mergeRows(builder.build())) };
}

function stepsWhere(block: Block, wanted: (step: number) => boolean): Block {
  const present = block.present.map((here, index) => (wanted(index % block.steps) ? here : 0));
  return { ...block, present };
}

/** As OpenMetrics writes a bound: always with a decimal point. */
function openMetricsFloat(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  const text = String(value);
  return /[e.]/.test(text) ? text : `${text}.0`;
}

/** `histogram_fraction(lower, upper, buckets)` of classic histograms. */
export function histogramFraction(evaluator: Evaluator, args: readonly Expr[], expr: CallExpr): Value {
  const lower = evaluator.scalar(args[0]!);
  const upper = evaluator.scalar(args[1]!);
  const block = evaluator.vector(args[2]!);
  const builder = new BlockBuilder(block.steps, block.labels.length);
  overHistograms(
    evaluator,
    block,
    expr.args[2]!.start,
    builder,
    (labels) => labels,
    (buckets, step) => bucketFraction(lower[step]!, upper[step]!, buckets),
  );
  return { type: 'vector', block: withoutEmptyRows(mergeRows(builder.build())) };
}

import type { SeriesSamples } from '../../storage/queryable.ts';
import type { MatrixSelector, SubqueryExpr } from '../parser/ast.ts';
import type { Evaluator } from './evaluator.ts';
import { interpolate, search } from './extended-rate.ts';
import { firstAfter } from './window.ts';

/** A range vector as an instant query's result: the samples of the one range of each series. */
export function matrixOf(evaluator: Evaluator, expr: MatrixSelector | SubqueryExpr): SeriesSamples[] {
  const source = evaluator.rangeSource(expr);
  const { budget, lookbackMs } = evaluator.context;
  const end = (source.at ?? evaluator.steps.startMs) - source.offsetMs;
  const start = end - source.rangeMs;
  const extended = source.anchored || source.smoothed;
  return source.series.map(({ labels: full, timestamps, values }, index) => {
    const labels = source.dropName?.[index] === true ? full.withoutName() : full;
    const low = firstAfter(timestamps, extended ? start - lookbackMs : start, 0, timestamps.length);
    const high = firstAfter(timestamps, source.smoothed ? end + lookbackMs : end, low, timestamps.length);
    budget.hold(high - low);
    evaluator.samplesRead[0]! += high - low;
    const cut = { labels, timestamps: timestamps.slice(low, high), values: values.slice(low, high) };
    return extended && high > low ? extend(cut, start, end, source.smoothed) : cut;
  });
}

/** The samples of a range with values at its very ends, as anchored and smoothed selectors have them. */
function extend(series: SeriesSamples, start: number, end: number, smoothed: boolean): SeriesSamples {
  const { labels, timestamps, values } = series;
  let last = timestamps.length - 1;
  let first = Math.max(0, search(timestamps, 0, last, start, false) - 1);
  if (smoothed) last = search(timestamps, 0, last, end, true);
  if (timestamps[last]! <= start)
    return { labels, timestamps: new Float64Array(0), values: new Float64Array(0) };
  const at = (time: number, left: number): number =>
    interpolate(time, timestamps[left]!, values[left]!, timestamps[left + 1]!, values[left + 1]!, false);
  const from = smoothed && timestamps[first]! < start ? at(start, first) : values[first]!;
  const to = smoothed && last > 0 && timestamps[last]! > end ? at(end, last - 1) : values[last]!;
  if (timestamps[first]! <= start) first++;
  if (timestamps[last]! >= end) last--;
  const inner = Math.max(last - first + 1, 0);
  return {
    labels,
    timestamps: Float64Array.from([start, ...timestamps.subarray(first, first + inner), end]),
    values: Float64Array.from([from, ...values.subarray(first, first + inner), to]),
  };
}

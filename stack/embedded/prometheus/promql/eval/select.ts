import { Labels } from '../../labels/labels.ts';
import type { SeriesSamples } from '../../storage/queryable.ts';
import { isStaleMarker } from '../../storage/staleness.ts';
import type { VectorSelector } from '../parser/ast.ts';
import type { Block } from './block.ts';
import { BlockBuilder } from './block.ts';
import type { Evaluator } from './evaluator.ts';
import { interpolate } from './extended-rate.ts';

/** The series behind a range vector, staleness markers removed, and how its windows lie. */
export interface RangeSource {
  readonly series: readonly SeriesSamples[];
  /** Of a subquery: rows whose metric name goes at the end of the evaluation. */
  readonly dropName?: readonly boolean[];
  readonly rangeMs: number;
  readonly offsetMs: number;
  /** The fixed time of `@`, if any. */
  readonly at: number | undefined;
  readonly anchored: boolean;
  readonly smoothed: boolean;
}

/** What an instant selector gives for one sample: its value, its time in seconds, or its start. */
export type Reading = 'value' | 'timestamp' | 'start' | 'time-ms';

/** The latest sample of each series within the lookback of every step. */
export function readInstant(
  evaluator: Evaluator,
  selector: VectorSelector,
  offsetMs: number,
  at: number | undefined,
  reading: Reading = 'value',
): Block {
  const { context, steps } = evaluator;
  const { lookbackMs } = context;
  const first = (at ?? steps.startMs) - offsetMs;
  const last = (at ?? steps.startMs + (steps.count - 1) * steps.stepMs) - offsetMs;
  const found = context.queryable.select(
    selector.matchers,
    first - lookbackMs + 1,
    last,
    context.budget.read,
  );
  return readSeries(evaluator, sorted(found), offsetMs, at, reading);
}

/** The same over series already selected. */
export function readSeries(
  evaluator: Evaluator,
  found: readonly SeriesSamples[],
  offsetMs: number,
  at: number | undefined,
  reading: Reading,
): Block {
  const { context, steps } = evaluator;
  const { lookbackMs, budget } = context;
  const { count, startMs, stepMs } = steps;
  budget.checkCells(found.length * count);
  const builder = new BlockBuilder(count, found.length);
  const read = evaluator.samplesRead;
  for (const [index, series] of found.entries()) {
    if ((index & 255) === 0) budget.check();
    const { timestamps, values: samples } = series;
    const { length } = timestamps;
    const offset = builder.add(series.labels);
    const { values, present } = builder;
    let cursor = -1;
    let any = 0;
    for (let step = 0; step < count; step++) {
      const time = (at ?? startMs + step * stepMs) - offsetMs;
      while (cursor + 1 < length && timestamps[cursor + 1]! <= time) cursor++;
      if (cursor < 0 || timestamps[cursor]! <= time - lookbackMs) continue;
      const value = samples[cursor]!;
      if (Number.isNaN(value) && isStaleMarker(samples, cursor)) continue;
      read[step]! += 1;
      if (reading === 'value') values[offset + step] = value;
      else if (reading === 'timestamp') values[offset + step] = timestamps[cursor]! / 1000;
      else if (reading === 'time-ms') values[offset + step] = timestamps[cursor]!;
      else {
        if (!context.startTimestamps) continue;
        const start = series.startTimestamps?.[cursor] ?? Number.NaN;
        values[offset + step] = Number.isNaN(start) ? 0 : start / 1000;
      }
      present[offset + step] = 1;
      any++;
    }
    if (any === 0) builder.drop();
    else budget.hold(any);
  }
  return builder.build();
}

/** An instant selector whose value between two samples is interpolated, and after the last carried on. */
export function readSmoothed(
  evaluator: Evaluator,
  selector: VectorSelector,
  offsetMs: number,
  at: number | undefined,
): Block {
  const { context, steps } = evaluator;
  const { lookbackMs } = context;
  const { count, startMs, stepMs } = steps;
  const first = (at ?? startMs) - offsetMs;
  const last = (at ?? startMs + (count - 1) * stepMs) - offsetMs;
  const found = context.queryable.select(
    selector.matchers,
    first - lookbackMs + 1,
    last + lookbackMs,
    context.budget.read,
  );
  const builder = new BlockBuilder(count, found.length);
  for (const series of sorted(found)) {
    const { timestamps, values: samples } = withoutStale(series);
    const offset = builder.add(series.labels);
    const { values, present } = builder;
    let any = 0;
    let next = 0;
    for (let step = 0; step < count; step++) {
      const time = (at ?? startMs + step * stepMs) - offsetMs;
      while (next < timestamps.length && timestamps[next]! < time) next++;
      const hasNext = next < timestamps.length && timestamps[next]! <= time + lookbackMs;
      const hasPrevious = next > 0 && timestamps[next - 1]! > time - lookbackMs;
      let value: number;
      if (hasNext && timestamps[next] === time) value = samples[next]!;
      else if (hasNext && hasPrevious) {
        const from = next - 1;
        value = interpolate(
          time,
          timestamps[from]!,
          samples[from]!,
          timestamps[next]!,
          samples[next]!,
          false,
        );
      } else if (hasPrevious) value = samples[next - 1]!;
      else continue;
      values[offset + step] = value;
      present[offset + step] = 1;
      any++;
    }
    if (any === 0) builder.drop();
    else context.budget.hold(any);
  }
  return builder.build();
}

/** Selects what the windows of all steps need, in one go. */
export function selectRange(
  evaluator: Evaluator,
  selector: VectorSelector,
  rangeMs: number,
  offsetMs: number,
  at: number | undefined,
): RangeSource {
  const { context, steps } = evaluator;
  const before = selector.anchored || selector.smoothed ? context.lookbackMs : 0;
  const after = selector.smoothed ? context.lookbackMs : 0;
  const first = (at ?? steps.startMs) - offsetMs - rangeMs - before + 1;
  const last = (at ?? steps.startMs + (steps.count - 1) * steps.stepMs) - offsetMs + after;
  const series = sorted(context.queryable.select(selector.matchers, first, last, context.budget.read)).map(
    withoutStale,
  );
  return { series, rangeMs, offsetMs, at, anchored: selector.anchored, smoothed: selector.smoothed };
}

/** The series in the order of their labels, as Prometheus's storage gives them. */
function sorted(series: SeriesSamples[]): SeriesSamples[] {
  for (let index = 1; index < series.length; index++) {
    if (Labels.compare(series[index - 1]!.labels, series[index]!.labels) > 0) {
      return [...series].sort((a, b) => Labels.compare(a.labels, b.labels));
    }
  }
  return series;
}

/** The series without staleness markers; itself when it has none. */
export function withoutStale(series: SeriesSamples): SeriesSamples {
  const { timestamps, values, startTimestamps } = series;
  let stale = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]) && isStaleMarker(values, index)) stale++;
  }
  if (stale === 0) return series;
  const keptTimestamps = new Float64Array(values.length - stale);
  const keptValues = new Float64Array(values.length - stale);
  const keptStarts = startTimestamps === undefined ? undefined : new Float64Array(values.length - stale);
  let next = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]) && isStaleMarker(values, index)) continue;
    keptTimestamps[next] = timestamps[index]!;
    keptValues[next] = values[index]!;
    if (keptStarts !== undefined) keptStarts[next] = startTimestamps![index]!;
    next++;
  }
  const kept = { labels: series.labels, timestamps: keptTimestamps, values: keptValues };
  return keptStarts === undefined ? kept : { ...kept, startTimestamps: keptStarts };
}

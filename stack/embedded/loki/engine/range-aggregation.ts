import { parseGoDuration } from '../../duration/go-duration.ts';
import { formatLabels } from '../ingest/stream-labels.ts';
import type { Grouping, RangeAggregation } from '../logql/ast.ts';
import { parseGoFloat } from '../pipeline/label-filter.ts';
import { type LineLabels, type Metadata, type StreamLabels, sortedLabels } from '../pipeline/line-labels.ts';
import { addFilterNames, filterStage, labelsRead, runStages } from '../pipeline/pipeline.ts';
import { LabelHints } from '../pipeline/stage.ts';
import { addNanoseconds } from '../storage/instant.ts';
import { parseByteSize } from '../units/bytes.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import type { Evaluation } from './evaluation.ts';
import { QueryError } from './query-error.ts';
import { type RangeFunction, rangeFunction } from './range-functions.ts';
import { scan } from './scan.ts';
import { compareLabels, type Labels, labelsKey, newSeries, type Series } from './series.ts';

/** The samples of one series, in the order in which they were found. */
interface Samples {
  readonly labels: Labels;
  times: number[];
  values: number[];
  sorted: boolean;
}

const conversions: Readonly<Record<string, (text: string) => number>> = {
  '': parseGoFloat,
  bytes: parseByteSize,
  duration: (text) => parseGoDuration(text) / 1000,
  duration_seconds: (text) => parseGoDuration(text) / 1000,
};
const counting = new Set(['count_over_time', 'rate', 'absent_over_time']);
const preserved = '__preserve_error__';

/**
 * Evaluates `operation(log range)` at every step. `pushed` is the grouping of an enclosing sum that may be done
 * here already, because a sum of counts is the count of the group.
 */
export function evaluateRangeAggregation(
  expression: RangeAggregation,
  evaluation: Evaluation,
  pushed: Grouping | 'all' | undefined,
): Series[] {
  const { operation, range, parameter } = expression;
  const samples = collect(expression, evaluation, pushed);
  if (operation === 'absent_over_time') return absent(expression, evaluation, samples);
  const compute = rangeFunction(operation, range.rangeNs, parameter ?? 0);
  return samples
    .sort((left, right) => compareLabels(left.labels, right.labels))
    .map((one) => overSteps(one, evaluation, range.rangeNs, compute));
}

function collect(
  expression: RangeAggregation,
  evaluation: Evaluation,
  pushed: Grouping | 'all' | undefined,
): Samples[] {
  const { operation, range } = expression;
  const { unwrap } = range;
  const start = addNanoseconds(evaluation.start, -range.rangeNs - range.offsetNs);
  const end = addNanoseconds(evaluation.start, evaluation.stepNs * (evaluation.steps - 1) - range.offsetNs);
  const grouping = groupingOf(expression, pushed);
  const select = labelSelector(grouping);
  const bySeries = new Map<string, Samples>();
  const byOrigin = new Map<StreamLabels, Map<Metadata, Samples>>();
  const postFilters = unwrap?.postFilters.map(filterStage) ?? [];
  const convert = conversions[unwrap?.conversion ?? '']!;
  const counts = counting.has(operation) && unwrap === undefined;

  const seriesOf = (labels: LineLabels): Samples => {
    if (labels.untouched) {
      const byMetadata = getOrCreate(byOrigin, labels.stream, () => new Map());
      const found = getOrCreate(byMetadata, labels.metadata, () => bySelected(select(labels)));
      return found;
    }
    return bySelected(select(labels));
  };
  const bySelected = (labels: Labels): Samples => {
    const key = labelsKey(labels);
    let found = bySeries.get(key);
    if (found === undefined) {
      found = { labels, times: [], values: [], sorted: true };
      bySeries.set(key, found);
      evaluation.checkSamples(bySeries.size);
    }
    return found;
  };

  scan(
    evaluation.store,
    range.log,
    {
      start,
      end,
      includeStart: false,
      includeEnd: true,
      direction: 'forward',
      hints: hintsOf(expression, grouping),
      needsLine: false,
      deadlineMs: evaluation.deadlineMs,
      now: evaluation.now,
      statistics: evaluation.statistics,
    },
    (offset, line, labels, lineBytes) => {
      let value = counts ? 1 : lineBytes;
      if (unwrap !== undefined) {
        const text = labels.get(unwrap.identifier);
        // A line need not have the label.
        if (text === undefined || text === '') return undefined;
        try {
          value = convert(text);
        } catch (error) {
          labels.fail('SampleExtractionErr', (error as Error).message);
        }
        if (postFilters.length > 0 && runStages(postFilters, line, labels, start) === undefined)
          return undefined;
      }
      if (labels.error !== '' && labels.get(preserved) !== 'true') throw pipelineError(labels);
      const series = seriesOf(labels);
      const { times } = series;
      if (times.length > 0 && offset < times[times.length - 1]!) series.sorted = false;
      times.push(offset);
      series.values.push(value);
      return undefined;
    },
  );
  const all = [...bySeries.values()];
  for (const series of all) if (!series.sorted) sortSamples(series);
  return all;
}

/** What the labels of a sample are grouped by; undefined keeps all of them. */
function groupingOf(
  { grouping, range }: RangeAggregation,
  pushed: Grouping | 'all' | undefined,
): Grouping | undefined {
  const own = grouping ?? (pushed === 'all' ? { without: false, labels: [] } : pushed);
  if (range.unwrap === undefined) return own;
  // The unwrapped label varies from line to line: it is no part of the series unless asked for by name.
  if (own === undefined) return { without: true, labels: [range.unwrap.identifier] };
  if (own.without) return { without: true, labels: [...own.labels, range.unwrap.identifier] };
  return own;
}

function labelSelector(grouping: Grouping | undefined): (labels: LineLabels) => Labels {
  if (grouping === undefined) return (labels) => sortedLabels(labels.all());
  if (grouping.without) {
    const dropped = new Set(grouping.labels);
    return (labels) => sortedLabels(labels.all().filter(([name]) => !dropped.has(name)));
  }
  const names = [...new Set(grouping.labels)].sort();
  return (labels) => {
    const result: [string, string][] = [];
    for (const name of names) {
      const value = labels.get(name);
      if (value !== undefined && value !== '') result.push([name, value]);
    }
    return result;
  };
}

/** Which labels the parsers must extract: those that stages, the unwrap and the grouping read. */
function hintsOf({ range }: RangeAggregation, grouping: Grouping | undefined): LabelHints {
  if (grouping === undefined || grouping.without) return new LabelHints(undefined);
  const names = labelsRead(range.log.stages);
  if (names === undefined) return new LabelHints(undefined);
  for (const name of grouping.labels) names.add(name);
  if (range.unwrap !== undefined) {
    names.add(range.unwrap.identifier);
    for (const filter of range.unwrap.postFilters) addFilterNames(filter, names);
  }
  // An error shows only when the whole line was read.
  if (names.has('__error__') || names.has('__error_details__')) return new LabelHints(undefined);
  return new LabelHints(names);
}

function pipelineError(labels: LineLabels): QueryError {
  const { error } = labels;
  const series = formatLabels(sortedLabels(labels.all()));
  return new QueryError(
    400,
    `pipeline error: '${error}' for series: '${series}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").\n` +
      'To skip all potential errors you can match empty errors.(e.g __error__="")\n' +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n',
  );
}

function sortSamples(series: Samples): void {
  const order = series.times.map((_, index) => index);
  order.sort((left, right) => series.times[left]! - series.times[right]! || left - right);
  series.values = order.map((index) => series.values[index]!);
  series.times = order.map((index) => series.times[index]!);
  series.sorted = true;
}

function overSteps(
  samples: Samples,
  evaluation: Evaluation,
  rangeNs: number,
  compute: RangeFunction,
): Series {
  const { steps, stepNs } = evaluation;
  const series = newSeries(samples.labels, steps);
  const { times, values } = samples;
  let from = 0;
  let to = 0;
  for (let step = 0; step < steps; step++) {
    // The window is open at its start and closed at its end.
    const end = step * stepNs + rangeNs;
    const start = step * stepNs;
    while (to < times.length && times[to]! <= end) to++;
    while (from < to && times[from]! <= start) from++;
    if (from === to) continue;
    series.values[step] = compute(times, values, from, to);
    series.present[step] = 1;
  }
  return series;
}

/** absent_over_time: 1 where no series has a sample, with the labels that the selector is sure of. */
function absent(expression: RangeAggregation, evaluation: Evaluation, samples: readonly Samples[]): Series[] {
  const labels = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { name, operator, value } of expression.range.log.matchers) {
    if (operator !== '=' || labels.has(name)) ambiguous.add(name);
    else labels.set(name, value);
  }
  for (const name of ambiguous) labels.delete(name);
  const result = newSeries(sortedLabels(labels), evaluation.steps);
  result.values.fill(1);
  result.present.fill(1);
  for (const one of samples) {
    const { present } = overSteps(one, evaluation, expression.range.rangeNs, () => 1);
    for (let step = 0; step < evaluation.steps; step++) if (present[step] === 1) result.present[step] = 0;
  }
  return [result];
}

/**
 * Runs a file in Prometheus's own test language against the engine, as its reference runner does: each instant case
 * is also asked with `@` at other times, and each of those as a range query. One file, as the comparisons belong together.
 */
import { compileRegexp } from '../../../regexp/regexp.ts';
import { Labels } from '../../labels/labels.ts';
import { createEngine } from '../engine.ts';
import { PromqlParseError } from '../errors.ts';
import { almostEqual } from '../eval/buckets.ts';
import type { Expr } from '../parser/ast.ts';
import { unquote } from '../parser/go-quote.ts';
import { parseExpr } from '../parser/parse.ts';
import { printExpr } from '../parser/print.ts';
import type { MatrixSeries, QueryResult } from '../result.ts';
import type { Point } from './series-line.ts';
import { number, parseSeriesLine } from './series-line.ts';
import type { EvalCommand, Pattern } from './test-file.ts';
import { isNumber, parseTestFile } from './test-file.ts';
import { TestStorage } from './test-storage.ts';

export interface TestOutcome {
  passed: number;
  /** The lines of the cases about native histograms. */
  readonly skipped: number[];
  /** `line: reason` */
  readonly failures: string[];
}

const features = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
} as const;

const engine = createEngine({
  ...features,
  maxSamples: 10_000,
  delayedNameRemoval: true,
  startTimestamps: true,
  timeoutMs: 100_000,
});

/** Functions whose result changes with the evaluation time even where all selectors are pinned. */
const timeDependent =
  /\b(?:days_in_month|day_of_month|day_of_week|day_of_year|hour|minute|month|year|predict_linear|time|timestamp|start|end|range|step)\s*\(/;
const nativeOnly = /\bhistogram_(?:count|sum|avg|stddev|stdvar)\b|<\/|>\//;

export function runTest(text: string): TestOutcome {
  const storage = new TestStorage();
  const outcome: TestOutcome = { passed: 0, skipped: [], failures: [] };
  for (const command of parseTestFile(text)) {
    if (command.kind === 'clear') storage.clear();
    else if (command.kind === 'load') storage.load(command.stepMs, command.body, command.nhcb);
    else if (usesHistograms(command, storage)) outcome.skipped.push(command.line);
    else {
      try {
        runCase(command, storage);
        outcome.passed++;
      } catch (error) {
        outcome.failures.push(`${command.line}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return outcome;
}

/** Whether the case is about native histograms, see FORMAT.md §8. */
function usesHistograms({ expr, body }: EvalCommand, storage: TestStorage): boolean {
  if (nativeOnly.test(expr) || body.some(({ text }) => text.includes('{{'))) return true;
  let parsed: Expr;
  try {
    parsed = parseExpr(expr, features);
  } catch {
    return false;
  }
  return selectorsOf(parsed).some(({ matchers }) =>
    [...storage.histogramNames].some((name) =>
      matchers.every((matcher) => matcher.name !== '__name__' || matcher.matches(name)),
    ),
  );
}

function selectorsOf(expr: Expr): Extract<Expr, { kind: 'selector' }>[] {
  switch (expr.kind) {
    case 'selector':
      return [expr];
    case 'matrix':
      return [expr.selector];
    case 'paren':
    case 'unary':
    case 'subquery':
      return selectorsOf(expr.expr);
    case 'aggregate':
      return [expr.expr, ...(expr.param === undefined ? [] : [expr.param])].flatMap(selectorsOf);
    case 'binary':
      return [expr.left, expr.right].flatMap(selectorsOf);
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'number':
    case 'string':
      return [];
  }
}

function runCase(command: EvalCommand, storage: TestStorage): void {
  const { at, expr, expectations } = command;
  if (!('timeMs' in at)) {
    compare(command, 'range', () => engine.rangeQuery(storage, expr, at.startMs, at.endMs, at.stepMs));
    return;
  }
  compare(command, 'instant', () => engine.instantQuery(storage, expr, at.timeMs));
  const variants = [{ expr, timeMs: at.timeMs }];
  if (!timeDependent.test(expr)) {
    const pinned = pinnedAt(expr, at.timeMs);
    const t = at.timeMs;
    const times = t === 0 ? [-1000, 0, 1000] : [-10 * t, 0, Math.trunc(t / 5), t, 10 * t];
    for (const timeMs of times) variants.push({ expr: pinned, timeMs });
  }
  for (const variant of variants.slice(1)) {
    compare(command, `at ${variant.timeMs / 1000}s: ${variant.expr}`, () =>
      engine.instantQuery(storage, variant.expr, variant.timeMs),
    );
  }
  const unfit =
    expectations.ordered || expectations.rangeVector !== undefined || expectations.text !== undefined;
  if (unfit || /\b(?:start|end|range|step)\s*\(\s*\)/.test(expr)) return;
  for (const variant of variants) {
    const { timeMs } = variant;
    compare(command, `as a range around ${timeMs / 1000}s: ${variant.expr}`, () => {
      const result = engine.rangeQuery(storage, variant.expr, timeMs - 60_000, timeMs + 60_000, 60_000);
      return middle(result, timeMs, command);
    });
  }
}

/** The middle step of a range query as an instant result. */
function middle(result: QueryResult, timeMs: number, { body }: EvalCommand): QueryResult {
  if (result.type !== 'matrix') return result;
  const samples = result.series.flatMap(({ labels, timestamps, values }) => {
    const index = timestamps.indexOf(timeMs);
    return index < 0 ? [] : [{ labels, timeMs, value: values[index]! }];
  });
  const rest = { annotations: result.annotations, stats: result.stats, timeMs };
  const isScalar = body.length === 1 && isNumber(body[0]!.text);
  return isScalar && samples.length === 1
    ? { type: 'scalar', value: samples[0]!.value, ...rest }
    : { type: 'vector', samples, ...rest };
}

/** The expression with `@ time` on every selector and subquery that has none, save what stands within a subquery. */
function pinnedAt(expr: string, timeMs: number): string {
  const parsed = parseExpr(expr, features);
  const pin = (node: Expr): void => {
    switch (node.kind) {
      case 'selector':
        node.at ??= timeMs;
        return;
      case 'matrix':
        pin(node.selector);
        return;
      case 'subquery':
        node.at ??= timeMs;
        return;
      case 'paren':
      case 'unary':
        pin(node.expr);
        return;
      case 'aggregate':
        pin(node.expr);
        if (node.param !== undefined) pin(node.param);
        return;
      case 'binary':
        pin(node.left);
        pin(node.right);
        return;
      case 'call':
        for (const [index, arg] of node.args.entries()) if (node.name !== 'info' || index === 0) pin(arg);
        return;
      case 'number':
      case 'string':
    }
  };
  pin(parsed);
  return printExpr(parsed);
}

function compare(command: EvalCommand, what: string, ask: () => QueryResult): void {
  const { expectations } = command;
  let result: QueryResult;
  try {
    result = ask();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof PromqlParseError || expectations.fail === undefined) {
      throw new Error(`${what}: unexpected error: ${error.message}`, { cause: error });
    }
    const { message, regex } = expectations.fail;
    if (message !== undefined && error.message !== message) {
      throw new Error(`${what}: expected error "${message}", got "${error.message}"`);
    }
    if (regex !== undefined && !compileRegexp(regex).test(error.message)) {
      throw new Error(`${what}: expected error matching "${regex}", got "${error.message}"`);
    }
    return;
  }
  const reason =
    expectations.fail !== undefined
      ? 'expected an error, got a result'
      : (checkAnnotations(command, result, what.startsWith('as a range')) ?? checkResult(command, result));
  if (reason !== undefined) throw new Error(`${what}: ${reason}`);
}

function checkAnnotations(
  { expectations }: EvalCommand,
  result: QueryResult,
  asRange: boolean,
): string | undefined {
  // The other steps of a range may have, or lack, annotations of their own.
  if (asRange) return undefined;
  const { warnings, infos } = result.annotations;
  return (
    checkKind('warning', expectations.warn, expectations.noWarn, warnings) ??
    checkKind('info', expectations.info, expectations.noInfo, infos)
  );
}

function checkKind(
  kind: string,
  patterns: readonly Pattern[],
  none: boolean,
  found: readonly string[],
): string | undefined {
  if (none && found.length > 0) return `expected no ${kind}, got ${found[0]}`;
  if (patterns.length === 0) return undefined;
  if (found.length === 0) return `expected a ${kind}, got none`;
  const fits = (text: string, { message, regex }: Pattern): boolean => {
    const bare = text.replace(/ \(\d+:\d+\)$/, '');
    if (message !== undefined) return message === text || message === bare;
    return regex === undefined || compileRegexp(regex).test(text) || compileRegexp(regex).test(bare);
  };
  for (const text of found) {
    if (!patterns.some((pattern) => fits(text, pattern))) return `unexpected ${kind}: ${text}`;
  }
  for (const pattern of patterns) {
    if (!found.some((text) => fits(text, pattern))) {
      return `expected ${kind} "${pattern.message ?? pattern.regex ?? ''}", got ${found.join('; ')}`;
    }
  }
  return undefined;
}

function checkResult(command: EvalCommand, result: QueryResult): string | undefined {
  const { body, expectations, at } = command;
  if (expectations.text !== undefined) {
    const wanted = unquote(expectations.text);
    if (result.type !== 'string') return `expected a string, got a ${result.type}`;
    return result.value === wanted ? undefined : `expected ${expectations.text}, got "${result.value}"`;
  }
  if (body.length === 1 && isNumber(body[0]!.text)) {
    if (result.type !== 'scalar') return `expected a scalar, got a ${result.type}`;
    const wanted = number(body[0]!.text);
    return sameValue(result.value, wanted) ? undefined : `expected ${wanted}, got ${result.value}`;
  }
  const expected = body.map(({ text }) => parseSeriesLine(text));
  if (result.type === 'vector') return checkVector(expected, result.samples, expectations.ordered);
  if (result.type !== 'matrix') {
    return `expected ${expected.length} series, got a ${result.type} ${result.value}`;
  }
  const range = expectations.rangeVector ?? ('timeMs' in at ? undefined : at);
  if (range === undefined) return 'expected a vector, got a matrix';
  return checkMatrix(expected, result.series, range);
}

interface ExpectedSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

function checkVector(
  expected: readonly ExpectedSeries[],
  samples: readonly { readonly labels: Labels; readonly value: number }[],
  ordered: boolean,
): string | undefined {
  const found = new Map(samples.map((sample, index) => [sample.labels.key, { ...sample, index }]));
  if (found.size < samples.length) return `some of the series come twice: ${describeLabels(samples)}`;
  for (const [index, { labels, points }] of expected.entries()) {
    const sample = found.get(labels.key);
    if (sample === undefined) return `expected ${labels}, got ${describeLabels(samples)}`;
    if (ordered && sample.index !== index) {
      return `expected ${labels} at position ${index + 1}, got it at ${sample.index + 1}`;
    }
    const wanted = points[0];
    if (typeof wanted !== 'number' || !sameValue(sample.value, wanted)) {
      return `expected ${wanted} for ${labels}, got ${sample.value}`;
    }
    found.delete(labels.key);
  }
  const [extra] = found.values();
  return extra === undefined ? undefined : `unexpected ${extra.labels} ${extra.value}`;
}

function describeLabels(samples: readonly { readonly labels: Labels }[]): string {
  return samples.length === 0 ? 'nothing' : samples.map(({ labels }) => String(labels)).join(' ');
}

function checkMatrix(
  expected: readonly ExpectedSeries[],
  series: readonly MatrixSeries[],
  { startMs, stepMs }: { readonly startMs: number; readonly stepMs: number },
): string | undefined {
  for (let index = 1; index < series.length; index++) {
    if (Labels.compare(series[index - 1]!.labels, series[index]!.labels) >= 0)
      return 'series are not sorted by labels, or come twice';
  }
  const found = new Map(series.map((each) => [each.labels.key, each]));
  for (const { labels, points } of expected) {
    const wanted = new Map<number, number>();
    for (const [index, point] of points.entries()) {
      if (typeof point === 'number') wanted.set(startMs + index * stepMs, point);
    }
    const got = found.get(labels.key);
    found.delete(labels.key);
    if (got === undefined) {
      if (wanted.size === 0) continue;
      return `expected ${labels}, got ${describeLabels(series)}`;
    }
    for (const [index, time] of got.timestamps.entries()) {
      const want = wanted.get(time);
      const value = got.values[index]!;
      if (want === undefined) return `unexpected ${value} at ${time / 1000}s for ${labels}`;
      if (!sameValue(value, want)) return `expected ${want} at ${time / 1000}s for ${labels}, got ${value}`;
      wanted.delete(time);
    }
    const [missing] = wanted;
    if (missing !== undefined)
      return `expected ${missing[1]} at ${missing[0] / 1000}s for ${labels}, got none`;
  }
  const [extra] = found.values();
  return extra === undefined ? undefined : `unexpected ${extra.labels}`;
}

function sameValue(a: number, b: number): boolean {
  return almostEqual(a, b, 1e-6);
}

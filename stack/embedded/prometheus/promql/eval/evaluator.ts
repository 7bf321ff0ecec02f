/**
 * The evaluator: walks the tree and hands each kind of expression to its own file. Each expression is evaluated once
 * for all steps of the query; a selector asks the storage once. Above 300 lines for the one recursive `switch`.
 */
import { Labels } from '../../labels/labels.ts';
import { PromqlExecutionError } from '../errors.ts';
import type { CallExpr, Expr, MatrixSelector, SubqueryExpr, VectorSelector } from '../parser/ast.ts';
import { unwrapParens } from '../parser/ast.ts';
import { typeOf } from '../parser/check.ts';
import { absentLabels } from './absent-labels.ts';
import { aggregate } from './aggregate.ts';
import { binaryOperation } from './binary.ts';
import type { Block } from './block.ts';
import { BlockBuilder, countSamples, dropNames, hasDuplicates, isOneMetric, sameLabelset } from './block.ts';
import { callFunction } from './call.ts';
import type { QueryContext } from './context.ts';
import { resolveDuration } from './duration.ts';
import { isStepInvariant } from './invariance.ts';
import { warnQuantile } from './quantile.ts';
import { anchoredSafe, rangeFunctions, smoothedSafe } from './range-functions.ts';
import type { RangeSource } from './select.ts';
import { readInstant, readSmoothed, selectRange } from './select.ts';
import type { Steps } from './steps.ts';
import { firstStep, makeSteps } from './steps.ts';
import type { Window } from './window.ts';
import { firstAfter, resetsOf } from './window.ts';

/** An instant vector at every step, or a scalar at every step, or a string. */
export type Value =
  | { readonly type: 'vector'; readonly block: Block }
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly value: string };

/** Range functions that sort every window, rather than walk over it. */
const sorting = new Set(['quantile_over_time', 'mad_over_time']);

/** About how many samples a window of this length has. */
function windowSize(timestamps: Float64Array, rangeMs: number): number {
  const spanMs = timestamps.at(-1)! - timestamps[0]!;
  return spanMs > rangeMs ? (timestamps.length * rangeMs) / spanMs : timestamps.length;
}

export class Evaluator {
  readonly context: QueryContext;
  readonly steps: Steps;
  /** Samples read, by step. */
  readonly samplesRead: Float64Array;

  constructor(context: QueryContext, steps: Steps) {
    this.context = context;
    this.steps = steps;
    context.budget.checkCells(steps.count);
    context.budget.work(steps.count);
    this.samplesRead = new Float64Array(steps.count);
  }

  /** Evaluates what is neither a range vector nor, below the top level, a string. */
  evaluate(expr: Expr): Value {
    const { budget } = this.context;
    budget.check();
    if (this.steps.count > 1 && expr.kind !== 'number' && expr.kind !== 'string' && isStepInvariant(expr)) {
      return this.#evaluateOnce(expr);
    }
    const before = budget.held;
    const value = this.#dispatch(expr);
    const samples =
      value.type === 'vector' ? countSamples(value.block) : value.type === 'scalar' ? value.values.length : 0;
    budget.work(value.type === 'vector' ? value.block.values.length : samples);
    budget.check();
    budget.held = before;
    budget.hold(samples);
    return value;
  }

  vector(expr: Expr): Block {
    const value = this.evaluate(expr);
    if (value.type !== 'vector')
      throw new PromqlExecutionError(`expected an instant vector, got ${value.type}`);
    return value.block;
  }

  scalar(expr: Expr): Float64Array {
    const value = this.evaluate(expr);
    if (value.type !== 'scalar') throw new PromqlExecutionError(`expected a scalar, got ${value.type}`);
    return value.values;
  }

  text(expr: Expr | undefined): string {
    const inner = expr === undefined ? undefined : unwrapParens(expr);
    if (inner?.kind !== 'string') throw new PromqlExecutionError('expected a string literal');
    return inner.value;
  }

  timeAt(step: number): number {
    return this.steps.startMs + step * this.steps.stepMs;
  }

  /** The time that a selector's `@` means, or undefined when it follows the steps. */
  fixedTime(at: number | 'start' | 'end' | undefined): number | undefined {
    if (at === 'start') return this.context.queryStartMs;
    return at === 'end' ? this.context.queryEndMs : at;
  }

  #evaluateOnce(expr: Expr): Value {
    const once = new Evaluator(this.context, firstStep(this.steps));
    const value = once.evaluate(expr);
    const { count } = this.steps;
    for (let step = 0; step < count; step++) this.samplesRead[step]! += once.samplesRead[0]!;
    if (value.type === 'string') return value;
    if (value.type === 'scalar')
      return { type: 'scalar', values: new Float64Array(count).fill(value.values[0]!) };
    const { labels, dropName } = value.block;
    this.context.budget.checkCells(labels.length * count);
    this.context.budget.hold(labels.length * (count - 1));
    const values = new Float64Array(labels.length * count);
    const present = new Uint8Array(labels.length * count);
    for (let row = 0; row < labels.length; row++) {
      values.fill(value.block.values[row]!, row * count, (row + 1) * count);
      present.fill(value.block.present[row]!, row * count, (row + 1) * count);
    }
    return { type: 'vector', block: { steps: count, labels, dropName, values, present } };
  }

  #dispatch(expr: Expr): Value {
    switch (expr.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(this.steps.count).fill(expr.value) };
      case 'string':
        return { type: 'string', value: expr.value };
      case 'paren':
        return this.evaluate(expr.expr);
      case 'selector':
        return { type: 'vector', block: this.#selector(expr) };
      case 'unary':
        return this.#unary(expr.expr, expr.operator);
      case 'binary':
        return binaryOperation(this, expr);
      case 'aggregate':
        return { type: 'vector', block: aggregate(this, expr) };
      case 'call':
        return this.#call(expr);
      case 'matrix':
      case 'subquery':
        throw new PromqlExecutionError(`a ${typeOf(expr)} has no value at a step`);
    }
  }

  #unary(expr: Expr, operator: '+' | '-'): Value {
    const value = this.evaluate(expr);
    if (operator === '+' || value.type === 'string') return value;
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((number) => -number) };
    const block = { ...value.block, values: value.block.values.map((number) => -number) };
    return { type: 'vector', block: dropNames(block, this.context.delayedNameRemoval) };
  }

  #selector(expr: VectorSelector): Block {
    const offset = resolveDuration(expr.offset, this.context, true);
    return expr.smoothed
      ? readSmoothed(this, expr, offset, this.fixedTime(expr.at))
      : readInstant(this, expr, offset, this.fixedTime(expr.at));
  }

  #call(expr: CallExpr): Value {
    const rangeFunction = rangeFunctions.get(expr.name);
    if (rangeFunction === undefined) return callFunction(this, expr);
    return { type: 'vector', block: this.#callRange(expr, rangeFunction) };
  }

  /** Applies a range function: for each series, a window that slides over its samples. */
  #callRange(expr: CallExpr, rangeFunction: (window: Window) => number): Block {
    const { context, steps } = this;
    const { count } = steps;
    const args = expr.args.map(unwrapParens);
    const ranged = args.find((arg) => arg.kind === 'matrix' || arg.kind === 'subquery');
    if (ranged === undefined || (ranged.kind !== 'matrix' && ranged.kind !== 'subquery')) {
      throw new PromqlExecutionError(`expected a range vector in call to function "${expr.name}"`);
    }
    const scalars = args.filter((arg) => arg !== ranged).map((arg) => this.scalar(arg));
    const source = this.rangeSource(ranged);
    // Prometheus puts the evaluated subquery in the tree, and that has no position.
    const position = ranged.kind === 'subquery' ? 0 : ranged.start;
    this.#checkExtended(source, expr.name);
    if (expr.name === 'quantile_over_time' && source.series.length > 0) {
      this.#warnQuantiles(scalars[0]!, expr.args[0]!.start);
    }
    const keepsName = expr.name === 'last_over_time' || expr.name === 'first_over_time';
    const dropNow = !context.delayedNameRemoval && !keepsName;
    const isCounterFunction = expr.name === 'rate' || expr.name === 'increase';
    context.budget.checkCells(source.series.length * count);
    const perSample = sorting.has(expr.name) ? 2 : 1 / 8;
    const builder = new BlockBuilder(count, source.series.length);
    const window: Window = {
      timestamps: new Float64Array(0),
      values: new Float64Array(0),
      startTimestamps: undefined,
      low: 0,
      high: 0,
      timeMs: 0,
      rangeStart: 0,
      rangeEnd: 0,
      rangeMs: source.rangeMs,
      anchored: source.anchored,
      smoothed: source.smoothed,
      scalars: scalars.map(() => 0),
      absent: false,
      resets: [],
      nextReset: 0,
      overlap: false,
    };
    const before = source.anchored || source.smoothed ? context.lookbackMs : 0;
    const after = source.smoothed ? context.lookbackMs : 0;
    const read = this.samplesRead;
    const names: Labels[] = [];
    for (const [index, series] of source.series.entries()) {
      if ((index & 63) === 0) context.budget.check();
      const { timestamps } = series;
      context.budget.work(count * (1 + windowSize(timestamps, source.rangeMs) * perSample));
      window.timestamps = timestamps;
      window.values = series.values;
      window.startTimestamps = context.startTimestamps ? series.startTimestamps : undefined;
      window.overlap = false;
      if (isCounterFunction) {
        window.resets = resetsOf(series.values);
        window.nextReset = 0;
      }
      const offset = builder.add(
        dropNow ? series.labels.withoutName() : series.labels,
        (!keepsName && !dropNow) || source.dropName?.[index] === true,
      );
      const { values, present } = builder;
      let low = 0;
      let high = 0;
      let any = 0;
      let widest = 0;
      for (let step = 0; step < count; step++) {
        const time = steps.startMs + step * steps.stepMs;
        const rangeEnd = (source.at ?? time) - source.offsetMs;
        const rangeStart = rangeEnd - source.rangeMs;
        const minimum = rangeStart - before;
        const maximum = rangeEnd + after;
        // Short moves by hand, long ones by halving.
        while (low < timestamps.length && timestamps[low]! <= minimum) low++;
        if (high < low) high = low;
        if (high < timestamps.length && timestamps[high]! <= maximum) {
          high =
            timestamps[Math.min(high + 8, timestamps.length - 1)]! > maximum
              ? firstAfter(timestamps, maximum, high, Math.min(high + 8, timestamps.length))
              : firstAfter(timestamps, maximum, high, timestamps.length);
        }
        const size = high - low;
        if (size === 0) continue;
        read[step]! += size;
        if (size > widest) widest = size;
        window.low = low;
        window.high = high;
        window.timeMs = time;
        window.rangeStart = rangeStart;
        window.rangeEnd = rangeEnd;
        for (let scalar = 0; scalar < scalars.length; scalar++)
          window.scalars[scalar] = scalars[scalar]![step]!;
        window.absent = false;
        const result = rangeFunction(window);
        if (window.absent) continue;
        values[offset + step] = result;
        present[offset + step] = 1;
        any++;
      }
      if (window.overlap) {
        context.annotations.warn(
          `overlapping start timestamps detected for metric name "${series.labels.get('__name__')}"`,
          position,
        );
      }
      if (any === 0) {
        builder.drop();
        continue;
      }
      context.budget.hold(widest);
      context.budget.held += any - widest;
      names.push(series.labels);
      if (isCounterFunction) this.#warnNonCounter(series.labels, position);
    }
    const block = builder.build();
    if (expr.name === 'absent_over_time') return this.#absentOverTime(block, ranged);
    if (!context.delayedNameRemoval && !isOneMetric(names) && hasDuplicates(block.labels)) {
      throw new PromqlExecutionError(sameLabelset);
    }
    return block;
  }

  #checkExtended(source: RangeSource, name: string): void {
    if (source.anchored && !anchoredSafe.includes(name)) {
      throw new PromqlExecutionError(
        `anchored modifier can only be used with: ${anchoredSafe.join(', ')} - not with ${name}`,
      );
    }
    if (source.smoothed && !smoothedSafe.includes(name)) {
      throw new PromqlExecutionError(
        `smoothed modifier can only be used with: ${smoothedSafe.join(', ')} - not with ${name}`,
      );
    }
  }

  #warnQuantiles(values: Float64Array, position: number): void {
    for (const q of values) warnQuantile(this.context, q, position);
  }

  #warnNonCounter(labels: Labels, position: number): void {
    const name = labels.get('__name__');
    if (name === '' || /_(?:total|sum|count|bucket)$/.test(name)) return;
    this.context.annotations.info(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "${name}"`,
      position,
    );
  }

  #absentOverTime(block: Block, ranged: MatrixSelector | SubqueryExpr): Block {
    const { count } = this.steps;
    const builder = new BlockBuilder(count, 1);
    const offset = builder.add(ranged.kind === 'matrix' ? absentLabels(ranged.selector) : Labels.empty);
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

  /** The series of a range vector over all steps: read from the storage, or the steps of a subquery. */
  rangeSource(expr: MatrixSelector | SubqueryExpr): RangeSource {
    const rangeMs = resolveDuration(expr.range, this.context, false);
    if (expr.kind === 'matrix') {
      const offsetMs = resolveDuration(expr.selector.offset, this.context, true);
      return selectRange(this, expr.selector, rangeMs, offsetMs, this.fixedTime(expr.selector.at));
    }
    return this.#subquery(expr, rangeMs);
  }

  #subquery(expr: SubqueryExpr, rangeMs: number): RangeSource {
    const { context, steps } = this;
    const offsetMs = resolveDuration(expr.offset, context, true);
    const at = this.fixedTime(expr.at);
    const written = resolveDuration(expr.step, context, expr.step === 0);
    const stepMs = written === 0 ? context.subqueryStepMs : written;
    const from = (at ?? steps.startMs) - offsetMs - rangeMs;
    const to = (at ?? steps.endMs) - offsetMs;
    // The first multiple of the step after the (open) start of the range.
    let start = stepMs * Math.trunc(from / stepMs);
    if (start <= from) start += stepMs;
    const inner = new Evaluator(context, makeSteps(start, to, stepMs));
    const common = { rangeMs, offsetMs, at, anchored: false, smoothed: false };
    if (inner.steps.count === 0) return { ...common, series: [] };
    const value = inner.evaluate(expr.expr);
    if (value.type !== 'vector') throw new PromqlExecutionError(`subquery is only allowed on instant vector`);
    const { block } = value;
    const { count } = inner.steps;
    const series = block.labels.map((labels, row) => {
      const offset = row * count;
      let size = 0;
      for (let step = 0; step < count; step++) size += block.present[offset + step]!;
      const timestamps = new Float64Array(size);
      const values = new Float64Array(size);
      let next = 0;
      for (let step = 0; step < count; step++) {
        if (block.present[offset + step] === 0) continue;
        timestamps[next] = start + step * stepMs;
        values[next] = block.values[offset + step]!;
        next++;
      }
      return { labels, timestamps, values };
    });
    return { ...common, series, dropName: block.dropName };
  }
}

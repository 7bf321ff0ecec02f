import type { Labels } from '../../labels/labels.ts';
import { createMatcher } from '../../labels/matcher.ts';
import type { Matcher } from '../../storage/queryable.ts';
import { PromqlExecutionError } from '../errors.ts';
import type { Expr } from '../parser/ast.ts';
import type { Block } from './block.ts';
import { BlockBuilder, mergeRows, withoutEmptyRows } from './block.ts';
import { resolveDuration } from './duration.ts';
import type { Evaluator, Value } from './evaluator.ts';
import { readSeries } from './select.ts';

/** The labels that say which info series belongs to which series. */
const identifying = new Set(['instance', 'job']);

/**
 * `info(v, {selector})`: adds to each series the data labels of the info series (`target_info` unless the selector
 * names others) with the same instance and job.
 */
export function info(evaluator: Evaluator, args: readonly Expr[]): Value {
  const base = evaluator.vector(args[0]!);
  const selector = args[1]?.kind === 'selector' ? args[1].matchers : [];
  const given = selector.filter((matcher) => matcher.name === '__name__');
  const nameMatchers = args[1] === undefined ? [createMatcher('__name__', '=', 'target_info')] : given;
  const dataMatchers = new Map<string, Matcher[]>();
  for (const matcher of selector) {
    if (matcher.name === '__name__') continue;
    dataMatchers.set(matcher.name, [...(dataMatchers.get(matcher.name) ?? []), matcher]);
  }
  // Info series are not enriched themselves. Matchers that only exclude names say nothing of what an info series is.
  const positive = nameMatchers.some(({ operator }) => operator === '=' || operator === '=~');
  const isInfo = base.labels.map(
    (labels) => positive && nameMatchers.every((matcher) => matcher.matches(labels.get('__name__'))),
  );
  const infos = readInfo(evaluator, args[0]!, base, isInfo, selector, given);
  return { type: 'vector', block: combine(base, isInfo, infos, dataMatchers) };
}

/** The info series that may fit, with the times of their samples (in ms) for values. */
function readInfo(
  evaluator: Evaluator,
  expr: Expr,
  base: Block,
  isInfo: readonly boolean[],
  selector: readonly Matcher[],
  names: readonly Matcher[],
): Block {
  const { context, steps } = evaluator;
  const wanted = new Map<string, Set<string>>();
  for (const [row, labels] of base.labels.entries()) {
    if (isInfo[row] === true) continue;
    for (const name of identifying) {
      const value = labels.get(name);
      if (value !== '') wanted.set(name, (wanted.get(name) ?? new Set()).add(value));
    }
  }
  if (wanted.size === 0) return new BlockBuilder(steps.count, 0).build();
  const matchers: Matcher[] = [];
  if (names.length === 0) matchers.push(createMatcher('__name__', '=', 'target_info'));
  else if (names.every(({ operator }) => operator.startsWith('!'))) {
    matchers.push(createMatcher('__name__', '=~', '.+_info'));
  }
  for (const [name, values] of wanted) {
    const pattern = [...values].map((value) => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|');
    matchers.push({ name, operator: '=~', value: pattern, matches: (value) => values.has(value) });
  }
  matchers.push(...selector);
  const source = firstSelector(expr);
  const at = source === undefined ? undefined : evaluator.fixedTime(source.at);
  const offset = source === undefined ? 0 : resolveDuration(source.offset, context, true);
  const first = (at ?? steps.startMs) - offset - context.lookbackMs + 1;
  const last = (at ?? steps.endMs) - offset;
  const found = context.queryable.select(matchers, first, last, context.budget.read);
  return readSeries(evaluator, found, 0, undefined, 'time-ms');
}

function firstSelector(expr: Expr): Extract<Expr, { kind: 'selector' }> | undefined {
  switch (expr.kind) {
    case 'selector':
      return expr;
    case 'matrix':
      return expr.selector;
    case 'paren':
    case 'unary':
    case 'subquery':
      return firstSelector(expr.expr);
    case 'aggregate':
      return firstSelector(expr.expr) ?? (expr.param === undefined ? undefined : firstSelector(expr.param));
    case 'binary':
      return firstSelector(expr.left) ?? firstSelector(expr.right);
    case 'call':
      for (const arg of expr.args) {
        const found = firstSelector(arg);
        if (found !== undefined) return found;
      }
      return undefined;
    case 'number':
    case 'string':
      return undefined;
  }
}

function combine(
  base: Block,
  isInfo: readonly boolean[],
  infos: Block,
  dataMatchers: ReadonlyMap<string, readonly Matcher[]>,
): Block {
  const { steps } = base;
  const signature = (name: string, labels: Labels): string => `${name}\u0000${labels.keep(identifying).key}`;
  const infoSignatures = infos.labels.map((labels) => signature(labels.get('__name__'), labels));
  const infoNames = [...new Set(infos.labels.map((labels) => labels.get('__name__')))];
  const baseSignatures = base.labels.map((labels) => infoNames.map((name) => signature(name, labels)));
  const mayBeAbsent = [...dataMatchers.values()].every((matchers) =>
    matchers.every((matcher) => matcher.matches('')),
  );
  const builder = new BlockBuilder(steps, base.labels.length);
  const offsets = new Map<string, number>();
  for (let step = 0; step < steps; step++) {
    const newest = newestInfos(infos, infoSignatures, step);
    for (const [row, labels] of base.labels.entries()) {
      if (base.present[row * steps + step] === 0) continue;
      const rows: number[] = [];
      if (isInfo[row] !== true) {
        for (const text of baseSignatures[row]!) {
          const found = newest.get(text);
          if (found !== undefined) rows.push(found);
        }
        if (rows.length === 0 && !mayBeAbsent) continue;
      }
      const key = `${row}:${rows.join(',')}`;
      let offset = offsets.get(key);
      if (offset === undefined) {
        const data = rows.map((each) => infos.labels[each]!);
        offset = builder.add(enriched(labels, data, dataMatchers), base.dropName[row]);
        offsets.set(key, offset);
      }
      builder.values[offset + step] = base.values[row * steps + step]!;
      builder.present[offset + step] = 1;
    }
  }
  return withoutEmptyRows(mergeRows(builder.build()));
}

/** For each signature the info row with the newest sample at the step. */
function newestInfos(infos: Block, signatures: readonly string[], step: number): Map<string, number> {
  const { steps } = infos;
  const newest = new Map<string, number>();
  for (const [row, text] of signatures.entries()) {
    if (infos.present[row * steps + step] === 0) continue;
    const other = newest.get(text);
    const time = infos.values[row * steps + step]!;
    const otherTime = other === undefined ? Number.NEGATIVE_INFINITY : infos.values[other * steps + step]!;
    if (time === otherTime) {
      throw new PromqlExecutionError(
        `found duplicate series for info metric: existing ${infos.labels[other!]} @ ${otherTime}, ` +
          `new ${infos.labels[row]} @ ${time}`,
      );
    }
    if (time > otherTime) newest.set(text, row);
  }
  return newest;
}

function enriched(
  labels: Labels,
  infos: readonly Labels[],
  dataMatchers: ReadonlyMap<string, readonly Matcher[]>,
): Labels {
  const added = new Map<string, string>();
  for (const data of infos) {
    for (const [name, value] of data.pairs) {
      if (name === '__name__' || (dataMatchers.size > 0 && !dataMatchers.has(name))) continue;
      const other = added.get(name);
      if (other !== undefined && other !== value)
        throw new PromqlExecutionError(`conflicting label: ${name}`);
      if (!labels.has(name)) added.set(name, value);
    }
  }
  let result = labels;
  for (const [name, value] of added) result = result.with(name, value);
  return result;
}

import type { Labels } from '../../labels/labels.ts';
import { PromqlExecutionError } from '../errors.ts';
import type { BinaryExpr, VectorMatching } from '../parser/ast.ts';
import { arithmetic, changesMetric, comparison } from './arithmetic.ts';
import type { Block } from './block.ts';
import { BlockBuilder, mergeRows, withoutEmptyRows } from './block.ts';
import type { QueryContext } from './context.ts';
import { signatureOf } from './grouping.ts';

/**
 * An operation between two vectors. The sides' signatures and the result's labels do not depend on the step, so they
 * are computed once for each series or pair; the steps then only look up numbers.
 */
export function matchVectors(context: QueryContext, expr: BinaryExpr, left: Block, right: Block): Block {
  const { operator, matching, returnBool } = expr;
  // One-to-many is many-to-one with the sides swapped; the fill values are not, as in Prometheus.
  const swapped = matching.card === 'one-to-many';
  const many = swapped ? right : left;
  const one = swapped ? left : right;
  const { steps } = left;
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (many.labels.length === 0 && one.labels.length === 0) return many;
  if (!filled && (many.labels.length === 0 || one.labels.length === 0)) return emptyLike(steps);

  const names = new Set(matching.labels);
  const numbers = new Map<string, number>();
  const number = (labels: Labels): number => {
    const key = signatureOf(labels, names, matching.on);
    let found = numbers.get(key);
    if (found === undefined) {
      found = numbers.size;
      numbers.set(key, found);
    }
    return found;
  };
  const ofMany = Int32Array.from(many.labels, number);
  const ofOne = Int32Array.from(one.labels, number);
  const compute = arithmetic[operator];
  const compare = comparison[operator];
  const dropNow = returnBool && !context.delayedNameRemoval;
  const builder = new BlockBuilder(steps, many.labels.length);
  const offsets = new Map<number, number>();
  const resultKeys = new Map<number, string>();

  /** The output row of a pair; -1 stands for a filled side. */
  const pairOf = (manyRow: number, oneRow: number): number =>
    (manyRow + 1) * (one.labels.length + 1) + oneRow + 1;
  const labelsOf = (manyRow: number, oneRow: number): Labels => {
    const manyLabels =
      manyRow < 0 ? matchLabels(one.labels[oneRow]!, matching, names) : many.labels[manyRow]!;
    const oneLabels = oneRow < 0 ? matchLabels(many.labels[manyRow]!, matching, names) : one.labels[oneRow]!;
    const result = resultLabels(manyLabels, oneLabels, expr, names);
    return dropNow ? result.withoutName() : result;
  };
  const offsetOf = (manyRow: number, oneRow: number): number => {
    const pair = pairOf(manyRow, oneRow);
    let offset = offsets.get(pair);
    if (offset === undefined) {
      offset = builder.add(labelsOf(manyRow, oneRow), returnBool);
      offsets.set(pair, offset);
    }
    return offset;
  };
  const keyOf = (manyRow: number, oneRow: number): string => {
    const pair = pairOf(manyRow, oneRow);
    let key = resultKeys.get(pair);
    if (key === undefined) {
      key = labelsOf(manyRow, oneRow).key;
      resultKeys.set(pair, key);
    }
    return key;
  };

  /** The row of the one side for each signature at the current step, or -1. */
  const oneRows = new Int32Array(numbers.size);
  const matched = new Uint8Array(numbers.size);
  // Several rows of the many side with one signature may yield the same labels; only then is it worth looking.
  const mayClash = matching.card !== 'one-to-one' && new Set(ofMany).size < ofMany.length;
  const taken = new Map<number, Set<string>>();

  for (let step = 0; step < steps; step++) {
    if ((step & 63) === 0) context.budget.check();
    oneRows.fill(-1);
    matched.fill(0);
    if (mayClash) taken.clear();
    let anyMany = filled;
    for (let row = 0; row < ofMany.length && !anyMany; row++)
      anyMany = many.present[row * steps + step] === 1;
    if (!anyMany) continue;
    for (let row = 0; row < ofOne.length; row++) {
      if (one.present[row * steps + step] === 0) continue;
      const signature = ofOne[row]!;
      const other = oneRows[signature]!;
      if (other >= 0) {
        const side = swapped ? 'left' : 'right';
        const group = matchLabels(one.labels[row]!, matching, names);
        throw new PromqlExecutionError(
          `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
            `[${one.labels[row]}, ${one.labels[other]}];many-to-many matching not allowed: ` +
            'matching labels must be unique on one side',
        );
      }
      oneRows[signature] = row;
    }
    const apply = (
      manyRow: number,
      oneRow: number,
      signature: number,
      manyValue: number,
      oneValue: number,
    ): void => {
      const a = swapped ? oneValue : manyValue;
      const b = swapped ? manyValue : oneValue;
      if (matching.card === 'one-to-one') {
        if (matched[signature] === 1) {
          throw new PromqlExecutionError(
            'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
          );
        }
      } else if (mayClash) {
        const key = keyOf(manyRow, oneRow);
        const keys = taken.get(signature);
        if (keys === undefined) taken.set(signature, new Set([key]));
        else if (keys.has(key)) {
          throw new PromqlExecutionError(
            'multiple matches for labels: grouping labels must ensure unique matches',
          );
        } else keys.add(key);
      }
      matched[signature] = 1;
      const holds = compare === undefined || compare(a, b);
      if (!holds && !returnBool) return;
      const offset = offsetOf(manyRow, oneRow);
      builder.values[offset + step] = returnBool
        ? holds
          ? 1
          : 0
        : compute === undefined
          ? a
          : compute(a, b);
      builder.present[offset + step] = 1;
    };
    for (let row = 0; row < ofMany.length; row++) {
      if (many.present[row * steps + step] === 0) continue;
      const signature = ofMany[row]!;
      const oneRow = oneRows[signature]!;
      const value = many.values[row * steps + step]!;
      if (oneRow >= 0) apply(row, oneRow, signature, value, one.values[oneRow * steps + step]!);
      else if (matching.fillRight !== undefined) apply(row, -1, signature, value, matching.fillRight);
    }
    if (matching.fillLeft === undefined) continue;
    for (let row = 0; row < ofOne.length; row++) {
      const signature = ofOne[row]!;
      if (one.present[row * steps + step] === 0 || matched[signature] === 1) continue;
      apply(-1, row, signature, matching.fillLeft, one.values[row * steps + step]!);
    }
  }
  return withoutEmptyRows(mergeRows(builder.build()));
}

function emptyLike(steps: number): Block {
  return new BlockBuilder(steps, 0).build();
}

/** The labels that the matching compares. */
function matchLabels(labels: Labels, matching: VectorMatching, names: ReadonlySet<string>): Labels {
  return matching.on ? labels.keep(names) : labels.without(new Set([...names, '__name__']));
}

function resultLabels(many: Labels, one: Labels, expr: BinaryExpr, names: ReadonlySet<string>): Labels {
  const { matching } = expr;
  let result = changesMetric(expr.operator) ? many.withoutName() : many;
  if (matching.card === 'one-to-one') result = matching.on ? result.keep(names) : result.without(names);
  for (const label of matching.include) result = result.with(label, one.get(label));
  return result;
}

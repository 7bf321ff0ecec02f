import { formatLabels } from '../ingest/stream-labels.ts';
import type { BinaryOperation, VectorMatching } from '../logql/ast.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { QueryError } from './query-error.ts';
import { type Labels, labelsKey, newSeries, type Series } from './series.ts';

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
};

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  // Loki answers NaN where Prometheus answers infinity.
  '/': (left, right) => (right === 0 ? Number.NaN : left / right),
  '%': (left, right) => (right === 0 ? Number.NaN : left % right),
  '^': (left, right) => left ** right,
};

/** Applies an operator; undefined means that a comparison filtered the value out. `kept` is what it lets through. */
export function applyOperator(
  operator: string,
  left: number,
  right: number,
  returnBool: boolean,
  kept: number,
): number | undefined {
  const compare = comparisons[operator];
  if (compare === undefined) return arithmetic[operator]!(left, right);
  const holds = compare(left, right);
  if (returnBool) return holds ? 1 : 0;
  return holds ? kept : undefined;
}

/** A vector with a number on one side. */
export function vectorWithScalar(
  { operator, returnBool }: BinaryOperation,
  vector: readonly Series[],
  scalar: number,
  scalarIsLeft: boolean,
  steps: number,
): Series[] {
  const result = vector.map((series) => {
    const mapped = newSeries(series.labels, steps);
    for (let step = 0; step < steps; step++) {
      if (series.present[step] !== 1) continue;
      const value = series.values[step]!;
      const computed = scalarIsLeft
        ? applyOperator(operator, scalar, value, returnBool, value)
        : applyOperator(operator, value, scalar, returnBool, value);
      if (computed === undefined) continue;
      mapped.values[step] = computed;
      mapped.present[step] = 1;
    }
    return mapped;
  });
  return result.filter(({ present }) => present.includes(1));
}

function signature(labels: Labels, { on, labels: names }: VectorMatching): string {
  return labelsKey(labels.filter(([name]) => names.includes(name) === on));
}

/** Two vectors, matched by labels at every step. */
export function vectorWithVector(
  { operator, returnBool, matching }: BinaryOperation,
  left: readonly Series[],
  right: readonly Series[],
  steps: number,
): Series[] {
  if (operator === 'and' || operator === 'unless' || operator === 'or') {
    return setOperation(operator, left, right, matching, steps);
  }
  const swapped = matching.cardinality === 'one-to-many';
  const many = swapped ? right : left;
  const one = swapped ? left : right;
  const manySignatures = many.map(({ labels }) => signature(labels, matching));
  const oneSignatures = one.map(({ labels }) => signature(labels, matching));
  const result = new Map<string, Series>();
  for (let step = 0; step < steps; step++) {
    const bySignature = new Map<string, Series>();
    one.forEach((series, index) => {
      if (series.present[step] !== 1) return;
      const key = oneSignatures[index]!;
      const before = bySignature.get(key);
      if (before !== undefined) {
        const group = before.labels.filter(([name]) => matching.labels.includes(name) === matching.on);
        throw new QueryError(
          400,
          `found duplicate series on the ${swapped ? 'left' : 'right'} hand-side\n` +
            `for the match group ${formatLabels(group)} on the ${swapped ? 'left' : 'right'} hand-side of the ` +
            `operation: [${formatLabels(series.labels)}, ${formatLabels(before.labels)}];` +
            'many-to-many matching not allowed: matching labels must be unique on one side',
        );
      }
      bySignature.set(key, series);
    });
    const used = new Set<string>();
    many.forEach((series, index) => {
      if (series.present[step] !== 1) return;
      const partner = bySignature.get(manySignatures[index]!);
      if (partner === undefined) return;
      const [first, second] = swapped ? [partner, series] : [series, partner];
      const value = applyOperator(
        operator,
        first.values[step]!,
        second.values[step]!,
        returnBool,
        first.values[step]!,
      );
      const labels = resultLabels(series.labels, partner.labels, matching);
      const key = labelsKey(labels);
      const unique = matching.cardinality === 'one-to-one' ? manySignatures[index]! : key;
      if (used.has(unique)) {
        throw new QueryError(
          400,
          matching.cardinality === 'one-to-one'
            ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
            : 'multiple matches for labels: grouping labels must ensure unique matches',
        );
      }
      used.add(unique);
      if (value === undefined) return;
      const target = getOrCreate(result, key, () => newSeries(labels, steps));
      target.values[step] = value;
      target.present[step] = 1;
    });
  }
  return [...result.values()];
}

function resultLabels(many: Labels, one: Labels, matching: VectorMatching): Labels {
  if (matching.cardinality === 'one-to-one') {
    return many.filter(([name]) => matching.labels.includes(name) === matching.on);
  }
  const labels = new Map(many);
  const others = new Map(one);
  for (const name of matching.include) {
    const value = others.get(name);
    if (value === undefined) labels.delete(name);
    else labels.set(name, value);
  }
  return [...labels].sort((left, right) => (left[0] < right[0] ? -1 : 1));
}

function setOperation(
  operator: 'and' | 'unless' | 'or',
  left: readonly Series[],
  right: readonly Series[],
  matching: VectorMatching,
  steps: number,
): Series[] {
  const leftSignatures = left.map(({ labels }) => signature(labels, matching));
  const rightSignatures = right.map(({ labels }) => signature(labels, matching));
  const result = new Map<string, Series>();
  const take = (series: Series, step: number): void => {
    const key = labelsKey(series.labels);
    const target = getOrCreate(result, key, () => newSeries(series.labels, steps));
    target.values[step] = series.values[step]!;
    target.present[step] = 1;
  };
  for (let step = 0; step < steps; step++) {
    const [others, otherSignatures] = operator === 'or' ? [left, leftSignatures] : [right, rightSignatures];
    const seen = new Set<string>();
    others.forEach((series, index) => {
      if (series.present[step] === 1) seen.add(otherSignatures[index]!);
    });
    left.forEach((series, index) => {
      if (series.present[step] !== 1) return;
      if (operator === 'or' || seen.has(leftSignatures[index]!) === (operator === 'and')) take(series, step);
    });
    if (operator !== 'or') continue;
    right.forEach((series, index) => {
      if (series.present[step] === 1 && !seen.has(rightSignatures[index]!)) take(series, step);
    });
  }
  return [...result.values()];
}

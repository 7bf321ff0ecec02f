import type { SetOperator, VectorMatching } from '../parser/ast.ts';
import type { Block } from './block.ts';
import { mergeRows, withoutEmptyRows } from './block.ts';
import { signatureOf } from './grouping.ts';

/** `and`, `unless` and `or`: which samples stay depends on whether the other side has one with the same signature. */
export function setOperation(
  operator: SetOperator,
  matching: VectorMatching,
  left: Block,
  right: Block,
): Block {
  const { steps } = left;
  const numbers = new Map<string, number>();
  const names = new Set(matching.labels);
  const number = (block: Block): Int32Array =>
    Int32Array.from(block.labels, (labels) => {
      const key = signatureOf(labels, names, matching.on);
      let found = numbers.get(key);
      if (found === undefined) {
        found = numbers.size;
        numbers.set(key, found);
      }
      return found;
    });
  const ofLeft = number(left);
  const ofRight = number(right);
  if (operator === 'or') {
    const seen = signaturesPresent(left, ofLeft, numbers.size);
    const rest = filtered(right, ofRight, seen, false);
    return withoutEmptyRows(mergeRows(concatenate(left, rest)));
  }
  const seen = signaturesPresent(right, ofRight, numbers.size);
  const result = filtered(left, ofLeft, seen, operator === 'and');
  return withoutEmptyRows({ ...result, steps });
}

function signaturesPresent(block: Block, numbers: Int32Array, count: number): Uint8Array {
  const { steps, present } = block;
  const seen = new Uint8Array(count * steps);
  for (let row = 0; row < numbers.length; row++) {
    const to = numbers[row]! * steps;
    for (let step = 0; step < steps; step++) seen[to + step]! |= present[row * steps + step]!;
  }
  return seen;
}

function filtered(block: Block, numbers: Int32Array, seen: Uint8Array, wanted: boolean): Block {
  const { steps } = block;
  const flip = wanted ? 0 : 1;
  const present = new Uint8Array(block.present.length);
  for (let row = 0; row < numbers.length; row++) {
    const from = numbers[row]! * steps;
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step;
      present[at] = block.present[at]! & (seen[from + step]! ^ flip);
    }
  }
  return { ...block, present };
}

function concatenate(a: Block, b: Block): Block {
  const values = new Float64Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  const present = new Uint8Array(values.length);
  present.set(a.present);
  present.set(b.present, a.present.length);
  return {
    steps: a.steps,
    labels: [...a.labels, ...b.labels],
    dropName: [...a.dropName, ...b.dropName],
    values,
    present,
  };
}

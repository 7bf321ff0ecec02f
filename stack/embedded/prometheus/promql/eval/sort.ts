import { Labels } from '../../labels/labels.ts';
import type { Block } from './block.ts';

/** The rows of a block of one step in the order of their values, NaN last either way. */
export function sortByValue(block: Block, descending: boolean): Block {
  const { values } = block;
  return reordered(block, (a, b) => {
    const left = values[a]!;
    const right = values[b]!;
    if (Number.isNaN(left) || Number.isNaN(right))
      return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    if (left === right) return 0;
    return left < right === descending ? 1 : -1;
  });
}

/** The rows in the natural order of some labels, then of all. */
export function sortByLabel(block: Block, names: readonly string[], descending: boolean): Block {
  const { labels } = block;
  const sign = descending ? -1 : 1;
  return reordered(block, (a, b) => {
    for (const name of names) {
      const left = labels[a]!.get(name);
      const right = labels[b]!.get(name);
      if (left !== right) return naturalCompare(left, right) * sign;
    }
    return Labels.compare(labels[a]!, labels[b]!) * sign;
  });
}

function reordered(block: Block, compare: (a: number, b: number) => number): Block {
  const rows = block.labels.map((_, row) => row).sort(compare);
  return {
    steps: block.steps,
    labels: rows.map((row) => block.labels[row]!),
    dropName: rows.map((row) => block.dropName[row]!),
    values: Float64Array.from(rows, (row) => block.values[row]!),
    present: Uint8Array.from(rows, (row) => block.present[row]!),
  };
}

/** Runs of digits compare as numbers, as in github.com/facette/natsort. */
export function naturalCompare(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const bothDigits = /^\d/.test(part) && /^\d/.test(other);
    if (!bothDigits) return part < other ? -1 : 1;
    const difference = BigInt(part) - BigInt(other);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    return part.length < other.length ? -1 : 1;
  }
  return left.length - right.length;
}

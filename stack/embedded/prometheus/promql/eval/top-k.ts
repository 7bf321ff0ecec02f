import type { AggregationOperator } from '../parser/ast.ts';
import type { Block } from './block.ts';
import { BlockBuilder } from './block.ts';
import type { Grouping } from './grouping.ts';
import { labelsHashRatio } from './labels-hash.ts';

/** Keeps, at each step, the rows that the operator picks of each group. At a single step they come in its order. */
export function pickRows(
  operator: AggregationOperator,
  input: Block,
  param: Float64Array,
  { ofRow, firstRow }: Grouping,
): Block {
  const { steps, labels } = input;
  const rows = labels.length;
  const ratios = operator === 'limit_ratio' ? labels.map(labelsHashRatio) : [];
  const picked: number[][] = Array.from({ length: firstRow.length }, () => []);
  const builder = new BlockBuilder(steps, rows);
  const offsets = new Int32Array(rows).fill(-1);
  for (let step = 0; step < steps; step++) {
    for (const group of picked) group.length = 0;
    const k = Math.min(Math.trunc(param[step]!), rows);
    const ratio = Math.max(-1, Math.min(1, param[step]!));
    if (operator === 'limit_ratio' ? ratio === 0 : k < 1) continue;
    const value = (row: number): number => input.values[row * steps + step]!;
    const heap = operator === 'topk' ? topHeap(value) : bottomHeap(value);
    for (let row = 0; row < rows; row++) {
      if (input.present[row * steps + step] === 0) continue;
      const group = picked[ofRow[row]!]!;
      if (operator === 'limit_ratio') {
        const offset = ratios[row]!;
        if (ratio >= 0 ? offset < ratio : offset >= 1 + ratio) group.push(row);
      } else if (operator === 'limitk') {
        if (group.length < k) group.push(row);
      } else heap.offer(group, row, k);
    }
    for (const group of picked) {
      if (operator === 'topk' || operator === 'bottomk') heap.sort(group);
      for (const row of group) {
        let offset = offsets[row]!;
        if (offset < 0) {
          offset = builder.add(labels[row]!, input.dropName[row]);
          offsets[row] = offset;
        }
        builder.values[offset + step] = value(row);
        builder.present[offset + step] = 1;
      }
    }
  }
  return builder.build();
}

/**
 * The k best rows in a binary heap with the worst on top. The moves are those of Go's container/heap, so that among
 * equal values the same rows are kept as in Prometheus.
 */
interface Heap {
  offer(heap: number[], row: number, k: number): void;
  /** Best first. */
  sort(heap: number[]): void;
}

function topHeap(value: (row: number) => number): Heap {
  return makeHeap(
    (a, b) => Number.isNaN(value(a)) || value(a) < value(b),
    (top, row) => value(top) < value(row) || (Number.isNaN(value(top)) && !Number.isNaN(value(row))),
  );
}

function bottomHeap(value: (row: number) => number): Heap {
  return makeHeap(
    (a, b) => Number.isNaN(value(a)) || value(a) > value(b),
    (top, row) => value(top) > value(row) || (Number.isNaN(value(top)) && !Number.isNaN(value(row))),
  );
}

function makeHeap(
  less: (a: number, b: number) => boolean,
  beats: (top: number, row: number) => boolean,
): Heap {
  const swap = (heap: number[], i: number, j: number): void => {
    const row = heap[i]!;
    heap[i] = heap[j]!;
    heap[j] = row;
  };
  return {
    offer(heap, row, k) {
      if (heap.length < k) {
        heap.push(row);
        for (let child = heap.length - 1; child > 0; ) {
          const parent = (child - 1) >> 1;
          if (!less(heap[child]!, heap[parent]!)) break;
          swap(heap, parent, child);
          child = parent;
        }
        return;
      }
      if (!beats(heap[0]!, row)) return;
      heap[0] = row;
      for (let parent = 0; ; ) {
        let child = 2 * parent + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && less(heap[child + 1]!, heap[child]!)) child++;
        if (!less(heap[child]!, heap[parent]!)) break;
        swap(heap, parent, child);
        parent = child;
      }
    },
    sort(heap) {
      // A stable sort: what Go's does for up to twelve elements.
      heap.sort((a, b) => {
        const better = less(b, a);
        return better === less(a, b) ? 0 : better ? -1 : 1;
      });
    },
  };
}

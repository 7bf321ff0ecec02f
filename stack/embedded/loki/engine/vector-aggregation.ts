import type { VectorAggregation } from '../logql/ast.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { compareLabels, groupLabels, type Labels, labelsKey, newSeries, type Series } from './series.ts';

/** Aggregates series by their groups, at every step. */
export function aggregateVector(
  { operation, parameter, grouping }: Pick<VectorAggregation, 'operation' | 'parameter' | 'grouping'>,
  input: readonly Series[],
  steps: number,
): Series[] {
  if (operation === 'sort' || operation === 'sort_desc') return [...input];
  const groups = new Map<string, { labels: Labels; members: Series[] }>();
  for (const series of input) {
    const labels = groupLabels(series.labels, grouping);
    const key = labelsKey(labels);
    const group = getOrCreate(groups, key, () => ({ labels, members: [] }));
    group.members.push(series);
  }
  const result: Series[] = [];
  for (const { labels, members } of groups.values()) {
    if (operation === 'topk' || operation === 'bottomk')
      result.push(...extremes(operation, parameter, members, steps));
    else result.push(combine(operation, labels, members, steps));
  }
  return result.sort((left, right) => compareLabels(left.labels, right.labels));
}

function combine(operation: string, labels: Labels, members: readonly Series[], steps: number): Series {
  const result = newSeries(labels, steps);
  for (let step = 0; step < steps; step++) {
    let count = 0;
    let value = 0;
    let mean = 0;
    let squares = 0;
    for (const member of members) {
      if (member.present[step] !== 1) continue;
      const sample = member.values[step]!;
      count++;
      if (operation === 'sum') value += sample;
      else if (operation === 'max') {
        if (count === 1 || value < sample || Number.isNaN(value)) value = sample;
      } else if (operation === 'min') {
        if (count === 1 || value > sample || Number.isNaN(value)) value = sample;
      } else {
        const delta = sample - mean;
        mean += delta / count;
        squares += delta * (sample - mean);
      }
    }
    if (count === 0) continue;
    result.present[step] = 1;
    if (operation === 'count') value = count;
    else if (operation === 'avg') value = mean;
    else if (operation === 'stdvar') value = squares / count;
    else if (operation === 'stddev') value = Math.sqrt(squares / count);
    result.values[step] = value;
  }
  return result;
}

/** topk and bottomk: at each step, the k series with the largest (smallest) values; ties as a heap of Go's decides. */
function extremes(operation: string, k: number, members: readonly Series[], steps: number): Series[] {
  const kept = members.map(({ labels }) => newSeries(labels, steps));
  const top = operation === 'topk';
  for (let step = 0; step < steps; step++) {
    const chosen: number[] = [];
    const value = (index: number): number => members[index]!.values[step]!;
    const worse = (left: number, right: number): boolean =>
      Number.isNaN(value(left))
        ? !Number.isNaN(value(right))
        : top
          ? value(left) < value(right)
          : value(left) > value(right);
    members.forEach((member, index) => {
      if (member.present[step] !== 1) return;
      if (chosen.length < k) {
        chosen.push(index);
        siftUp(chosen, worse);
      } else if (worse(chosen[0]!, index)) {
        // As Go's heap.Pop does it: the last takes the root's place.
        chosen[0] = chosen.pop()!;
        if (k === 1) chosen.length = 0;
        siftDown(chosen, worse);
        chosen.push(index);
        siftUp(chosen, worse);
      }
    });
    for (const index of chosen) {
      kept[index]!.values[step] = value(index);
      kept[index]!.present[step] = 1;
    }
  }
  return kept.filter(({ present }) => present.includes(1));
}

type Less = (left: number, right: number) => boolean;

function siftUp(heap: number[], less: Less): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!less(heap[at]!, heap[parent]!)) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function siftDown(heap: number[], less: Less): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && less(heap[child + 1]!, heap[child]!)) child++;
    if (!less(heap[child]!, heap[at]!)) return;
    [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    at = child;
  }
}

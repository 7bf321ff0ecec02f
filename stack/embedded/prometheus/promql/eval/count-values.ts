import type { Block } from './block.ts';
import { BlockBuilder, mergeRows } from './block.ts';
import { groupingLabels } from './grouping.ts';

/** How many samples of each group have each value; the value becomes a label. */
export function countValues(
  input: Block,
  label: string,
  names: ReadonlySet<string>,
  without: boolean,
  format: (value: number) => string,
  work: (cells: number) => void,
): Block {
  const { steps, labels } = input;
  const grouping = without ? names : new Set([...names, label]);
  const builder = new BlockBuilder(steps, labels.length);
  const offsets = new Map<string, number>();
  for (const [row, rowLabels] of labels.entries()) {
    const byValue = new Map<string, number>();
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step;
      if (input.present[at] === 0) continue;
      const text = format(input.values[at]!);
      let offset = byValue.get(text);
      if (offset === undefined) {
        const group = groupingLabels(rowLabels.with(label, text), grouping, without);
        offset = offsets.get(group.key);
        if (offset === undefined) {
          work(steps);
          offset = builder.add(group);
          offsets.set(group.key, offset);
        }
        byValue.set(text, offset);
      }
      builder.values[offset + step]! += 1;
      builder.present[offset + step] = 1;
    }
  }
  return mergeRows(builder.build());
}

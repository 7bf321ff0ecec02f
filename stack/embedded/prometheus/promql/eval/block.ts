import type { Labels } from '../../labels/labels.ts';
import { PromqlExecutionError } from '../errors.ts';

/**
 * An instant vector at every step of the query: one row a series, one column a step, values in a single array. Columns
 * where a series has no sample are marked absent, not by NaN, which is a value.
 */
export interface Block {
  readonly steps: number;
  readonly labels: readonly Labels[];
  /** Rows whose metric name goes at the end of the evaluation (delayed name removal). */
  readonly dropName: readonly boolean[];
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export const sameLabelset = 'vector cannot contain metrics with the same labelset';

export function emptyBlock(steps: number): Block {
  return { steps, labels: [], dropName: [], values: new Float64Array(0), present: new Uint8Array(0) };
}

/** How many samples the block holds. */
export function countSamples(block: Block): number {
  const { present } = block;
  let count = 0;
  for (let index = 0; index < present.length; index++) count += present[index]!;
  return count;
}

/** Collects rows whose number is not known beforehand. */
export class BlockBuilder {
  readonly steps: number;
  readonly #labels: Labels[] = [];
  readonly #dropName: boolean[] = [];
  #values: Float64Array;
  #present: Uint8Array;

  constructor(steps: number, rows: number) {
    this.steps = steps;
    this.#values = new Float64Array(steps * rows);
    this.#present = new Uint8Array(steps * rows);
  }

  get rows(): number {
    return this.#labels.length;
  }

  /** Adds an empty row and returns the offset of its first column. */
  add(labels: Labels, dropName = false): number {
    const offset = this.#labels.length * this.steps;
    if (offset + this.steps > this.#values.length) this.#grow();
    this.#labels.push(labels);
    this.#dropName.push(dropName);
    return offset;
  }

  /** Takes the last row back. */
  drop(): void {
    this.#labels.pop();
    this.#dropName.pop();
  }

  get values(): Float64Array {
    return this.#values;
  }

  get present(): Uint8Array {
    return this.#present;
  }

  #grow(): void {
    const size = Math.max(this.steps * 8, this.#values.length * 2);
    const values = new Float64Array(size);
    values.set(this.#values);
    this.#values = values;
    const present = new Uint8Array(size);
    present.set(this.#present);
    this.#present = present;
  }

  build(): Block {
    const size = this.#labels.length * this.steps;
    return {
      steps: this.steps,
      labels: this.#labels,
      dropName: this.#dropName,
      values: this.#values.subarray(0, size),
      present: this.#present.subarray(0, size),
    };
  }
}

/** The block without the rows that have no sample at all. */
export function withoutEmptyRows(block: Block): Block {
  const { steps, labels, values, present } = block;
  const kept: number[] = [];
  for (let row = 0; row < labels.length; row++) {
    const at = row * steps;
    for (let step = 0; step < steps; step++) {
      if (present[at + step] === 1) {
        kept.push(row);
        break;
      }
    }
  }
  if (kept.length === labels.length) return block;
  const nextValues = new Float64Array(kept.length * steps);
  const nextPresent = new Uint8Array(kept.length * steps);
  for (const [index, row] of kept.entries()) {
    nextValues.set(values.subarray(row * steps, row * steps + steps), index * steps);
    nextPresent.set(present.subarray(row * steps, row * steps + steps), index * steps);
  }
  return {
    steps,
    labels: kept.map((row) => labels[row]!),
    dropName: kept.map((row) => block.dropName[row]!),
    values: nextValues,
    present: nextPresent,
  };
}

/** Whether two rows have the same labels. */
export function hasDuplicates(labels: readonly Labels[]): boolean {
  if (labels.length < 2) return false;
  const seen = new Set<string>();
  for (const { key } of labels) seen.add(key);
  return seen.size < labels.length;
}

/**
 * Joins rows with the same labels into one.
 *
 * @throws PromqlExecutionError when two of them have a sample at the same step.
 */
export function mergeRows(block: Block): Block {
  if (!hasDuplicates(block.labels)) return block;
  const { steps, values, present } = block;
  const builder = new BlockBuilder(steps, block.labels.length);
  const offsets = new Map<string, number>();
  for (const [row, labels] of block.labels.entries()) {
    let offset = offsets.get(labels.key);
    if (offset === undefined) {
      offset = builder.add(labels, block.dropName[row]);
      offsets.set(labels.key, offset);
    }
    const from = row * steps;
    for (let step = 0; step < steps; step++) {
      if (present[from + step] === 0) continue;
      if (builder.present[offset + step] === 1) throw new PromqlExecutionError(sameLabelset);
      builder.present[offset + step] = 1;
      builder.values[offset + step] = values[from + step]!;
    }
  }
  return builder.build();
}

/**
 * Drops the metric names, now or at the end of the evaluation. Rows of one metric stay different without its name; only
 * where several metrics come together can labels clash.
 */
export function dropNames(block: Block, delayed: boolean): Block {
  if (delayed) return { ...block, dropName: block.labels.map(() => true) };
  const labels = block.labels.map((row) => row.withoutName());
  const dropped = { ...block, labels };
  return isOneMetric(block.labels) ? dropped : mergeRows(dropped);
}

export function isOneMetric(labels: readonly Labels[]): boolean {
  const name = labels[0]?.get('__name__');
  return labels.every((row) => row.get('__name__') === name && !row.has('__type__') && !row.has('__unit__'));
}

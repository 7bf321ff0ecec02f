import { Labels } from '../../labels/labels.ts';

/** A text equal for two label sets exactly when they agree on the named labels, or on all others but the name. */
export function signatureOf(labels: Labels, names: ReadonlySet<string>, on: boolean): string {
  let key = '';
  for (const [name, value] of labels.pairs) {
    if (on ? names.has(name) : !names.has(name) && name !== '__name__') key += `${name}\u0001${value}\u0002`;
  }
  return key;
}

/** Groups as numbers from zero in order of appearance, one for each row. */
export interface Grouping {
  readonly ofRow: Int32Array;
  /** The first row of each group. */
  readonly firstRow: readonly number[];
}

export function groupRows(labels: readonly Labels[], names: ReadonlySet<string>, without: boolean): Grouping {
  const ofRow = new Int32Array(labels.length);
  const firstRow: number[] = [];
  if (!without && names.size === 0) {
    if (labels.length > 0) firstRow.push(0);
    return { ofRow, firstRow };
  }
  const numbers = new Map<string, number>();
  const single = !without && names.size === 1 ? [...names][0]! : undefined;
  for (const [row, rowLabels] of labels.entries()) {
    const key = single === undefined ? signatureOf(rowLabels, names, !without) : rowLabels.get(single);
    let group = numbers.get(key);
    if (group === undefined) {
      group = firstRow.length;
      numbers.set(key, group);
      firstRow.push(row);
    }
    ofRow[row] = group;
  }
  return { ofRow, firstRow };
}

/** The labels that a group has. */
export function groupingLabels(labels: Labels, names: ReadonlySet<string>, without: boolean): Labels {
  if (without) return labels.without(new Set([...names, '__name__']));
  return names.size === 0 ? Labels.empty : labels.keep(names);
}

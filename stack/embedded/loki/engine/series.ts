export type Labels = readonly (readonly [string, string])[];

/** A series over the steps of a query: a value where `present` is 1. */
export interface Series {
  /** Sorted by name. */
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export function newSeries(labels: Labels, steps: number): Series {
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps) };
}

/** One text for one set of labels. */
export function labelsKey(labels: Labels): string {
  let key = '';
  for (const [name, value] of labels) key += `${name}\u0001${value}\u0002`;
  return key;
}

/** Prometheus's order of label sets: pair by pair. */
export function compareLabels(left: Labels, right: Labels): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left[index]!, right[index]!];
    if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
    if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  }
  return left.length - right.length;
}

/** The labels that grouping leaves; those a group names and the series lacks are absent. */
export function groupLabels(
  labels: Labels,
  grouping: { readonly without: boolean; readonly labels: readonly string[] } | undefined,
): Labels {
  if (grouping === undefined) return [];
  return labels.filter(([name]) => grouping.labels.includes(name) !== grouping.without);
}

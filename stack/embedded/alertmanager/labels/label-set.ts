import { compareStrings } from '../../go-template/index.ts';

export type LabelSet = Readonly<Record<string, string>>;

const prime = 0x100000001b3n;
const mask = (1n << 64n) - 1n;
const separator = Buffer.from([255]);

/** An object that may hold any label name, `__proto__` too. */
export function labelSet(entries: Iterable<readonly [string, string]>): LabelSet {
  const result: Record<string, string> = Object.create(null);
  for (const [name, value] of entries) result[name] = value;
  return result;
}

/** Labels in the order of their names. */
export function sortedLabels(labels: LabelSet): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => compareStrings(a, b));
}

/** Prometheus's fingerprint of a label set: FNV-1a over names and values, 16 hexadecimal digits. */
export function fingerprint(labels: LabelSet): string {
  let hash = 14695981039346656037n;
  for (const [name, value] of sortedLabels(labels))
    for (const bytes of [Buffer.from(name), separator, Buffer.from(value), separator])
      for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(16, '0');
}

/** Go's `LabelSet.String`: `{a="b", c="d"}`. */
export function formatLabels(labels: LabelSet): string {
  return `{${sortedLabels(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`;
}

/** The order in which Alertmanager lists label sets: the smaller one first, then by names and values. */
export function compareLabels(a: LabelSet, b: LabelSet): number {
  const left = sortedLabels(a);
  const right = sortedLabels(b);
  if (left.length !== right.length) return left.length - right.length;
  const names = [...new Set([...left, ...right].map(([name]) => name))].sort(compareStrings);
  for (const name of names) {
    if (a[name] === undefined) return 1;
    if (b[name] === undefined) return -1;
    const order = compareStrings(a[name], b[name]);
    if (order !== 0) return order;
  }
  return 0;
}

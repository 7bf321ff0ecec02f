/** How near numbers must be, and which lists have no order. */
export interface Comparison {
  /** Of sample values, relative; 0 wants the same text. */
  readonly relative: number;
  /** Of the times of samples, absolute; 0 wants the same time. */
  readonly seconds: number;
  /** Whether a member is a list that the real server fills in no defined order. */
  readonly unordered?: (member: string, parent: Readonly<Record<string, unknown>>) => boolean;
  /** Members that tell of the moment: what is said of them instead of equality. */
  readonly bounded?: Readonly<Record<string, (value: unknown) => boolean>>;
}

/** The first difference between two JSON values, lists in their order; samples (`[time, "value"]`) as `Comparison` says. */
export function differenceOfJson(
  wanted: unknown,
  got: unknown,
  comparison: Comparison,
  path = '$',
  isUnordered = false,
): string | undefined {
  if (typeOf(wanted) !== typeOf(got)) return `${path} is ${show(got)}, wanted ${show(wanted)}`;
  if (Array.isArray(wanted)) {
    const other = got as unknown[];
    if (isSample(wanted) && isSample(other)) return differenceOfSamples(wanted, other, comparison, path);
    if (wanted.length !== other.length)
      return `${path} has ${other.length} items, wanted ${wanted.length}: ${show(other)}`;
    const [left, right] = isUnordered
      ? [sorted(wanted, comparison), sorted(other, comparison)]
      : [wanted, other];
    for (const [index, item] of left.entries()) {
      const difference = differenceOfJson(item, right[index], comparison, `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const [left, right] = [wanted as Record<string, unknown>, got as Record<string, unknown>];
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      if (!Object.hasOwn(right, name)) return `${path}.${name} is missing`;
      if (!Object.hasOwn(left, name)) return `${path}.${name} is too much`;
      const holds = comparison.bounded?.[name];
      if (holds !== undefined) {
        if (!holds(right[name])) return `${path}.${name} is ${show(right[name])}, out of bounds`;
        continue;
      }
      const inner = `${path}.${name}`;
      const unordered = comparison.unordered?.(name, left) ?? false;
      const difference = differenceOfJson(left[name], right[name], comparison, inner, unordered);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return wanted === got ? undefined : `${path} is ${show(got)}, wanted ${show(wanted)}`;
}

type Sample = readonly [time: number, value: string];

function isSample(value: readonly unknown[]): value is Sample {
  return value.length === 2 && typeof value[0] === 'number' && typeof value[1] === 'string';
}

function differenceOfSamples(
  [time, value]: Sample,
  [otherTime, otherValue]: Sample,
  { relative, seconds }: Comparison,
  path: string,
): string | undefined {
  if (Math.abs(time - otherTime) > seconds) return `${path} is of ${otherTime}, wanted ${time}`;
  return sameValue(value, otherValue, relative) ? undefined : `${path} is ${otherValue}, wanted ${value}`;
}

/** Whether two numbers in text agree; texts that are no finite numbers must be equal. */
export function sameValue(wanted: string, got: string, relative: number): boolean {
  if (wanted === got) return true;
  const [a, b] = [Number(wanted), Number(got)];
  if (!Number.isFinite(a) || !Number.isFinite(b) || got === '') return false;
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * The first difference in shape: the same members with the same types. Every item of a list must have the shape of the
 * first recorded one; a list that was empty must be empty, and one that was not must not be.
 */
export function differenceOfShape(wanted: unknown, got: unknown, path = '$'): string | undefined {
  if (typeOf(wanted) !== typeOf(got)) return `${path} is ${typeOf(got)}, wanted ${typeOf(wanted)}`;
  if (Array.isArray(wanted)) {
    const other = got as unknown[];
    if (isSample(wanted)) return isSample(other) ? undefined : `${path} is no sample`;
    if (wanted.length > 0 && other.length === 0) return `${path} is empty`;
    if (wanted.length === 0 && other.length > 0) return `${path} is not empty`;
    for (const [index, item] of other.entries()) {
      const difference = differenceOfShape(wanted[0], item, `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(got as object, name)) return `${path}.${name} is missing`;
    const difference = differenceOfShape(value, (got as Record<string, unknown>)[name], `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function sorted(items: readonly unknown[], { bounded }: Comparison): unknown[] {
  const key = (value: unknown): string =>
    JSON.stringify(value, (name, inner: unknown) => (bounded?.[name] === undefined ? inner : undefined));
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 500) ?? 'missing';
}

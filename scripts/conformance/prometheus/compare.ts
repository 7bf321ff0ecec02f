export interface QueryBody {
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

export interface Tolerance {
  /** Of values, relative. Infinity: any number will do. */
  readonly relative: number;
  /** Of timestamps, absolute. */
  readonly seconds: number;
}

interface Row {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
}

/** The first difference between two query results in words; order of rows does not count, that of points does. */
export function differenceOfResults(
  wanted: QueryBody,
  got: QueryBody,
  tolerance: Tolerance,
): string | undefined {
  if (wanted.data?.resultType !== got.data?.resultType)
    return `result type ${got.data?.resultType}, wanted ${wanted.data?.resultType}`;
  if (wanted.data?.resultType === 'scalar' || wanted.data?.resultType === 'string') {
    return differenceOfPoints(
      [wanted.data.result as [number, string]],
      [got.data!.result as [number, string]],
      tolerance,
    );
  }
  const rows = (body: QueryBody): Map<string, Row> =>
    new Map(
      (body.data!.result as Row[]).map((row) => [JSON.stringify(Object.entries(row.metric).sort()), row]),
    );
  const [expected, actual] = [rows(wanted), rows(got)];
  for (const key of expected.keys()) if (!actual.has(key)) return `series ${key} is missing`;
  for (const key of actual.keys()) if (!expected.has(key)) return `series ${key} is too much`;
  for (const [key, row] of expected) {
    const other = actual.get(key)!;
    const difference = differenceOfPoints(
      row.values ?? [row.value!],
      other.values ?? [other.value!],
      tolerance,
    );
    if (difference !== undefined) return `series ${key}: ${difference}`;
  }
  return undefined;
}

function differenceOfPoints(
  wanted: [number, string][],
  got: [number, string][],
  tolerance: Tolerance,
): string | undefined {
  if (wanted.length !== got.length) return `${got.length} points, wanted ${wanted.length}`;
  for (const [index, [time, value]] of wanted.entries()) {
    const [otherTime, otherValue] = got[index]!;
    if (Math.abs(time - otherTime) > tolerance.seconds)
      return `point ${index} at ${otherTime}, wanted ${time}`;
    if (!sameValue(value, otherValue, tolerance.relative))
      return `point ${index} is ${otherValue}, wanted ${value}`;
  }
  return undefined;
}

/** Whether two numbers in text agree; texts that are no numbers must be equal. */
export function sameValue(wanted: string, got: string, relative: number): boolean {
  if (wanted === got) return true;
  const [a, b] = [Number(wanted), Number(got)];
  if (!Number.isFinite(a) || !Number.isFinite(b) || got === '') return false;
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
}

/** The first difference in shape: status apart, the same members with the same types; of lists, the first item speaks. */
export function differenceOfShape(wanted: unknown, got: unknown, path = '$'): string | undefined {
  if (typeOf(wanted) !== typeOf(got)) return `${path} is ${typeOf(got)}, wanted ${typeOf(wanted)}`;
  if (Array.isArray(wanted)) {
    const other = got as unknown[];
    if (wanted.length > 0 && other.length === 0) return `${path} is empty`;
    return wanted.length === 0 || other.length === 0
      ? undefined
      : differenceOfShape(wanted[0], other[0], `${path}[0]`);
  }
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(got as object, name)) return `${path}.${name} is missing`;
    const difference = differenceOfShape(value, (got as Record<string, unknown>)[name], `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/**
 * The first difference between two JSON values. Lists of objects are compared without order. Numbers and texts that
 * are times (`isTime`) agree within the tolerance.
 */
export function differenceOfJson(
  wanted: unknown,
  got: unknown,
  tolerance: Tolerance,
  path = '$',
): string | undefined {
  if (typeOf(wanted) !== typeOf(got))
    return `${path} is ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`;
  if (Array.isArray(wanted)) {
    const other = got as unknown[];
    if (wanted.length !== other.length)
      return `${path} has ${other.length} items, wanted ${wanted.length}: ${JSON.stringify(other).slice(0, 1500)}`;
    const unordered = typeof wanted[0] === 'object';
    const sort = (items: unknown[]): unknown[] =>
      unordered ? [...items].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)) : items;
    const [left, right] = [sort(wanted), sort(other)];
    for (const [index, item] of left.entries()) {
      const difference = differenceOfJson(item, right[index], tolerance, `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const names = new Set([...Object.keys(wanted), ...Object.keys(got as object)]);
    for (const name of names) {
      if (volatile.has(name)) continue;
      const [left, right] = [
        (wanted as Record<string, unknown>)[name],
        (got as Record<string, unknown>)[name],
      ];
      const difference = differenceOfJson(left, right, tolerance, `${path}.${name}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof wanted === 'number') {
    const near = wanted > 1e9 && Math.abs(wanted - (got as number)) <= tolerance.seconds;
    return near || sameValue(String(wanted), String(got), tolerance.relative)
      ? undefined
      : `${path} is ${got}, wanted ${wanted}`;
  }
  return wanted === got ? undefined : `${path} is ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`;
}

/** Members that tell of the moment of recording. */
const volatile = new Set([
  'lastScrape',
  'lastScrapeDuration',
  'activeAt',
  'evaluationTime',
  'lastEvaluation',
]);

function sortKey(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    volatile.has(key) || typeof inner === 'number' ? undefined : inner,
  );
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

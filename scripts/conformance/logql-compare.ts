/** Members that say how an answer came about, not what it is. */
const incidental = new Set(['stats']);

export interface CompareOptions {
  /** Same keys and types; a list that was empty must be empty, and one that was not must not be. */
  readonly shapeOnly: boolean;
  /** The lists have no order. */
  readonly unordered: boolean;
}

/** The first difference, or undefined. Numbers written as text may differ in their last digit: sums have no order. */
export function compare(
  wanted: unknown,
  actual: unknown,
  path: string,
  options: CompareOptions,
): string | undefined {
  const differs = (): string =>
    `${path}: ${JSON.stringify(actual)?.slice(0, 200)} instead of ${JSON.stringify(wanted)?.slice(0, 200)}`;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return differs();
    if (options.shapeOnly) {
      if ((wanted.length === 0) !== (actual.length === 0)) return differs();
      for (const [index, item] of actual.entries()) {
        const like = isSample(wanted) ? wanted[index] : wanted[0];
        const found = compare(like, item, `${path}[${index}]`, options);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (wanted.length !== actual.length)
      return `${path}: ${actual.length} elements instead of ${wanted.length}: ${JSON.stringify(actual).slice(0, 200)}`;
    const [left, right] = options.unordered ? [sorted(wanted), sorted(actual)] : [wanted, actual];
    for (let index = 0; index < left.length; index++) {
      const found = compare(left[index], right[index], `${path}[${index}]`, options);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return differs();
    const keys = Object.keys(wanted).sort();
    if (keys.join() !== Object.keys(actual).sort().join()) {
      return `${path}: members ${Object.keys(actual).sort()} instead of ${keys}`;
    }
    for (const key of keys) {
      const inner = incidental.has(key) ? { ...options, shapeOnly: true } : options;
      const found = compare(
        (wanted as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
        `${path}.${key}`,
        inner,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (options.shapeOnly) return typeof wanted === typeof actual ? undefined : differs();
  if (wanted === actual) return undefined;
  if (typeof wanted === 'string' && typeof actual === 'string' && /^-?\d+\.\d{8,}$/.test(wanted)) {
    const [left, right] = [Number(wanted), Number(actual)];
    if (Math.abs(left - right) <= 1e-12 * Math.abs(left)) return undefined;
  }
  return differs();
}

/** All times and values of a metric answer, whichever series they belong to. */
export function points(answer: unknown): unknown[] {
  const { result } = (answer as { data: { result: { value?: unknown; values?: unknown[] }[] } }).data;
  return sorted(result.flatMap(({ value, values }) => values ?? [value]));
}

function sorted(values: readonly unknown[]): unknown[] {
  return [...values].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

function isSample(value: readonly unknown[]): boolean {
  return value.length === 2 && typeof value[0] !== typeof value[1];
}

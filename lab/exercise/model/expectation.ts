/** What a measured number has to be, with its unit. */
export type Expectation = { readonly unit: Unit } & (
  | { readonly atLeast: number }
  | { readonly above: number }
  | { readonly atMost: number }
  | { readonly below: number }
  | { readonly equals: number }
  /** Both ends included. */
  | { readonly between: readonly [low: number, high: number] }
);

/** `''` counts something that the claim names. */
export type Unit =
  | 'ms'
  | 's'
  | '%'
  | ''
  | 'requests'
  | 'lines'
  | 'traces'
  | 'alerts'
  | 'bytes'
  | '×'
  | 'notifications'
  | 'req/s'
  | 'spans'
  | 'series'
  | 'replicas'
  | 'bytes/s'
  | 'lines/s';

/** Whether the number meets it. NaN and infinities never do: they are not measurements. */
export function meets(expectation: Expectation, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  if ('atLeast' in expectation) return value >= expectation.atLeast;
  if ('above' in expectation) return value > expectation.above;
  if ('atMost' in expectation) return value <= expectation.atMost;
  if ('below' in expectation) return value < expectation.below;
  if ('between' in expectation) return value >= expectation.between[0] && value <= expectation.between[1];
  return value === expectation.equals;
}

/** `at least 400 ms` */
export function describeExpectation(expectation: Expectation): string {
  if ('between' in expectation) {
    const [low, high] = expectation.between;
    return `between ${formatValue(low, '')} and ${formatValue(high, expectation.unit)}`;
  }
  const [words, value] =
    'atLeast' in expectation
      ? (['at least', expectation.atLeast] as const)
      : 'above' in expectation
        ? (['more than', expectation.above] as const)
        : 'atMost' in expectation
          ? (['at most', expectation.atMost] as const)
          : 'below' in expectation
            ? (['less than', expectation.below] as const)
            : (['exactly', expectation.equals] as const);
  return `${words} ${formatValue(value, expectation.unit)}`;
}

/** `41 ms`; three significant digits, whole numbers from 100 on, plural or singular as the number wants. */
export function formatValue(value: number, unit: Unit): string {
  const number = Number.isFinite(value)
    ? Number.isInteger(value) || Math.abs(value) >= 100
      ? String(Math.round(value))
      : String(Number(value.toPrecision(3)))
    : String(value);
  if (unit === '') return number;
  return `${number} ${number === '1' && unit.endsWith('s') && unit.length > 2 && !unit.includes('/') && unit !== 'series' ? unit.slice(0, -1) : unit}`;
}

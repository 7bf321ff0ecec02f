/**
 * How JavaScript values stand for Go values in templates:
 * string = string, bigint = int, number = float64, boolean = bool, null and undefined = nil or missing,
 * array = slice, Map and plain object = map, an instance of a class = struct. Methods are methods whose name has
 * a capital (`.Labels.SortedPairs`); a class may extend Map or Array to give a map or slice methods.
 */
export const goType: unique symbol = Symbol.for('go-template.type');

/** The integer that an instance of a named integer type stands for (time.Duration, time.Weekday). */
export const goInteger: unique symbol = Symbol.for('go-template.integer');

/** The value of a named integer type, or what is given as it is. */
export function plainInteger(value: unknown): unknown {
  const integer =
    typeof value === 'object' && value !== null ? (value as { [goInteger]?: unknown })[goInteger] : undefined;
  return typeof integer === 'bigint' ? integer : value;
}

/** Text that HTML escaping leaves alone (Go's template.HTML). */
export class SafeHtml {
  readonly [goType] = 'template.HTML';
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  String(): string {
    return this.text;
  }
}

export function isMapLike(value: unknown): value is Map<string, unknown> | Record<string, unknown> {
  if (value instanceof Map) return true;
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Entries of a map in the order of its keys, as Go's range and printing have them. */
export function sortedEntries(value: Map<unknown, unknown> | Record<string, unknown>): [unknown, unknown][] {
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return entries.sort(([a], [b]) => compareKeys(a, b));
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

/** Go's order of strings: by bytes, that is by code points. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    const surrogateX = x >= 0xd800 && x < 0xe000;
    const surrogateY = y >= 0xd800 && y < 0xe000;
    if (surrogateX !== surrogateY) return surrogateX ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** The name of a value's type, as it stands in Go's messages. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'function':
      return 'func';
    case 'object': {
      if (value === null) return '<nil>';
      const named = (value as { [goType]?: unknown })[goType];
      if (typeof named === 'string') return named;
      if (Array.isArray(value)) return '[]interface {}';
      if (isMapLike(value)) return 'map[string]interface {}';
      return `*${value.constructor.name}`;
    }
    default:
      return '<nil>';
  }
}

/** Whether a value counts as true in `if`, `with`, `and`, `or` and `not`. */
export function isTrue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.length > 0;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    case 'boolean':
      return value;
    case 'undefined':
      return false;
    case 'object':
      if (value === null) return false;
      if (Array.isArray(value)) return value.length > 0;
      if (value instanceof Map) return value.size > 0;
      if (value instanceof SafeHtml) return value.text !== '';
      if (goInteger in value) return plainInteger(value) !== 0n;
      if (isMapLike(value)) return Object.keys(value).length > 0;
      return true;
    default:
      return true;
  }
}

/** Shortest form of a float the way Go's %v has it: exponents below -4 and from 6 on (strconv's rule). */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const size = Math.abs(power).toString().padStart(2, '0');
    return `${mantissa}e${power < 0 ? '-' : '+'}${size}`;
  }
  if (power >= 0) return value.toString();
  const digits = mantissa.replace(/[-.]/g, '');
  return `${value < 0 ? '-' : ''}0.${'0'.repeat(-power - 1)}${digits}`;
}

/** A value as Go's %v prints it. */
export function formatValue(value: unknown, plus = false, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return formatFloat(value);
    case 'function':
      return '0x0';
    case 'object': {
      if (value === null) return '<nil>';
      if (depth > 16) return '...';
      const stringer = (value as { String?: unknown; Error?: unknown }).String;
      if (typeof stringer === 'function' && !isPlain(value)) return String(stringer.call(value));
      const inner = (item: unknown) => formatValue(item, plus, depth + 1);
      if (Array.isArray(value)) return `[${Array.from(value, inner).join(' ')}]`;
      if (isMapLike(value))
        return `map[${sortedEntries(value)
          .map(([key, item]) => `${inner(key)}:${inner(item)}`)
          .join(' ')}]`;
      return `{${Object.entries(value)
        .map(([key, item]) => (plus ? `${key}:${inner(item)}` : inner(item)))
        .join(' ')}}`;
    }
    default:
      return '<nil>';
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

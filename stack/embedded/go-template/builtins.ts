import { type GoFunctions, typed } from './functions.ts';
import { sprint, sprintf } from './printf.ts';
import { formatValue, goType, isMapLike, isTrue, plainInteger, typeName } from './values.ts';

/** The functions that every Go template has; `and` and `or` are evaluated by the compiler (they short-circuit). */
export const builtins: GoFunctions = {
  and: (...args: unknown[]) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args: unknown[]) => args.find(isTrue) ?? args.at(-1),
  not: typed(['any'], (value: unknown) => !isTrue(value)),
  len: typed(['any'], length),
  index: typed(['any', 'any'], index, { variadic: true }),
  slice: typed(['any', 'any'], slice, { variadic: true }),
  print: typed(['any'], (...args: unknown[]) => sprint(args), { variadic: true }),
  println: typed(['any'], (...args: unknown[]) => `${args.map((value) => formatValue(value)).join(' ')}\n`, {
    variadic: true,
  }),
  printf: typed(['string', 'any'], (format: string, ...args: unknown[]) => sprintf(format, args), {
    variadic: true,
  }),
  html: typed(['any'], (...args: unknown[]) => escapeHtml(join(args)), { variadic: true }),
  js: typed(['any'], (...args: unknown[]) => escapeJs(join(args)), { variadic: true }),
  urlquery: typed(['any'], (...args: unknown[]) => queryEscape(join(args)), { variadic: true }),
  call: typed(
    ['any', 'any'],
    (target: unknown, ...args: unknown[]) => {
      if (typeof target !== 'function') throw new Error(`non-function of type ${typeName(target)}`);
      return target(...args);
    },
    { variadic: true },
  ),
  eq: typed(['any', 'any'], equalsAny, { variadic: true }),
  ne: typed(['any', 'any'], (a: unknown, b: unknown) => !equals(a, b)),
  lt: typed(['any', 'any'], less),
  le: typed(['any', 'any'], (a: unknown, b: unknown) => less(a, b) || equals(a, b)),
  gt: typed(['any', 'any'], (a: unknown, b: unknown) => !(less(a, b) || equals(a, b))),
  ge: typed(['any', 'any'], (a: unknown, b: unknown) => !less(a, b)),
};

const join = (args: readonly unknown[]) =>
  args.length === 1 && typeof args[0] === 'string' ? args[0] : sprint(args);

function length(value: unknown): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (Array.isArray(value)) return BigInt(value.length);
  if (value instanceof Map) return BigInt(value.size);
  if (isMapLike(value)) return BigInt(Object.keys(value).length);
  if (value === null || value === undefined) throw new Error('len of nil pointer');
  throw new Error(`len of type ${typeName(value)}`);
}

function position(value: unknown, size: number, inclusive: boolean): number {
  if (typeof value !== 'bigint') {
    if (value === null || value === undefined) throw new Error('cannot index slice/array with nil');
    throw new Error(`cannot index slice/array with type ${typeName(value)}`);
  }
  if (value < 0n || value > BigInt(inclusive ? size : size - 1))
    throw new Error(`index out of range: ${value}`);
  return Number(value);
}

function index(item: unknown, ...indexes: unknown[]): unknown {
  if (item === null || item === undefined) throw new Error('index of untyped nil');
  let current: unknown = item;
  for (const key of indexes) {
    if (typeof current === 'string') {
      const bytes = Buffer.from(current);
      current = BigInt(bytes[position(key, bytes.length, false)] ?? 0);
    } else if (Array.isArray(current)) current = current[position(key, current.length, false)];
    else if (isMapLike(current)) {
      if (key === null || key === undefined) throw new Error('value is nil; should be of type string');
      if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
      const typedMap = typeof (current as { [goType]?: unknown })[goType] === 'string';
      const found =
        current instanceof Map ? current.get(key) : Object.hasOwn(current, key) ? current[key] : undefined;
      current = found ?? (typedMap ? '' : undefined);
    } else if (current === null || current === undefined) throw new Error('index of nil pointer');
    else throw new Error(`can't index item of type ${typeName(current)}`);
  }
  return current;
}

function slice(item: unknown, ...bounds: unknown[]): unknown {
  if (item === null || item === undefined) throw new Error('slice of untyped nil');
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  const text = typeof item === 'string';
  if (text && bounds.length === 3) throw new Error('cannot 3-index slice a string');
  if (!text && !Array.isArray(item)) throw new Error(`can't slice item of type ${typeName(item)}`);
  const whole = text ? Buffer.from(item) : item;
  const from = bounds.length > 0 ? position(bounds[0], whole.length, true) : 0;
  const to = bounds.length > 1 ? position(bounds[1], whole.length, true) : whole.length;
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return text ? whole.slice(from, to).toString() : whole.slice(from, to);
}

type Kind = 'string' | 'bigint' | 'number' | 'boolean';

function basicKind(value: unknown): Kind | undefined {
  const kind = typeof value;
  if (kind === 'string' || kind === 'bigint' || kind === 'number' || kind === 'boolean') return kind;
  return undefined;
}

const incompatible = (a: unknown, b: unknown): Error =>
  new Error(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);

function equals(first: unknown, second: unknown): boolean {
  const [a, b] = [plainInteger(first), plainInteger(second)];
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  const kind = basicKind(a);
  if (kind === undefined || basicKind(b) === undefined) {
    if (kind !== basicKind(b)) throw incompatible(first, second);
    if (Array.isArray(a) || isMapLike(a))
      throw new Error(`non-comparable type ${formatValue(a)}: ${typeName(a)}`);
    return a === b;
  }
  if (kind !== basicKind(b)) throw incompatible(first, second);
  return a === b;
}

function equalsAny(first: unknown, ...others: unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

function less(first: unknown, second: unknown): boolean {
  const [a, b] = [plainInteger(first), plainInteger(second)];
  const kind = basicKind(a);
  const other = basicKind(b);
  if (kind === undefined || other === undefined) throw new Error('invalid type for comparison');
  if (kind !== other) throw incompatible(first, second);
  if (kind === 'boolean') throw new Error('invalid type for comparison');
  return (a as string) < (b as string);
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/** Go's template.HTMLEscapeString. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (char) => htmlEscapes[char] ?? char);
}

/** Go's template.JSEscapeString. */
export function escapeJs(text: string): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '\\') out += '\\\\';
    else if (char === "'") out += "\\'";
    else if (char === '"') out += '\\"';
    else if (char === '<') out += '\\u003C';
    else if (char === '>') out += '\\u003E';
    else if (char === '&') out += '\\u0026';
    else if (char === '=') out += '\\u003D';
    else if (code < 32) out += `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    else out += char;
  }
  return out;
}

/** Lone surrogates would make encodeURIComponent throw. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** Go's url.QueryEscape. */
export function queryEscape(text: string): string {
  return encodeURIComponent(wellFormed(text))
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

// Above 300 lines: a table of functions, one after the other, with what they share.
import { parseGoDuration } from '../../duration/go-duration.ts';
import { formatValue, type GoFunctions, typed } from '../../go-template/index.ts';
import { GoTime, parseGoTime } from '../../go-time/index.ts';
import { compileRegexp, type GoRegexp } from '../../regexp/regexp.ts';
import { parseByteSize } from '../units/bytes.ts';

/** Patterns in templates are usually literals: compiled once each. */
const regexps = new Map<string, GoRegexp>();

function regexp(pattern: string): GoRegexp {
  let compiled = regexps.get(pattern);
  if (compiled === undefined) {
    compiled = compileRegexp(pattern);
    if (regexps.size >= 200) regexps.clear();
    regexps.set(pattern, compiled);
  }
  return compiled;
}

function toInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const text = String(value ?? '').trim();
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : 0n;
}

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = String(value ?? '').trim();
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? 0 : number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : formatValue(value));

function trimSet(value: string, characters: string, left: boolean, right: boolean): string {
  const set = new Set(characters);
  const all = [...value];
  let start = 0;
  let end = all.length;
  while (left && start < end && set.has(all[start]!)) start++;
  while (right && end > start && set.has(all[end - 1]!)) end--;
  return all.slice(start, end).join('');
}

function divide(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new Error('runtime error: integer divide by zero');
  return left / right;
}

// Math.max takes no bigint.
function larger(left: bigint, right: bigint): bigint {
  if (left > right) return left;
  return right;
}

function smaller(left: bigint, right: bigint): bigint {
  if (left < right) return left;
  return right;
}

function count(value: unknown): number {
  return Number(toInt(value));
}

/** How long a text a function may make: a template of a hostile query must not fill the memory. */
const maxText = 1 << 20;

function repeated(times: number, value: string): string {
  if (times * value.length > maxText) throw new Error('the result is too long');
  return value.repeat(Math.max(0, times));
}

function fold(first: unknown, rest: unknown[], step: (left: number, right: number) => number): number {
  return rest.reduce((result: number, value) => step(result, toFloat(value)), toFloat(first));
}

function titleCase(value: string): string {
  return value.replace(
    /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

function fromJson(value: unknown): unknown {
  const convert = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(convert);
    if (typeof node === 'object' && node !== null) {
      return new Map(Object.entries(node).map(([key, member]) => [key, convert(member)]));
    }
    return node;
  };
  try {
    return convert(JSON.parse(text(value)));
  } catch {
    return null;
  }
}

function unixToTime(epoch: unknown): GoTime {
  const digits = text(epoch);
  if (!/^-?\d+$/.test(digits)) throw new Error(`unable to parse time '${digits}'`);
  const number = BigInt(digits);
  const scale: Record<number, bigint> = {
    5: 86_400_000_000_000n,
    10: 1_000_000_000n,
    13: 1_000_000n,
    16: 1000n,
    19: 1n,
  };
  const factor = scale[digits.length];
  if (factor === undefined) throw new Error(`unable to parse time '${digits}'`);
  const nanoseconds = number * factor;
  return new GoTime({
    seconds: Number(nanoseconds / 1_000_000_000n),
    nanoseconds: Number(nanoseconds % 1_000_000_000n),
  });
}

function timeOf(value: unknown, now: () => number): GoTime {
  if (value instanceof GoTime) return value;
  if (typeof value === 'bigint') return new GoTime({ seconds: Number(value), nanoseconds: 0 });
  return GoTime.ofMilliseconds(now());
}

/** The functions of line_format and label_format: Loki's own and those of sprig that it offers. */
export function templateFunctions(now: () => number = Date.now): GoFunctions {
  const s = 'string' as const;
  const i = 'int' as const;
  const any = 'any' as const;
  return {
    // Names of before Loki 2.3, with Go's order of arguments.
    ToLower: typed([s], (value: string) => value.toLowerCase()),
    ToUpper: typed([s], (value: string) => value.toUpperCase()),
    Replace: typed([s, s, s, i], (value: string, from: string, to: string, times: bigint) => {
      if (times < 0n) return value.replaceAll(from, () => to);
      let result = value;
      let at = 0;
      for (let n = 0n; n < times; n++) {
        const found = result.indexOf(from, at);
        if (found === -1) break;
        result = result.slice(0, found) + to + result.slice(found + from.length);
        at = found + to.length;
      }
      return result;
    }),
    Trim: typed([s, s], (value: string, set: string) => trimSet(value, set, true, true)),
    TrimLeft: typed([s, s], (value: string, set: string) => trimSet(value, set, true, false)),
    TrimRight: typed([s, s], (value: string, set: string) => trimSet(value, set, false, true)),
    TrimPrefix: typed([s, s], (value: string, prefix: string) =>
      value.startsWith(prefix) ? value.slice(prefix.length) : value,
    ),
    TrimSuffix: typed([s, s], (value: string, suffix: string) =>
      suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
    ),
    TrimSpace: typed([s], (value: string) => value.trim()),

    lower: typed([s], (value: string) => value.toLowerCase()),
    upper: typed([s], (value: string) => value.toUpperCase()),
    title: typed([s], titleCase),
    trunc: typed([i, s], (length: bigint, value: string) => {
      const wanted = Number(length);
      if (wanted < 0 && value.length + wanted > 0) return value.slice(value.length + wanted);
      return wanted >= 0 && value.length > wanted ? value.slice(0, wanted) : value;
    }),
    substr: typed([i, i, s], (start: bigint, end: bigint, value: string) => {
      if (start < 0n) return value.slice(0, Number(end));
      return end < 0n || Number(end) > value.length
        ? value.slice(Number(start))
        : value.slice(Number(start), Number(end));
    }),
    contains: typed([s, s], (part: string, value: string) => value.includes(part)),
    hasPrefix: typed([s, s], (prefix: string, value: string) => value.startsWith(prefix)),
    hasSuffix: typed([s, s], (suffix: string, value: string) => value.endsWith(suffix)),
    replace: typed([s, s, s], (from: string, to: string, value: string) => value.replaceAll(from, () => to)),
    trim: typed([s], (value: string) => value.trim()),
    trimAll: typed([s, s], (set: string, value: string) => trimSet(value, set, true, true)),
    trimPrefix: typed([s, s], (prefix: string, value: string) =>
      value.startsWith(prefix) ? value.slice(prefix.length) : value,
    ),
    trimSuffix: typed([s, s], (suffix: string, value: string) =>
      suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
    ),
    repeat: typed([i, s], (times: bigint, value: string) => repeated(Number(times), value)),
    indent: typed([i, s], (spaces: bigint, value: string) => {
      const pad = repeated(Number(spaces), ' ');
      return pad + value.replaceAll('\n', `\n${pad}`);
    }),
    nindent: typed([i, s], (spaces: bigint, value: string) => {
      const pad = repeated(Number(spaces), ' ');
      return `\n${pad}${value.replaceAll('\n', `\n${pad}`)}`;
    }),
    alignLeft: typed([i, s], (width: bigint, value: string) => {
      const characters = [...value];
      if (width < 0n || Number(width) === characters.length) return value;
      const length = Number(width);
      return length < characters.length
        ? characters.slice(0, length).join('')
        : value + repeated(length - characters.length, ' ');
    }),
    alignRight: typed([i, s], (width: bigint, value: string) => {
      const characters = [...value];
      if (width < 0n || Number(width) === characters.length) return value;
      const length = Number(width);
      return length < characters.length
        ? characters.slice(characters.length - length).join('')
        : repeated(length - characters.length, ' ') + value;
    }),

    regexReplaceAll: typed([s, s, s], (pattern: string, value: string, replacement: string) =>
      regexp(pattern).replaceAll(value, replacement),
    ),
    regexReplaceAllLiteral: typed([s, s, s], (pattern: string, value: string, replacement: string) =>
      regexp(pattern).replaceAll(value, replacement.replaceAll('$', '$$$$')),
    ),
    count: typed([s, s], (pattern: string, value: string) => {
      const compiled = regexp(pattern);
      let matches = 0n;
      let at = 0;
      while (at <= value.length) {
        const match = compiled.exec(value, at);
        if (match === null) break;
        matches++;
        at = match.index + Math.max(1, match.groups[0]!.length);
      }
      return matches;
    }),
    urldecode: typed([s], (value: string) => {
      try {
        return decodeURIComponent(value.replaceAll('+', ' '));
      } catch {
        throw new Error(`invalid URL escape in ${JSON.stringify(value)}`);
      }
    }),
    urlencode: typed([s], (value: string) =>
      encodeURIComponent(value)
        .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('%20', '+'),
    ),
    b64enc: typed([s], (value: string) => Buffer.from(value).toString('base64')),
    b64dec: typed([s], (value: string) => Buffer.from(value, 'base64').toString()),
    bytes: typed([s], (value: string) => parseByteSize(value)),
    duration: typed([s], (value: string) => parseGoDuration(value) / 1000),
    duration_seconds: typed([s], (value: string) => parseGoDuration(value) / 1000),
    fromJson: typed([s], fromJson),
    default: typed([any, any], (fallback: unknown, value: unknown) =>
      value === undefined || value === null || value === '' || value === 0n || value === 0 || value === false
        ? fallback
        : value,
    ),

    int: typed([any], (value: unknown) => toInt(value)),
    float64: typed([any], (value: unknown) => toFloat(value)),
    add: typed(
      [any],
      (...values: unknown[]) => values.reduce((sum: bigint, value) => sum + toInt(value), 0n),
      {
        variadic: true,
      },
    ),
    sub: typed([any, any], (left: unknown, right: unknown) => toInt(left) - toInt(right)),
    mul: typed(
      [any, any],
      (first: unknown, ...rest: unknown[]) =>
        rest.reduce((product: bigint, value) => product * toInt(value), toInt(first)),
      { variadic: true },
    ),
    div: typed([any, any], (left: unknown, right: unknown) => divide(toInt(left), toInt(right))),
    mod: typed([any, any], (left: unknown, right: unknown) => {
      const divisor = toInt(right);
      divide(0n, divisor);
      return toInt(left) % divisor;
    }),
    addf: typed([any], (...values: unknown[]) => fold(0, values, (left, right) => left + right), {
      variadic: true,
    }),
    subf: typed([any, any], (first: unknown, ...rest: unknown[]) => fold(first, rest, (l, r) => l - r), {
      variadic: true,
    }),
    mulf: typed([any, any], (first: unknown, ...rest: unknown[]) => fold(first, rest, (l, r) => l * r), {
      variadic: true,
    }),
    divf: typed([any, any], (first: unknown, ...rest: unknown[]) => fold(first, rest, (l, r) => l / r), {
      variadic: true,
    }),
    max: typed([any], (...values: unknown[]) => values.map(toInt).reduce(larger), {
      variadic: true,
    }),
    min: typed([any], (...values: unknown[]) => values.map(toInt).reduce(smaller), {
      variadic: true,
    }),
    maxf: typed([any], (first: unknown, ...rest: unknown[]) => fold(first, rest, Math.max), {
      variadic: true,
    }),
    minf: typed([any], (first: unknown, ...rest: unknown[]) => fold(first, rest, Math.min), {
      variadic: true,
    }),
    ceil: typed([any], (value: unknown) => Math.ceil(toFloat(value))),
    floor: typed([any], (value: unknown) => Math.floor(toFloat(value))),
    round: typed(
      [any, any, any],
      (value: unknown, places: unknown, roundOn: unknown = 0.5) => {
        const power = 10 ** count(places);
        const digit = power * toFloat(value);
        return (digit - Math.floor(digit) >= toFloat(roundOn) ? Math.ceil(digit) : Math.floor(digit)) / power;
      },
      { variadic: true },
    ),

    now: typed([], () => timeOf(undefined, now)),
    date: typed([s, any], (layout: string, value: unknown) => timeOf(value, now).Format(layout)),
    toDate: typed([s, s], (layout: string, value: string) => parseGoTime(layout, value) ?? GoTime.zero),
    toDateInZone: typed(
      [s, s, s],
      (layout: string, zone: string, value: string) => parseGoTime(layout, value, zone) ?? GoTime.zero,
    ),
    unixEpoch: typed([any], (value: unknown) => String(timeOf(value, now).Unix())),
    unixEpochMillis: typed([any], (value: unknown) => String(timeOf(value, now).UnixMilli())),
    unixEpochNanos: typed([any], (value: unknown) => String(timeOf(value, now).UnixNano())),
    unixToTime: typed([any], unixToTime),
  };
}

import { formatFloat, formatValue, plainInteger, typeName } from './values.ts';

interface Spec {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}
const sizeLimit = 1_000_000;

/** Go's fmt.Sprintf for the values that templates know. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let out = '';
  let argument = 0;
  let index = 0;
  while (index < format.length) {
    const percent = format.indexOf('%', index);
    if (percent < 0) {
      out += format.slice(index);
      break;
    }
    out += format.slice(index, percent);
    index = percent + 1;
    const spec: Spec = {
      minus: false,
      plus: false,
      sharp: false,
      space: false,
      zero: false,
      width: undefined,
      precision: undefined,
    };
    flags: for (; index < format.length; index++)
      switch (format[index]) {
        case '-':
          spec.minus = true;
          spec.zero = false;
          break;
        case '+':
          spec.plus = true;
          break;
        case '#':
          spec.sharp = true;
          break;
        case ' ':
          spec.space = true;
          break;
        case '0':
          spec.zero = !spec.minus;
          break;
        default:
          break flags;
      }
    const size = (name: 'WIDTH' | 'PREC'): number | undefined => {
      if (format[index] === '*') {
        index++;
        const value = args[argument++];
        const number = typeof value === 'bigint' ? Number(value) : Number.NaN;
        if (!(Math.abs(number) <= sizeLimit) || (name === 'PREC' && number < 0)) {
          out += `%!(BAD${name})`;
          return undefined;
        }
        if (number < 0) {
          spec.minus = true;
          spec.zero = false;
        }
        return Math.abs(number);
      }
      const digits = /^\d+/.exec(format.slice(index, index + 12))?.[0];
      if (digits === undefined) return undefined;
      index += digits.length;
      if (Number(digits) <= sizeLimit) return Number(digits);
      out += `%!(BAD${name})`;
      return undefined;
    };
    spec.width = size('WIDTH');
    if (format[index] === '.') {
      index++;
      spec.precision = size('PREC') ?? 0;
    }
    const code = format.codePointAt(index);
    if (code === undefined) {
      out += '%!(NOVERB)';
      break;
    }
    const verb = String.fromCodePoint(code);
    index += verb.length;
    if (verb === '%') out += '%';
    else if (argument >= args.length) out += `%!${verb}(MISSING)`;
    else out += formatOne(verb, args[argument++], spec);
  }
  if (argument < args.length)
    out += `%!(EXTRA ${args
      .slice(argument)
      .map((value) => (value == null ? '<nil>' : `${typeName(value)}=${formatValue(value)}`))
      .join(', ')})`;
  return out;
}

/** Go's fmt.Sprint: a space between operands when neither is a string. */
export function sprint(args: readonly unknown[]): string {
  let out = '';
  args.forEach((value, index) => {
    if (index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string') out += ' ';
    out += formatValue(value);
  });
  return out;
}

function formatOne(verb: string, value: unknown, spec: Spec): string {
  if (verb === 'T') return pad(typeName(value), spec);
  if (value === null || value === undefined) return verb === 'v' ? pad('<nil>', spec) : `%!${verb}(<nil>)`;
  if (verb === 'v' && spec.sharp)
    return pad(typeof value === 'string' ? quote(value) : formatValue(value), spec);
  switch (typeof value) {
    case 'boolean':
      if (verb === 'v' || verb === 't') return pad(String(value), { ...spec, zero: false });
      break;
    case 'bigint':
      return formatInteger(verb, value, spec);
    case 'number':
      return formatNumber(verb, value, spec);
    case 'string':
      return formatText(verb, value, spec);
    case 'object': {
      const stringer = (value as { String?: unknown }).String;
      if (typeof stringer === 'function' && 'vsqxX'.includes(verb))
        return formatText(verb, String(stringer.call(value)), spec);
      const integer = plainInteger(value);
      if (typeof integer === 'bigint') return formatInteger(verb, integer, spec);
      if (verb === 'v') return pad(formatValue(value, spec.plus), spec);
      if (Array.isArray(value)) return `[${value.map((item) => formatOne(verb, item, spec)).join(' ')}]`;
      if (verb === 's') return pad(formatValue(value), spec);
      break;
    }
  }
  return bad(verb, value);
}

const bad = (verb: string, value: unknown) => `%!${verb}(${typeName(value)}=${formatValue(value)})`;

function formatText(verb: string, value: string, spec: Spec): string {
  const text = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  switch (verb) {
    case 'v':
    case 's':
      return pad(text, spec);
    case 'q':
      return pad(quote(text), spec);
    case 'x':
      return pad(Buffer.from(text).toString('hex'), spec);
    case 'X':
      return pad(Buffer.from(text).toString('hex').toUpperCase(), spec);
    default:
      return bad(verb, value);
  }
}

/** A string as Go's strconv.Quote writes it. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code === 7) out += '\\a';
    else if (code === 8) out += '\\b';
    else if (code === 11) out += '\\v';
    else if (code === 12) out += '\\f';
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code > 127 && /[\p{C}\p{Z}]/u.test(char))
      out +=
        code > 0xffff
          ? `\\U${code.toString(16).padStart(8, '0')}`
          : `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

function formatInteger(verb: string, value: bigint, spec: Spec): string {
  const bases: Readonly<Record<string, [number, string]>> = {
    v: [10, ''],
    d: [10, ''],
    b: [2, '0b'],
    o: [8, '0'],
    O: [8, ''],
    x: [16, '0x'],
    X: [16, '0X'],
  };
  const base = bases[verb];
  if (base === undefined) {
    if (verb === 'c' || verb === 'q') {
      const char = value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd';
      return pad(verb === 'c' ? char : `'${char}'`, spec);
    }
    if (verb === 'U') return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, spec);
    return bad(verb, value);
  }
  let digits = (value < 0n ? -value : value).toString(base[0]);
  if (verb === 'X') digits = digits.toUpperCase();
  if (spec.precision !== undefined) digits = digits.padStart(spec.precision, '0');
  const prefix = verb === 'O' ? '0o' : spec.sharp ? base[1] : '';
  const zero = spec.zero && spec.precision === undefined;
  return signed(value < 0n, prefix + digits, { ...spec, zero });
}

function formatNumber(verb: string, value: number, spec: Spec): string {
  if (!'vgGfFeE'.includes(verb)) return bad(verb, value);
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'NaN' : 'Inf';
    return signed(value < 0, name, {
      ...spec,
      zero: false,
      plus: spec.plus || (verb === 'v' && name === 'Inf'),
    });
  }
  const size = Math.abs(value);
  const negative = value < 0 || Object.is(value, -0);
  let digits: string;
  switch (verb) {
    case 'f':
    case 'F':
      digits = fixed(size, spec.precision ?? 6);
      break;
    case 'e':
    case 'E':
      digits = exponent(size.toExponential(Math.min(spec.precision ?? 6, 100)));
      break;
    default:
      digits = general(size, spec.precision, spec.sharp);
  }
  if (verb === 'E' || verb === 'G') digits = digits.toUpperCase();
  return signed(negative, digits, spec);
}

/** Exact decimal digits: toFixed gives up above 1e21 and past 100 places. */
function fixed(value: number, precision: number): string {
  const places = Math.min(precision, 100);
  const text =
    value >= 1e21
      ? BigInt(value).toString() + (places > 0 ? `.${'0'.repeat(places)}` : '')
      : value.toFixed(places);
  return precision > 100 ? text + '0'.repeat(precision - 100) : text;
}

const exponent = (text: string) =>
  text.replace(/e([+-])(\d+)$/, (_, sign: string, digits: string) => `e${sign}${digits.padStart(2, '0')}`);

function general(value: number, precision: number | undefined, keepZeros: boolean): string {
  if (precision === undefined) return formatFloat(value);
  const digits = Math.min(Math.max(precision, 1), 100);
  const power = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  const trim = (text: string) => (keepZeros || !text.includes('.') ? text : text.replace(/\.?0+(?=e|$)/, ''));
  if (power < -4 || power >= Math.max(digits, 1)) return trim(exponent(value.toExponential(digits - 1)));
  return trim(value.toFixed(Math.max(0, digits - 1 - power)));
}

function signed(negative: boolean, digits: string, spec: Spec): string {
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  if (spec.zero && spec.width !== undefined) return sign + digits.padStart(spec.width - sign.length, '0');
  return pad(sign + digits, { ...spec, zero: false });
}

function pad(text: string, spec: Spec): string {
  if (spec.width === undefined) return text;
  const missing = spec.width - [...text].length;
  if (missing <= 0) return text;
  if (spec.minus) return text + ' '.repeat(missing);
  return (spec.zero ? '0' : ' ').repeat(missing) + text;
}

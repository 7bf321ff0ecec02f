import {
  compareStrings,
  formatValue,
  type GoFunctions,
  quote,
  SafeHtml,
  typed,
  typeName,
} from '../../go-template/index.ts';
import { GoDuration, GoTime, isTimeZone } from '../../go-time/index.ts';
import { compileRegexp } from '../../regexp/regexp.ts';
import { goJson } from './go-json.ts';

/** Go changes the case of single characters: what would become several stays as it is, but for the dotted I. */
function eachCharacter(text: string, change: (character: string) => string): string {
  return Array.from(text, (one) => {
    const [first, ...more] = change(one);
    return more.length === 0 ? first : one === 'İ' ? 'i' : one;
  }).join('');
}

/** The functions that Alertmanager adds to Go's own. */
export const templateFunctions: GoFunctions = {
  toUpper: typed(['string'], (text: string) => eachCharacter(text, (one) => one.toUpperCase())),
  toLower: typed(['string'], (text: string) => eachCharacter(text, (one) => one.toLowerCase())),
  title: typed(['string'], (text: string) =>
    text
      .toLowerCase()
      .replace(
        /(^|[^\p{L}\p{N}'_])(\p{L})/gu,
        (_, before: string, letter: string) => before + letter.toUpperCase(),
      ),
  ),
  trimSpace: typed(['string'], (text: string) => text.trim()),
  join: typed(['string', 'any'], (separator: string, items: unknown) => {
    if (!Array.isArray(items)) throw new Error('wrong type for value; expected []string');
    return Array.from(items, (item) => formatValue(item)).join(separator);
  }),
  match: typed(['string', 'string'], (pattern: string, text: string) => compileRegexp(pattern).test(text)),
  reReplaceAll: typed(
    ['string', 'string', 'string'],
    (pattern: string, replacement: string, text: string) => {
      try {
        return compileRegexp(pattern).replaceAll(text, replacement);
      } catch (error) {
        throw new Error(`regexp: Compile(\`${pattern}\`): ${(error as Error).message}`);
      }
    },
  ),
  safeHtml: typed(['string'], (text: string) => new SafeHtml(text)),
  safeUrl: typed(['string'], (text: string) => text),
  urlUnescape: typed(['string'], (text: string) => {
    const bad = /%(?![\da-fA-F]{2}).{0,2}/s.exec(text)?.[0];
    if (bad !== undefined) throw new Error(`invalid URL escape ${quote(bad)}`);
    return decodeURIComponent(text.replaceAll('+', ' '));
  }),
  stringSlice: typed(['string'], (...items: string[]) => items, { variadic: true }),
  list: (...items: unknown[]) => items,
  append: (items: unknown[], ...more: unknown[]) => [...items, ...more],
  dict: (...items: unknown[]) => {
    if (items.length % 2 !== 0) throw new Error('dict requires an even number of arguments');
    const result = new Map<string, unknown>();
    for (let index = 0; index < items.length; index += 2) {
      const key = items[index];
      if (typeof key !== 'string') throw new Error('dict keys must be strings');
      result.set(key, items[index + 1]);
    }
    return result;
  },
  date: typed(['string', 'any'], (layout: string, time: GoTime) => time.Format(layout)),
  tz: typed(['string', 'any'], (zone: string, time: GoTime) => {
    if (zone === 'Local') return time.Local();
    if (zone !== '' && !isTimeZone(zone)) throw new Error(`unknown time zone ${zone}`);
    return time.in(zone === '' ? 'UTC' : zone);
  }),
  since: typed(['any'], (time: GoTime) => GoTime.ofMilliseconds(Date.now()).Sub(time)),
  now: () => GoTime.ofMilliseconds(Date.now()),
  humanizeDuration: typed(['any'], humanizeDuration),
  toJson: typed(['any'], (value: unknown) => goJson(plain(value))),
};

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return Array.from(value, plain);
  if (value instanceof Map && !('toJSON' in value))
    return Object.fromEntries(
      [...value].sort(([a], [b]) => compareStrings(a, b)).map(([key, item]) => [key, plain(item)]),
    );
  return value ?? null;
}

function humanizeDuration(value: unknown): string {
  const given = value instanceof GoDuration ? value.Seconds() : value;
  if (!['string', 'bigint', 'number'].includes(typeof given))
    throw new Error(`can't convert ${typeName(value)} to float`);
  const seconds = Number(given);
  if (typeof given === 'string' && !/^nan$/i.test(given) && (given.trim() === '' || Number.isNaN(seconds)))
    throw new Error(`strconv.ParseFloat: parsing ${quote(given)}: invalid syntax`);
  if (Number.isNaN(seconds)) return 'NaN';
  if (!Number.isFinite(seconds)) return seconds > 0 ? '+Inf' : '-Inf';
  if (seconds === 0) return '0s';
  const sign = seconds < 0 ? '-' : '';
  const size = Math.abs(seconds);
  if (size >= 1) {
    const [days, hours, minutes] = [
      Math.floor(size / 86_400),
      Math.floor(size / 3600) % 24,
      Math.floor(size / 60) % 60,
    ];
    const rest = Math.floor(size) % 60;
    if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${rest}s`;
    if (hours > 0) return `${sign}${hours}h ${minutes}m ${rest}s`;
    if (minutes > 0) return `${sign}${minutes}m ${rest}s`;
    return `${sign}${Number(size.toPrecision(4))}s`;
  }
  let scaled = size;
  for (const unit of ['m', 'u', 'n']) {
    scaled *= 1000;
    if (scaled >= 1) return `${sign}${Number(scaled.toPrecision(4))}${unit}s`;
  }
  return `${sign}${Number(scaled.toPrecision(4))}ns`;
}

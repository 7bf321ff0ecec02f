import { formatValue, type GoFunctions, SafeHtml, typed } from '../../go-template/index.ts';
import { GoTime, isTimeZone } from '../../go-time/index.ts';
import { compileRegexp } from '../../regexp/regexp.ts';
import { goJson } from './go-json.ts';

/** Go's longest duration, 2^63 - 1 nanoseconds: what the zero time is ago. */
const longestSeconds = 2 ** 63 / 1e9;

/** The functions that Alertmanager adds to Go's own. */
export const templateFunctions: GoFunctions = {
  toUpper: typed(['string'], (text: string) => text.toUpperCase()),
  toLower: typed(['string'], (text: string) => text.toLowerCase()),
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
  reReplaceAll: typed(['string', 'string', 'string'], (pattern: string, replacement: string, text: string) =>
    compileRegexp(pattern).replaceAll(text, replacement),
  ),
  safeHtml: typed(['string'], (text: string) => new SafeHtml(text)),
  safeUrl: typed(['string'], (text: string) => text),
  urlUnescape: typed(['string'], (text: string) => decodeURIComponent(text.replaceAll('+', ' '))),
  stringSlice: typed(['string'], (...items: string[]) => items, { variadic: true }),
  list: (...items: unknown[]) => items,
  append: (items: unknown[], ...more: unknown[]) => [...items, ...more],
  dict: (...items: unknown[]) => {
    if (items.length % 2 !== 0) throw new Error('expecting even number of args');
    const result = new Map<string, unknown>();
    for (let index = 0; index < items.length; index += 2) result.set(String(items[index]), items[index + 1]);
    return result;
  },
  date: typed(['string', 'any'], (layout: string, time: GoTime) => time.Format(layout)),
  tz: typed(['string', 'any'], (zone: string, time: GoTime) => {
    if (!isTimeZone(zone)) throw new Error(`unknown time zone ${zone}`);
    return time.in(zone);
  }),
  since: typed(['any'], (time: GoTime) =>
    Math.min((Date.now() - Number(time.UnixMilli())) / 1000, longestSeconds),
  ),
  now: () => GoTime.ofMilliseconds(Date.now()),
  humanizeDuration: typed(['any'], humanizeDuration),
  toJson: typed(['any'], (value: unknown) => goJson(plain(value))),
};

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return Array.from(value, plain);
  if (value instanceof Map && !('toJSON' in value))
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return value ?? null;
}

function humanizeDuration(value: unknown): string {
  const seconds = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return String(value);
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

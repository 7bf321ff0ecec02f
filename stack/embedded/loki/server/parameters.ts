import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { instantOfMilliseconds } from '../../go-time/index.ts';
import { parseNanoseconds } from '../ingest/push-json.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, difference } from '../storage/instant.ts';
import { quote } from '../units/go-text.ts';
import { HttpError } from './http-error.ts';

const hourNs = 3600 * 1e9;

/** Parses nanoseconds, seconds (up to ten digits, or with a fraction), or RFC 3339. Throws with Go's message. */
export function parseTime(text: string): Instant {
  if (/^-?\d*\.\d*$/.test(text) && text.length > 1) {
    const value = Number(text);
    const seconds = Math.floor(value);
    // As precise as Loki takes it.
    return { seconds, nanoseconds: Math.round((value - seconds) * 1000) * 1_000_000 };
  }
  if (/^[+-]?\d+$/.test(text)) {
    if (text.length <= 10) return { seconds: Number(text), nanoseconds: 0 };
    const instant = parseNanoseconds(text);
    if (instant !== undefined) return instant;
    throw new Error(`strconv.ParseInt: parsing ${quote(text)}: value out of range`);
  }
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(milliseconds)) throw new Error(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  return {
    seconds: milliseconds / 1000,
    nanoseconds: Number((match![2] ?? '').padEnd(9, '0').slice(0, 9)),
  };
}

function time(parameters: URLSearchParams, name: string): Instant | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  try {
    return parseTime(text);
  } catch (error) {
    throw new HttpError(400, `could not parse '${name}' parameter: ${(error as Error).message}`);
  }
}

export interface Bounds {
  readonly start: Instant;
  readonly end: Instant;
}

/** `start`, `end` and `since` of a request; without them the last hour (or as long as told). */
export function parseBounds(parameters: URLSearchParams, nowMs: number, sinceNs = hourNs): Bounds {
  const now = instantOfMilliseconds(nowMs);
  const end = time(parameters, 'end') ?? now;
  let since = sinceNs;
  const text = parameters.get('since');
  if (text !== null && text !== '') {
    try {
      since = parsePrometheusDuration(text) * 1e6;
    } catch (error) {
      throw new HttpError(400, `could not parse 'since' parameter: ${(error as Error).message}`);
    }
  }
  const latest = difference(end, now) > 0 ? now : end;
  return { start: time(parameters, 'start') ?? addNanoseconds(latest, -since), end };
}

/** `time` of an instant query; now without it. */
export function parseInstant(parameters: URLSearchParams, nowMs: number): Instant {
  const text = parameters.get('time');
  if (text === null || text === '') return instantOfMilliseconds(nowMs);
  try {
    return parseTime(text);
  } catch (error) {
    throw new HttpError(400, (error as Error).message);
  }
}

/** Nanoseconds of a number of seconds or of a duration. */
export function parseStep(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return Math.round(number * 1e9);
  try {
    return parsePrometheusDuration(text) * 1e6;
  } catch {
    throw new HttpError(400, `cannot parse ${quote(text)} to a valid duration`);
  }
}

/** Loki's default: 250 steps over the range, whole seconds, at least one. */
export function defaultStep({ start, end }: Bounds): number {
  return Math.max(1, Math.floor(difference(end, start) / 1e9 / 250)) * 1e9;
}

export function parseLimit(parameters: URLSearchParams, name: string, fallback: number): number {
  const text = parameters.get(name);
  if (text === null || text === '') return fallback;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new HttpError(400, `strconv.Atoi: parsing ${quote(text)}: invalid syntax`);
  }
  const limit = Number(text);
  if (limit <= 0) throw new HttpError(400, 'limit must be a positive value');
  return limit;
}

export function parseDirection(parameters: URLSearchParams): 'forward' | 'backward' {
  const text = parameters.get('direction');
  if (text === null || text === '') return 'backward';
  const direction = text.toLowerCase();
  if (direction !== 'forward' && direction !== 'backward') {
    throw new HttpError(400, `invalid direction '${text}'`);
  }
  return direction;
}

/** Refuses a range that ends before it starts, or is longer than allowed. */
export function checkRange({ start, end }: Bounds, maxLengthMs: number): void {
  const length = difference(end, start);
  if (length <= 0) throw new HttpError(400, 'end timestamp must not be before or equal to start time');
  if (maxLengthMs > 0 && length > maxLengthMs * 1e6) {
    throw new HttpError(
      400,
      `the query time range exceeds the limit (query length: ${goDuration(length)}, limit: ${modelDuration(maxLengthMs)})`,
    );
  }
}

function goDuration(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Number((seconds % 60).toFixed(9));
  return hours > 0 ? `${hours}h${minutes}m${rest}s` : minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

function modelDuration(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  let rest = milliseconds;
  let text = '';
  for (const [unit, factor] of units) {
    const count = Math.floor(rest / factor);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * factor;
  }
  return text === '' ? '0s' : text;
}

import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { parseMetricSelector } from '../promql/parser/parse.ts';
import type { Matcher } from '../storage/queryable.ts';
import { badData, invalidParameter, messageOf } from './api-error.ts';

/** The earliest and latest instants that Prometheus takes, in milliseconds; beyond is all of time. */
export const minTimeMs = -8_640_000_000_000_000;
export const maxTimeMs = 8_640_000_000_000_000;

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Seconds since the epoch or RFC 3339, into milliseconds. */
export function parseTime(text: string): number {
  if (number.test(text)) {
    const seconds = Number(text);
    const milliseconds = Math.round(seconds * 1000);
    if (Math.abs(milliseconds) <= maxTimeMs) return milliseconds;
    return milliseconds < 0 ? minTimeMs : maxTimeMs;
  }
  if (rfc3339.test(text)) {
    const milliseconds = Date.parse(text);
    if (!Number.isNaN(milliseconds)) return milliseconds;
  }
  // What clients send for "from the beginning" and "to the end" (Go's extreme times).
  if (text === '-292273086-05-16T16:47:06Z') return minTimeMs;
  if (text === '292277025-08-18T07:12:54.999999999Z') return maxTimeMs;
  throw new Error(`cannot parse ${JSON.stringify(text)} to a valid timestamp`);
}

/** Seconds or a Prometheus duration, into milliseconds. */
export function parseDuration(text: string): number {
  if (number.test(text)) {
    const milliseconds = Number(text) * 1000;
    if (Math.abs(milliseconds) > 9_223_372_036_854) {
      throw new Error(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    }
    return Math.round(milliseconds);
  }
  try {
    return parsePrometheusDuration(text);
  } catch {
    throw new Error(`cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
}

/** An optional instant; a wrong one is named. */
export function timeParameter(parameters: URLSearchParams, name: string, fallbackMs: number): number {
  const text = parameters.get(name) ?? '';
  if (text === '') return fallbackMs;
  try {
    return parseTime(text);
  } catch (error) {
    throw invalidParameter(name, `invalid time value for '${name}': ${messageOf(error)}`);
  }
}

/** `limit`: 0 or nothing is no limit. */
export function limitParameter(parameters: URLSearchParams): number {
  const text = parameters.get('limit') ?? '';
  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text))
    throw invalidParameter('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (value < 0) throw invalidParameter('limit', 'limit must be non-negative');
  return value;
}

/** `match[]` as matcher sets. Throws errors without a parameter's name, which some endpoints add. */
export function matcherSets(texts: readonly string[]): (readonly Matcher[])[] {
  return texts.map((text) => {
    let matchers: readonly Matcher[];
    try {
      ({ matchers } = parseMetricSelector(text));
    } catch (error) {
      throw badData(messageOf(error));
    }
    if (matchers.every((matcher) => matcher.matches('')))
      throw badData('match[] must contain at least one non-empty matcher');
    return matchers;
  });
}

/** Go's strconv.ParseBool. */
export function parseBoolean(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

import { parseGoDuration } from '../../duration/go-duration.ts';

/** A query parameter that cannot be used: answered with 400 in the API's own shape. */
export class BadParameter extends Error {
  override readonly name = 'BadParameter';
}

/** The first value of a parameter; empty when it is absent. */
export function parameter(url: URL, name: string): string {
  return url.searchParams.get(name) ?? '';
}

/** Go's strconv.ParseInt in base 10. */
export function parseInteger(text: string, bits = 64): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, value) !== value)
    throw new Error(`strconv.ParseInt: parsing ${quote(text)}: value out of range`);
  return value;
}

/** Go's strconv.ParseUint in base 10. */
export function parseUnsigned(text: string, bits: number): number {
  if (!/^\d+$/.test(text)) throw new Error(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`);
  const value = BigInt(text);
  if (value >= 1n << BigInt(bits))
    throw new Error(`strconv.ParseUint: parsing ${quote(text)}: value out of range`);
  return Number(value);
}

/** Go's strconv.ParseBool. */
export function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${quote(text)}: invalid syntax`);
}

/** A Go duration in nanoseconds. */
export function parseDurationNanos(text: string): bigint {
  return BigInt(Math.round(parseGoDuration(text) * 1e6));
}

/** An RFC 3339 time, up to nanoseconds, as Unix nanoseconds. */
export function parseRfc3339Nanos(text: string): bigint {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(seconds)) {
    throw new Error(
      `parsing time ${quote(text)} as "2006-01-02T15:04:05.999999999Z07:00": cannot parse ${quote(text)} as RFC 3339`,
    );
  }
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

function quote(text: string): string {
  return JSON.stringify(text);
}

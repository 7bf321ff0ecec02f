import { goQuote } from './go-quote.ts';

export class DurationError extends Error {}

/** Durations are 64-bit nanoseconds in Prometheus. */
export const maxDurationMs = 9_223_372_036_854;

/** A number literal: decimal, hexadecimal, Go's octal (`010`), with underscores, `Inf` and `NaN` in any case. */
export function parseNumber(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase();
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === 'nan') return Number.NaN;
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  const value = Number(text);
  if (Number.isNaN(value)) {
    throw new DurationError(
      `error parsing number: strconv.ParseFloat: parsing ${goQuote(source)}: invalid syntax`,
    );
  }
  return value;
}

const unitsMs: Readonly<Record<string, number>> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};
const ordered = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];

/** A duration literal such as `1h30m`: each unit once, larger ones first. */
export function parseDurationSeconds(source: string): number {
  const match = ordered.exec(source);
  if (match === null) throw new DurationError(`not a valid duration string: ${goQuote(source)}`);
  let ms = 0;
  for (const [index, unit] of units.entries()) {
    const digits = match[index + 1];
    if (digits !== undefined) ms += Number(digits) * unitsMs[unit]!;
  }
  if (ms > maxDurationMs) throw new DurationError('duration out of range');
  return ms / 1000;
}

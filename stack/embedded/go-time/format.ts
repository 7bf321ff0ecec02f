import type { Instant } from './instant.ts';
import { days, layoutPiece, months } from './layout.ts';
import { offsetText, zoneAbbreviation, zoneOffsetSeconds } from './zone.ts';

/** A moment as a clock and a calendar of its zone show it. */
export interface WallClock {
  readonly instant: Instant;
  readonly zone: string;
  readonly offsetSeconds: number;
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  /** From Sunday, 0. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export function wallClock(instant: Instant, zone: string): WallClock {
  const offsetSeconds = zoneOffsetSeconds(zone, instant.seconds);
  const date = new Date((instant.seconds + offsetSeconds) * 1000);
  const newYear = new Date(date).setUTCMonth(0, 1);
  return {
    instant,
    zone,
    offsetSeconds,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    yearDay: Math.round((date.getTime() - newYear) / 86_400_000) + 1,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

const padded = (value: number, size = 2): string => String(value).padStart(size, '0');
const numericZone = (at: WallClock, colon: '' | ':'): string => offsetText(at.offsetSeconds, colon);
/** `Z` for UTC. */
const isoZone = (at: WallClock, text: string): string => (at.offsetSeconds === 0 ? 'Z' : text);

const pieces: Readonly<Record<string, (at: WallClock) => string>> = {
  '2006': ({ year }) => padded(year, 4),
  '06': ({ year }) => padded(year % 100),
  January: ({ month }) => months[month]!,
  Jan: ({ month }) => months[month]!.slice(0, 3),
  '01': ({ month }) => padded(month + 1),
  '1': ({ month }) => String(month + 1),
  '02': ({ day }) => padded(day),
  _2: ({ day }) => String(day).padStart(2),
  '2': ({ day }) => String(day),
  '002': ({ yearDay }) => padded(yearDay, 3),
  Monday: ({ weekday }) => days[weekday]!,
  Mon: ({ weekday }) => days[weekday]!.slice(0, 3),
  '15': ({ hour }) => padded(hour),
  '03': ({ hour }) => padded(hour % 12 || 12),
  '3': ({ hour }) => String(hour % 12 || 12),
  '04': ({ minute }) => padded(minute),
  '4': ({ minute }) => String(minute),
  '05': ({ second }) => padded(second),
  '5': ({ second }) => String(second),
  PM: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  pm: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  MST: ({ zone, instant }) => zoneAbbreviation(zone, instant.seconds),
  '-07:00': (at) => numericZone(at, ':'),
  '-0700': (at) => numericZone(at, ''),
  '-07': (at) => numericZone(at, '').slice(0, 3),
  'Z07:00': (at) => isoZone(at, numericZone(at, ':')),
  Z0700: (at) => isoZone(at, numericZone(at, '')),
  Z07: (at) => isoZone(at, numericZone(at, '').slice(0, 3)),
};

/** `.000` writes all its digits, `.999` none that are zeros at the end. */
function fraction(piece: string, nanoseconds: number): string {
  const digits = padded(nanoseconds, 9).slice(0, piece.length - 1);
  if (piece[1] === '0') return piece[0] + digits;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : piece[0] + trimmed;
}

/** Writes a moment by a layout that shows Go's reference time, Mon Jan 2 15:04:05 MST 2006. */
export function formatTime(layout: string, at: WallClock): string {
  return layout.replace(
    layoutPiece,
    (piece) => pieces[piece]?.(at) ?? fraction(piece, at.instant.nanoseconds),
  );
}

import { GoTime } from './go-time.ts';
import { layoutPiece, months } from './layout.ts';
import { isTimeZone, zoneOffsetSeconds } from './zone.ts';

/** What the pieces of a text say; what none of them says is as in Go's zero time. */
interface Fields {
  year: number;
  /** From 0; -1 for a name that is none. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  offsetSeconds: number | undefined;
  afternoon: boolean | undefined;
}

/**
 * Reads a text by a layout; undefined when it does not fit (then Go's functions yield the zero time). A text without an
 * offset is taken as the zone's time, as UTC where there is no such zone.
 */
export function parseGoTime(layout: string, text: string, zone = 'UTC'): GoTime | undefined {
  const { pattern, pieces } = compile(layout);
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const fields: Fields = {
    year: 1,
    month: 0,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    offsetSeconds: undefined,
    afternoon: undefined,
  };
  for (const [index, piece] of pieces.entries()) read(piece, found[index + 1] ?? '', fields);
  const { year, month, day, minute, second, nanoseconds, offsetSeconds, afternoon } = fields;
  const hour = afternoon === undefined ? fields.hour : (fields.hour % 12) + (afternoon ? 12 : 0);
  if (month < 0 || month > 11 || hour > 24 || minute > 59 || second > 60) return undefined;
  // Date.UTC takes the years before 100 for ones of the twentieth century.
  const date = new Date(Date.UTC(2000, month, day, hour, minute, second));
  date.setUTCFullYear(year);
  const local = date.getTime() / 1000;
  const known = isTimeZone(zone) ? zone : 'UTC';
  return new GoTime(
    { seconds: local - (offsetSeconds ?? zoneOffsetSeconds(known, local)), nanoseconds },
    known,
  );
}

function compile(layout: string): { readonly pattern: RegExp; readonly pieces: readonly string[] } {
  const pieces: string[] = [];
  let source = '';
  let last = 0;
  for (const { 0: piece, index } of layout.matchAll(layoutPiece)) {
    source += escapeRegExp(layout.slice(last, index)) + patternOf(piece);
    last = index + piece.length;
    pieces.push(piece);
  }
  source += escapeRegExp(layout.slice(last));
  return { pattern: new RegExp(`^${source}$`), pieces };
}

function patternOf(piece: string): string {
  if (/^[.,]/.test(piece)) return '([.,]\\d+)?';
  if (/Jan|Mon|MST/.test(piece)) return '([A-Za-z]+)';
  if (/PM|pm/.test(piece)) return '([AaPp][Mm])';
  if (/07/.test(piece)) return '(Z|[+-]\\d{2}:?(?:\\d{2})?)';
  if (piece === '2006') return '(\\d{4})';
  return '\\s*(\\d{1,2})';
}

function read(piece: string, value: string, fields: Fields): void {
  switch (piece) {
    case '2006':
      fields.year = Number(value);
      return;
    case '06':
      fields.year = Number(value) + (Number(value) >= 69 ? 1900 : 2000);
      return;
    case 'January':
    case 'Jan':
      fields.month = months.findIndex(
        (name) => name.slice(0, 3).toLowerCase() === value.slice(0, 3).toLowerCase(),
      );
      return;
    case '01':
    case '1':
      fields.month = Number(value) - 1;
      return;
    case '02':
    case '_2':
    case '2':
      fields.day = Number(value);
      return;
    case '15':
    case '03':
    case '3':
      fields.hour = Number(value);
      return;
    case '04':
    case '4':
      fields.minute = Number(value);
      return;
    case '05':
    case '5':
      fields.second = Number(value);
      return;
    case 'PM':
    case 'pm':
      fields.afternoon = /p/i.test(value);
      return;
  }
  if (/07/.test(piece)) fields.offsetSeconds = readOffset(value);
  else if (/^[.,]/.test(piece) && value !== '')
    fields.nanoseconds = Number(value.slice(1).padEnd(9, '0').slice(0, 9));
}

/** `Z`, `+01`, `-0330`, `+05:30` */
function readOffset(value: string): number {
  if (value === 'Z') return 0;
  const digits = value.replace(/\D/g, '').padEnd(4, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return value.startsWith('-') ? -seconds : seconds;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

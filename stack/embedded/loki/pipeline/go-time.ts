import { goType } from '../../go-template/index.ts';
import type { Instant } from './stage.ts';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const layoutToken =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|002|01|02|03|04|05|06|15|PM|pm|_2|[.,]0+|[.,]9+|1|2|3|4|5/g;

/** A point in time as Go's templates know it (time.Time). */
export class GoTime {
  readonly [goType] = 'time.Time';
  readonly instant: Instant;
  readonly zone: string;

  constructor(instant: Instant, zone = 'UTC') {
    this.instant = instant;
    this.zone = zone;
  }

  String(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST');
  }

  Unix(): bigint {
    return BigInt(this.instant.seconds);
  }

  UnixNano(): bigint {
    return BigInt(this.instant.seconds) * 1_000_000_000n + BigInt(this.instant.nanoseconds);
  }

  UnixMilli(): bigint {
    return this.UnixNano() / 1_000_000n;
  }

  Year(): bigint {
    return BigInt(this.#parts().year);
  }

  #parts() {
    const offsetSeconds = zoneOffset(this.zone, this.instant.seconds);
    const date = new Date((this.instant.seconds + offsetSeconds) * 1000);
    return {
      offsetSeconds,
      year: date.getUTCFullYear(),
      month: date.getUTCMonth(),
      day: date.getUTCDate(),
      weekday: date.getUTCDay(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      yearDay: Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
    };
  }

  /** Formats by a layout that shows Go's reference time, Mon Jan 2 15:04:05 MST 2006. */
  Format(layout: string): string {
    const parts = this.#parts();
    const two = (value: number): string => String(value).padStart(2, '0');
    const offset = (colon: string): string => {
      const minutes = Math.trunc(Math.abs(parts.offsetSeconds) / 60);
      return `${parts.offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
    };
    const hour12 = parts.hour % 12 === 0 ? 12 : parts.hour % 12;
    return layout.replace(layoutToken, (token) => {
      switch (token) {
        case 'January':
          return months[parts.month]!;
        case 'Jan':
          return months[parts.month]!.slice(0, 3);
        case 'Monday':
          return days[parts.weekday]!;
        case 'Mon':
          return days[parts.weekday]!.slice(0, 3);
        case '2006':
          return String(parts.year).padStart(4, '0');
        case '06':
          return two(parts.year % 100);
        case '01':
          return two(parts.month + 1);
        case '1':
          return String(parts.month + 1);
        case '02':
          return two(parts.day);
        case '_2':
          return String(parts.day).padStart(2, ' ');
        case '2':
          return String(parts.day);
        case '002':
          return String(parts.yearDay).padStart(3, '0');
        case '15':
          return two(parts.hour);
        case '03':
          return two(hour12);
        case '3':
          return String(hour12);
        case '04':
          return two(parts.minute);
        case '4':
          return String(parts.minute);
        case '05':
          return two(parts.second);
        case '5':
          return String(parts.second);
        case 'PM':
          return parts.hour >= 12 ? 'PM' : 'AM';
        case 'pm':
          return parts.hour >= 12 ? 'pm' : 'am';
        case 'MST':
          return this.zone === 'UTC' || parts.offsetSeconds === 0 ? 'UTC' : offset('').slice(0, 3);
        case '-0700':
          return offset('');
        case '-07:00':
          return offset(':');
        case '-07':
          return offset('').slice(0, 3);
        case 'Z0700':
          return parts.offsetSeconds === 0 ? 'Z' : offset('');
        case 'Z07:00':
          return parts.offsetSeconds === 0 ? 'Z' : offset(':');
        default: {
          const digits = String(this.instant.nanoseconds)
            .padStart(9, '0')
            .slice(0, token.length - 1);
          if (token[1] === '0') return token[0] + digits;
          const trimmed = digits.replace(/0+$/, '');
          return trimmed === '' ? '' : token[0] + trimmed;
        }
      }
    });
  }
}

/** Seconds east of UTC that a zone (`Local`, `UTC`, `Europe/Berlin`) has at an instant; UTC for one unknown. */
function zoneOffset(zone: string, seconds: number): number {
  if (zone === 'UTC' || zone === '' || zone === 'Local') return 0;
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(new Date(seconds * 1000));
    const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
    const local = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
    return Math.round(local / 1000 - seconds);
  } catch {
    return 0;
  }
}

/** Parses a text by a layout; undefined when it does not fit (then Go's functions yield the zero time). */
export function parseGoTime(layout: string, text: string, zone = 'UTC'): GoTime | undefined {
  const names: string[] = [];
  let source = '';
  let last = 0;
  for (const match of layout.matchAll(layoutToken)) {
    source += escapeRegExp(layout.slice(last, match.index));
    last = match.index + match[0].length;
    const token = match[0];
    names.push(token);
    if (/^[.,]/.test(token)) source += '([.,]\\d+)?';
    else if (/January|Jan|Mon|MST/.test(token)) source += '([A-Za-z]+)';
    else if (/PM|pm/.test(token)) source += '([AaPp][Mm])';
    else if (/07/.test(token)) source += '(Z|[+-]\\d{2}:?(?:\\d{2})?)';
    else if (token === '2006') source += '(\\d{4})';
    else source += '\\s*(\\d{1,2})';
  }
  source += escapeRegExp(layout.slice(last));
  const found = new RegExp(`^${source}$`).exec(text);
  if (found === null) return undefined;
  let [year, month, day, hour, minute, second, nanoseconds] = [1, 0, 1, 0, 0, 0, 0];
  let offset: number | undefined;
  let afternoon: boolean | undefined;
  names.forEach((token, index) => {
    const value = found[index + 1] ?? '';
    if (token === '2006') year = Number(value);
    else if (token === '06') year = Number(value) + (Number(value) >= 69 ? 1900 : 2000);
    else if (token === '01' || token === '1') month = Number(value) - 1;
    else if (token === 'Jan' || token === 'January') {
      month = months.findIndex((name) => name.slice(0, 3).toLowerCase() === value.slice(0, 3).toLowerCase());
    } else if (token === '02' || token === '2' || token === '_2') day = Number(value);
    else if (token === '15' || token === '03' || token === '3') hour = Number(value);
    else if (token === '04' || token === '4') minute = Number(value);
    else if (token === '05' || token === '5') second = Number(value);
    else if (token === 'PM' || token === 'pm') afternoon = /p/i.test(value);
    else if (/07/.test(token)) {
      const sign = value.startsWith('-') ? -1 : 1;
      const digits = value.replace(/\D/g, '').padEnd(4, '0');
      offset = value === 'Z' ? 0 : sign * (Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60);
    } else if (/^[.,]/.test(token) && value !== '')
      nanoseconds = Number(value.slice(1).padEnd(9, '0').slice(0, 9));
  });
  if (afternoon !== undefined) hour = (hour % 12) + (afternoon ? 12 : 0);
  if (month < 0 || month > 11 || hour > 24 || minute > 59 || second > 60) return undefined;
  const date = new Date(Date.UTC(2000, month, day, hour, minute, second));
  date.setUTCFullYear(year);
  const local = date.getTime() / 1000;
  return new GoTime({ seconds: local - (offset ?? zoneOffset(zone, local)), nanoseconds }, zone);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

import { goType } from '../../go-template/index.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
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
const layoutParts =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|Z07:00|Z0700|002|01|02|03|04|05|06|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|_2|1|2|3|4|5/g;

/** A moment as templates see Go's time.Time; no milliseconds stand for the zero time. */
export class GoTime {
  readonly milliseconds: number | undefined;
  readonly zone: string;

  constructor(milliseconds: number | undefined, zone = 'UTC') {
    this.milliseconds = milliseconds;
    this.zone = zone;
  }
  get [goType]() {
    return 'time.Time';
  }
  /** Go's reference-time layouts: `2006-01-02 15:04:05`. */
  Format(layout: string): string {
    const { year, month, day, hour, minute, second, weekday, offsetMinutes } = this.#fields();
    const ms = (this.milliseconds ?? 0) % 1000;
    const pad = (value: number, size = 2) => String(value).padStart(size, '0');
    const offset = (colon: string) =>
      `${offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offsetMinutes) / 60))}${colon}${pad(Math.abs(offsetMinutes) % 60)}`;
    return layout.replace(layoutParts, (part) => {
      switch (part) {
        case '2006':
          return pad(year, 4);
        case '06':
          return pad(year % 100);
        case '01':
          return pad(month);
        case '1':
          return String(month);
        case 'January':
          return months[month - 1] ?? '';
        case 'Jan':
          return (months[month - 1] ?? '').slice(0, 3);
        case '02':
          return pad(day);
        case '_2':
          return String(day).padStart(2);
        case '2':
          return String(day);
        case 'Monday':
          return days[weekday] ?? '';
        case 'Mon':
          return (days[weekday] ?? '').slice(0, 3);
        case '15':
          return pad(hour);
        case '03':
          return pad(hour % 12 || 12);
        case '3':
          return String(hour % 12 || 12);
        case '04':
          return pad(minute);
        case '4':
          return String(minute);
        case '05':
          return pad(second);
        case '5':
          return String(second);
        case 'PM':
          return hour < 12 ? 'AM' : 'PM';
        case 'pm':
          return hour < 12 ? 'am' : 'pm';
        case 'MST':
          return this.#zoneName();
        case '-0700':
          return offset('');
        case '-07:00':
          return offset(':');
        case 'Z07:00':
          return offsetMinutes === 0 ? 'Z' : offset(':');
        case 'Z0700':
          return offsetMinutes === 0 ? 'Z' : offset('');
        case '002':
          return pad(Math.floor((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1, 3);
      }
      const digits = part.slice(1);
      const fraction = `${pad(ms, 3)}000000`.slice(0, digits.length).padEnd(digits.length, '0');
      if (digits.startsWith('0')) return part[0] + fraction;
      const trimmed = fraction.replace(/0+$/, '');
      return trimmed === '' ? '' : part[0] + trimmed;
    });
  }
  Unix(): bigint {
    return BigInt(Math.floor((this.milliseconds ?? -62_135_596_800_000) / 1000));
  }
  UnixMilli(): bigint {
    return BigInt(this.milliseconds ?? -62_135_596_800_000);
  }
  IsZero(): boolean {
    return this.milliseconds === undefined;
  }
  UTC(): GoTime {
    return new GoTime(this.milliseconds);
  }
  Local(): GoTime {
    return new GoTime(this.milliseconds, Intl.DateTimeFormat().resolvedOptions().timeZone);
  }
  Year(): bigint {
    return BigInt(this.#fields().year);
  }
  Hour(): bigint {
    return BigInt(this.#fields().hour);
  }
  Before(other: GoTime): boolean {
    return this.UnixMilli() < other.UnixMilli();
  }
  After(other: GoTime): boolean {
    return this.UnixMilli() > other.UnixMilli();
  }
  String(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST');
  }
  toJSON(): string {
    return this.Format('2006-01-02T15:04:05.999999999Z07:00');
  }
  #fields() {
    const at = this.milliseconds;
    if (at === undefined)
      return { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, weekday: 1, offsetMinutes: 0 };
    const local = this.zone === 'UTC' ? at : at + zoneOffsetMs(at, this.zone);
    const date = new Date(local);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: date.getUTCDay(),
      offsetMinutes: (local - at) / 60_000,
    };
  }
  #zoneName(): string {
    if (this.zone === 'UTC') return 'UTC';
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: this.zone,
      timeZoneName: 'short',
    }).formatToParts(this.milliseconds ?? 0);
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? this.zone;
  }
}

function zoneOffsetMs(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((item) => item.type === type)?.value);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(at / 1000) * 1000;
}

import type { Node } from 'yaml';
import { ConfigError, type Decoder, type Schema } from '../config/decode.ts';

interface Range {
  readonly begin: number;
  readonly end: number;
}
/** When a route is muted or active; every kind of range that is given must hold, any range of a kind suffices. */
export interface TimeInterval {
  readonly times?: readonly { readonly start_time: string; readonly end_time: string }[];
  readonly weekdays?: readonly Range[];
  readonly days_of_month?: readonly Range[];
  readonly months?: readonly Range[];
  readonly years?: readonly Range[];
  readonly location?: string;
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const fail = (message: string): never => {
  throw new ConfigError(message);
};

function parseRange(text: string, kind: 'weekdays' | 'days_of_month' | 'months' | 'years'): Range {
  const parts = text.split(':');
  if (parts.length > 2) fail(`couldn't parse range ${text}, invalid format`);
  const [begin, end = begin] = parts.map((part) => parseMember(part.trim().toLowerCase(), kind)) as [
    number,
    number?,
  ];
  if (kind === 'days_of_month') {
    if (begin === 0 || begin < -31 || begin > 31)
      fail(`${begin} is not a valid day of the month: out of range`);
    if (end === 0 || end < -31 || end > 31) fail(`${end} is not a valid day of the month: out of range`);
    if (begin < 0 && end > 0) fail('end day must be negative if start day is negative');
    const [from, to] = [begin, end].map((day) => (day < 0 ? 31 + day : day)) as [number, number];
    if (begin > 0 === end > 0 && from > to) fail(`end day ${end} is always before start day ${begin}`);
  } else if (begin > end) {
    if (kind === 'weekdays') fail('start day cannot be before end day');
    fail(
      `${kind === 'months' ? 'end month' : 'end year'} ${parts[1]} is before start ${kind === 'months' ? 'month' : 'year'} ${parts[0]}`,
    );
  }
  return { begin, end };
}

function parseMember(text: string, kind: 'weekdays' | 'days_of_month' | 'months' | 'years'): number {
  const name =
    kind === 'weekdays' ? weekdays.indexOf(text) : kind === 'months' ? months.indexOf(text) + 1 : -1;
  if (kind === 'weekdays') return name >= 0 ? name : fail(`${text} is not a valid weekday`);
  if (kind === 'months' && name > 0) return name;
  if (!/^[+-]?\d+$/.test(text)) {
    if (kind === 'months') fail(`${text} is not a valid month`);
    fail(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  // A month's number is not checked by the real one either: 13 never comes.
  return Number(text);
}

function checkTime(text: string): number {
  const match = /^(\d\d):(\d\d)$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  if (!(minutes <= 24 * 60) || Number(match?.[2]) > 59)
    fail(`couldn't parse timestamp ${text}, invalid format`);
  return minutes;
}

function rangeSchema(kind: 'weekdays' | 'days_of_month' | 'months' | 'years'): Schema {
  return {
    kind: 'list',
    itemType: `timeinterval.${{ weekdays: 'WeekdayRange', days_of_month: 'DayOfMonthRange', months: 'MonthRange', years: 'YearRange' }[kind]}`,
    item: {
      kind: 'custom',
      decode: (decoder: Decoder, node: Node | null) => {
        const text = decoder.decode({ kind: 'scalar', type: 'string' }, node);
        return typeof text === 'string' ? parseRange(text, kind) : undefined;
      },
    },
  };
}

const text: Schema = { kind: 'scalar', type: 'string' };
const field = (name: string, schema: Schema) => ({ name, schema, omitEmpty: true });
const none = () => ({});

export const timeIntervalSchema: Schema = {
  kind: 'struct',
  type: 'timeinterval.TimeInterval',
  defaults: none,
  fields: [
    field('times', {
      kind: 'list',
      itemType: 'timeinterval.TimeRange',
      item: {
        kind: 'struct',
        type: 'timeinterval.yamlTimeRange',
        fields: [field('start_time', text), field('end_time', text)],
        defaults: none,
        validate: (values) => {
          if (values.start_time === undefined || values.end_time === undefined)
            fail('both start and end times must be provided');
          const start = checkTime(String(values.start_time));
          if (start >= checkTime(String(values.end_time)))
            fail('start time cannot be equal or greater than end time');
        },
      },
    }),
    field('weekdays', rangeSchema('weekdays')),
    field('days_of_month', rangeSchema('days_of_month')),
    field('months', rangeSchema('months')),
    field('years', rangeSchema('years')),
    field('location', text),
  ],
  validate: (values) => {
    const location = values.location;
    if (typeof location !== 'string' || location === 'Local') return;
    try {
      new Intl.DateTimeFormat('en', { timeZone: location });
    } catch {
      fail(`unknown time zone ${location}`);
    }
  },
};

/** Whether a moment lies in the interval, in the interval's own time zone (UTC unless it names one). */
export function containsTime(interval: TimeInterval, atMs: number): boolean {
  const local = inZone(atMs, interval.location);
  const within = (ranges: readonly Range[] | undefined, value: number) =>
    ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end);
  if (interval.times !== undefined) {
    const minute = local.hour * 60 + local.minute;
    if (
      !interval.times.some((range) => minute >= minutes(range.start_time) && minute < minutes(range.end_time))
    )
      return false;
  }
  if (!within(interval.years, local.year) || !within(interval.months, local.month)) return false;
  if (!within(interval.weekdays, local.weekday)) return false;
  if (interval.days_of_month === undefined) return true;
  const days = new Date(Date.UTC(local.year, local.month, 0)).getUTCDate();
  const real = (day: number) => Math.max(1, Math.min(days, day < 0 ? days + day + 1 : day));
  return interval.days_of_month.some(({ begin, end }) => {
    // A range that starts after the month has ended never holds.
    if (begin > days) return false;
    return local.day >= real(begin) && local.day <= real(end);
  });
}

const minutes = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

function inZone(atMs: number, location: string | undefined) {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...(location === 'Local' ? {} : { timeZone: location ?? 'UTC' }),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    weekday: 'long',
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? '';
  return {
    year: Number(part('year')),
    month: Number(part('month')),
    day: Number(part('day')),
    hour: Number(part('hour')),
    minute: Number(part('minute')),
    weekday: weekdays.indexOf(part('weekday').toLowerCase()),
  };
}

export { months as monthNames, weekdays as weekdayNames };

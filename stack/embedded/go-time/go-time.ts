import { goInteger, goType, typeName } from '../go-template/index.ts';
import { formatTime, type WallClock, wallClock } from './format.ts';
import { GoDuration } from './go-duration.ts';
import { type Instant, instantOfMilliseconds, zeroInstant } from './instant.ts';
import { days, months } from './layout.ts';
import { NamedInteger } from './named-integer.ts';
import { isSummer, zoneOffsetSeconds } from './zone.ts';

const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const wrongType = (wanted: string, given: unknown): Error =>
  new Error(`wrong type for value; expected ${wanted}; got ${typeName(given)}`);

function nanosOf(time: unknown): bigint {
  if (!(time instanceof GoTime)) throw wrongType('time.Time', time);
  return time.UnixNano();
}

/** A point in time as Go's templates know it (time.Time): its methods are those that a template may call. */
export class GoTime {
  readonly instant: Instant;
  /** A zone that `isTimeZone` knows. */
  readonly zone: string;

  constructor(instant: Instant, zone = 'UTC') {
    this.instant = instant;
    this.zone = zone;
  }

  static readonly zero: GoTime = new GoTime(zeroInstant);

  static ofMilliseconds(milliseconds: number): GoTime {
    return new GoTime(instantOfMilliseconds(milliseconds));
  }

  get [goType]() {
    return 'time.Time';
  }

  Format(layout: string): string {
    if (typeof layout !== 'string') throw wrongType('string', layout);
    return formatTime(layout, this.#wallClock());
  }
  String(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST');
  }
  toJSON(): string {
    return this.Format('2006-01-02T15:04:05.999999999Z07:00');
  }

  GoString(): string {
    const { year, month, day, hour, minute, second } = this.#wallClock();
    const zone =
      this.zone === 'UTC' ? 'time.UTC' : this.zone === localZone() ? 'time.Local' : 'time.Location';
    return `time.Date(${year}, time.${months[month]}, ${day}, ${hour}, ${minute}, ${second}, ${this.instant.nanoseconds}, ${zone})`;
  }

  Unix(): bigint {
    return BigInt(this.instant.seconds);
  }
  UnixMilli(): bigint {
    return this.Unix() * 1000n + BigInt(Math.floor(this.instant.nanoseconds / 1_000_000));
  }
  UnixNano(): bigint {
    return this.Unix() * 1_000_000_000n + BigInt(this.instant.nanoseconds);
  }
  UnixMicro(): bigint {
    return this.Unix() * 1_000_000n + BigInt(Math.floor(this.instant.nanoseconds / 1_000));
  }
  Year(): bigint {
    return BigInt(this.#wallClock().year);
  }
  Month(): NamedInteger {
    const { month } = this.#wallClock();
    return new NamedInteger('time.Month', month + 1, months[month]!);
  }
  Day(): bigint {
    return BigInt(this.#wallClock().day);
  }
  YearDay(): bigint {
    return BigInt(this.#wallClock().yearDay);
  }
  Weekday(): NamedInteger {
    const { weekday } = this.#wallClock();
    return new NamedInteger('time.Weekday', weekday, days[weekday]!);
  }
  Hour(): bigint {
    return BigInt(this.#wallClock().hour);
  }
  Minute(): bigint {
    return BigInt(this.#wallClock().minute);
  }
  Second(): bigint {
    return BigInt(this.#wallClock().second);
  }
  Nanosecond(): bigint {
    return BigInt(this.instant.nanoseconds);
  }
  IsDST(): boolean {
    return isSummer(this.zone, this.instant.seconds);
  }
  Location(): string {
    return this.zone;
  }

  IsZero(): boolean {
    return this.UnixNano() === GoTime.zero.UnixNano();
  }
  Before(other: unknown): boolean {
    return this.UnixNano() < nanosOf(other);
  }
  After(other: unknown): boolean {
    return this.UnixNano() > nanosOf(other);
  }
  Equal(other: unknown): boolean {
    return this.UnixNano() === nanosOf(other);
  }
  Compare(other: unknown): bigint {
    return this.Before(other) ? -1n : this.After(other) ? 1n : 0n;
  }

  Add(duration: unknown): GoTime {
    return this.#at(this.UnixNano() + GoDuration.of(duration)[goInteger]);
  }
  Sub(other: unknown): GoDuration {
    return new GoDuration(this.UnixNano() - nanosOf(other));
  }
  /** Years, months and days on the calendar; the 31st of a month that has none is in the next. */
  AddDate(years: bigint, months: bigint, days: bigint): GoTime {
    for (const given of [years, months, days]) if (typeof given !== 'bigint') throw wrongType('int', given);
    const { year, month, day, hour, minute, second } = this.#wallClock();
    const there = Date.UTC(
      year + Number(years),
      month + Number(months),
      day + Number(days),
      hour,
      minute,
      second,
    );
    const seconds = there / 1000;
    // The offset of that day, not of this one.
    const guess = seconds - zoneOffsetSeconds(this.zone, seconds);
    return new GoTime(
      { seconds: seconds - zoneOffsetSeconds(this.zone, guess), nanoseconds: this.instant.nanoseconds },
      this.zone,
    );
  }
  /** Down to a multiple since the year 1. */
  Truncate(to: unknown): GoTime {
    const unit = GoDuration.of(to)[goInteger];
    if (unit <= 0n) return this;
    return this.#at(this.UnixNano() - ((this.UnixNano() - GoTime.zero.UnixNano()) % unit));
  }
  /** To the nearest multiple since the year 1, and from the middle upwards. */
  Round(to: unknown): GoTime {
    const unit = GoDuration.of(to)[goInteger];
    if (unit <= 0n) return this;
    const rest = (this.UnixNano() - GoTime.zero.UnixNano()) % unit;
    return this.#at(this.UnixNano() - rest + (2n * rest < unit ? 0n : unit));
  }

  /** The same moment in another zone. */
  in(zone: string): GoTime {
    return new GoTime(this.instant, zone);
  }
  UTC(): GoTime {
    return this.in('UTC');
  }
  Local(): GoTime {
    return this.in(localZone());
  }

  #at(nanoseconds: bigint): GoTime {
    const second = 1_000_000_000n;
    const rest = ((nanoseconds % second) + second) % second;
    return new GoTime(
      { seconds: Number((nanoseconds - rest) / second), nanoseconds: Number(rest) },
      this.zone,
    );
  }

  #wallClock(): WallClock {
    return wallClock(this.instant, this.zone);
  }
}

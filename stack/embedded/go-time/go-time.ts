import { goType } from '../go-template/index.ts';
import { formatTime, type WallClock, wallClock } from './format.ts';
import { type Instant, instantOfMilliseconds, zeroInstant } from './instant.ts';

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
    return formatTime(layout, this.#wallClock());
  }
  String(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST');
  }
  toJSON(): string {
    return this.Format('2006-01-02T15:04:05.999999999Z07:00');
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
  Year(): bigint {
    return BigInt(this.#wallClock().year);
  }
  Hour(): bigint {
    return BigInt(this.#wallClock().hour);
  }

  IsZero(): boolean {
    return this.UnixNano() === GoTime.zero.UnixNano();
  }
  Before(other: GoTime): boolean {
    return this.UnixNano() < other.UnixNano();
  }
  After(other: GoTime): boolean {
    return this.UnixNano() > other.UnixNano();
  }

  /** The same moment in another zone. */
  in(zone: string): GoTime {
    return new GoTime(this.instant, zone);
  }
  UTC(): GoTime {
    return this.in('UTC');
  }
  Local(): GoTime {
    return this.in(Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  #wallClock(): WallClock {
    return wallClock(this.instant, this.zone);
  }
}

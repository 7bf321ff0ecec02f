import { goInteger, goType, typeName } from '../go-template/index.ts';

const longest = 2n ** 63n - 1n;
const second = 1_000_000_000n;

/** A length of time as Go's templates know it (time.Duration): nanoseconds, within what 64 bits hold. */
export class GoDuration {
  readonly [goInteger]: bigint;

  constructor(nanoseconds: bigint) {
    this[goInteger] =
      nanoseconds > longest ? longest : nanoseconds < -longest - 1n ? -longest - 1n : nanoseconds;
  }

  /**
   * What a template hands over where Go wants a duration: one, or a constant of nanoseconds.
   * @throws in Go's words for anything else
   */
  static of(value: unknown): GoDuration {
    if (value instanceof GoDuration) return value;
    if (typeof value === 'bigint') return new GoDuration(value);
    if (typeof value === 'number' && Number.isInteger(value)) return new GoDuration(BigInt(value));
    throw new Error(`wrong type for value; expected time.Duration; got ${typeName(value)}`);
  }

  get [goType]() {
    return 'time.Duration';
  }

  Nanoseconds(): bigint {
    return this[goInteger];
  }
  Microseconds(): bigint {
    return this[goInteger] / 1_000n;
  }
  Milliseconds(): bigint {
    return this[goInteger] / 1_000_000n;
  }
  Seconds(): number {
    return this.#inUnitsOf(second);
  }
  Minutes(): number {
    return this.#inUnitsOf(60n * second);
  }
  Hours(): number {
    return this.#inUnitsOf(3600n * second);
  }
  Abs(): GoDuration {
    return this[goInteger] < 0n ? new GoDuration(-this[goInteger]) : this;
  }
  /** Towards zero, to a multiple. */
  Truncate(to: unknown): GoDuration {
    const unit = GoDuration.of(to)[goInteger];
    return unit <= 0n ? this : new GoDuration(this[goInteger] - (this[goInteger] % unit));
  }
  /** To the nearest multiple, and from the middle away from zero. */
  Round(to: unknown): GoDuration {
    const unit = GoDuration.of(to)[goInteger];
    if (unit <= 0n) return this;
    const rest = this.Abs()[goInteger] % unit;
    const size = this.Abs()[goInteger] - rest + (2n * rest < unit ? 0n : unit);
    return new GoDuration(this[goInteger] < 0n ? -size : size);
  }
  toJSON(): number {
    return Number(this[goInteger]);
  }
  /** `1h15m30.918s`, `2.5µs`, `0s` */
  String(): string {
    const size = this.Abs()[goInteger];
    const sign = this[goInteger] < 0n ? '-' : '';
    if (size === 0n) return '0s';
    if (size < second) {
      const [unit, name] =
        size < 1_000n ? [1n, 'ns'] : size < 1_000_000n ? [1_000n, 'µs'] : [1_000_000n, 'ms'];
      return `${sign}${decimal(size, unit)}${name}`;
    }
    const minutes = size / (60n * second);
    const rest = `${decimal(size % (60n * second), second)}s`;
    if (minutes === 0n) return `${sign}${rest}`;
    return minutes < 60n ? `${sign}${minutes}m${rest}` : `${sign}${minutes / 60n}h${minutes % 60n}m${rest}`;
  }

  #inUnitsOf(unit: bigint): number {
    return Number(this[goInteger] / unit) + Number(this[goInteger] % unit) / Number(unit);
  }
}

/** A quotient with the digits that it has, and no more. */
function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction =
    digits === 0
      ? ''
      : String(value % unit)
          .padStart(digits, '0')
          .replace(/0+$/, '');
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}

/** Writes bits, most significant first, into a buffer that grows. */
export class BitWriter {
  #bytes: Uint8Array;
  #bits = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Writes the low `count` (1 to 32) bits of `value`. */
  write(value: number, count: number): void {
    if ((this.#bits + count + 7) >>> 3 > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    let left = count;
    while (left > 0) {
      const free = 8 - (this.#bits & 7);
      const take = Math.min(free, left);
      const part = (value >>> (left - take)) & ((1 << take) - 1);
      this.#bytes[this.#bits >>> 3]! |= part << (free - take);
      this.#bits += take;
      left -= take;
    }
  }

  /** The bytes written so far, with `padding` zero bytes that let a reader look ahead. */
  finish(padding: number): Uint8Array {
    return this.#bytes.slice(0, ((this.#bits + 7) >>> 3) + padding);
  }
}

/** Zero bytes that must follow the last one of a buffer under a `BitReader`. */
export const readerPadding = 3;

/** Reads what `BitWriter` wrote. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #bits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads 1 to 25 bits as an unsigned number. */
  readShort(count: number): number {
    const at = this.#bits >>> 3;
    const bytes = this.#bytes;
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const value = (word << (this.#bits & 7)) >>> (32 - count);
    this.#bits += count;
    return value;
  }

  /** Reads 1 to 32 bits as an unsigned number. */
  read(count: number): number {
    if (count <= 25) return this.readShort(count);
    const high = this.readShort(count - 16);
    return ((high << 16) | this.readShort(16)) >>> 0;
  }
}

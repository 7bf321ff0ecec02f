import { goInteger, goType } from '../go-template/index.ts';

/** An integer of a named type that prints as text: a weekday, a month. It compares and is formatted as the integer. */
export class NamedInteger {
  readonly [goInteger]: bigint;
  readonly [goType]: string;
  readonly #text: string;

  constructor(type: string, value: number, text: string) {
    this[goInteger] = BigInt(value);
    this[goType] = type;
    this.#text = text;
  }

  String(): string {
    return this.#text;
  }
}

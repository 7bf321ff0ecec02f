/** A label set: sorted by name, without empty values, comparable by `key`. Immutable. */
export class Labels {
  /** Names and values, sorted by name. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  #key: string | undefined;

  private constructor(pairs: readonly (readonly [string, string])[]) {
    this.pairs = pairs;
  }

  static readonly empty = new Labels([]);

  /** Sorts and drops empty values, which Prometheus treats as absent labels. */
  static from(labels: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Labels {
    const source = Symbol.iterator in labels ? [...labels] : Object.entries(labels);
    const pairs = source.filter(([, value]) => value !== '');
    pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return pairs.length === 0 ? Labels.empty : new Labels(pairs);
  }

  /** The value, or the empty string when the label is absent. */
  get(name: string): string {
    for (const [key, value] of this.pairs) if (key === name) return value;
    return '';
  }

  has(name: string): boolean {
    return this.pairs.some(([key]) => key === name);
  }

  /** A canonical text: equal exactly when the label sets are equal. */
  get key(): string {
    this.#key ??= this.pairs.map(([name, value]) => `${name}\u0001${value}`).join('\u0002');
    return this.#key;
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.pairs);
  }
}

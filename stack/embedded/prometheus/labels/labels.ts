import { goQuote } from '../promql/parser/go-quote.ts';

export type LabelPair = readonly [name: string, value: string];

/** The labels that say what a series is, rather than whose: dropped when a value is no longer of that metric. */
function isMetadata(name: string): boolean {
  return name === '__name__' || name === '__type__' || name === '__unit__';
}

/** A label set: sorted by name, without empty values, comparable by `key`. Immutable. */
export class Labels {
  /** Names and values, sorted by name. */
  readonly pairs: readonly LabelPair[];
  #key: string | undefined;
  #nameless: Labels | undefined;

  private constructor(pairs: readonly LabelPair[]) {
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

  /** The same labels from other pairs, which are equal to these one by one: so that many sets can share them. */
  sharing(pair: (own: LabelPair) => LabelPair): Labels {
    return this === Labels.empty ? this : new Labels(this.pairs.map(pair));
  }

  /** Negative, zero or positive: by the first name or value that differs, a shorter set first. */
  static compare(a: Labels, b: Labels): number {
    const common = Math.min(a.pairs.length, b.pairs.length);
    for (let index = 0; index < common; index++) {
      const pairA = a.pairs[index]!;
      const pairB = b.pairs[index]!;
      // Stored series share their pairs.
      if (pairA === pairB) continue;
      const [nameA, valueA] = pairA;
      const [nameB, valueB] = pairB;
      if (nameA !== nameB) return nameA < nameB ? -1 : 1;
      if (valueA !== valueB) return valueA < valueB ? -1 : 1;
    }
    return a.pairs.length - b.pairs.length;
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
    if (this.#key === undefined) {
      let key = '';
      for (const [name, value] of this.pairs) key += `${name}\u0001${value}\u0002`;
      this.#key = key;
    }
    return this.#key;
  }

  /** Without `__name__`, `__type__` and `__unit__`. */
  withoutName(): Labels {
    this.#nameless ??= this.#filter((name) => !isMetadata(name));
    return this.#nameless;
  }

  /** Without the named labels. */
  without(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => !names.has(name));
  }

  /** Only the named labels. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => names.has(name));
  }

  /** With the label set to the value; an empty value removes it. */
  with(label: string, value: string): Labels {
    if (this.get(label) === value) return this;
    return Labels.from([...this.pairs.filter(([name]) => name !== label), [label, value]]);
  }

  #filter(wanted: (name: string) => boolean): Labels {
    const pairs = this.pairs.filter(([name]) => wanted(name));
    if (pairs.length === this.pairs.length) return this;
    return pairs.length === 0 ? Labels.empty : new Labels(pairs);
  }

  /** As Go prints it in Prometheus's messages: `{__name__="up", job="api"}`. */
  toString(): string {
    const parts = this.pairs.map(([name, value]) => {
      const shown = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : goQuote(name);
      return `${shown}=${goQuote(value)}`;
    });
    return `{${parts.join(', ')}}`;
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.pairs);
  }
}

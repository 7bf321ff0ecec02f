import type { Labels } from '../labels/labels.ts';
import type { Matcher, MatchOperator } from './queryable.ts';
import type { MemorySeries } from './series.ts';

type Postings = Map<number, MemorySeries>;

/** The inverted index: label name, label value, the series that carry it in order of creation. */
export class LabelIndex {
  readonly #names = new Map<string, Map<string, Postings>>();
  readonly #all: Postings = new Map();

  add(series: MemorySeries): void {
    this.#all.set(series.ref, series);
    for (const [name, value] of series.labels.pairs) {
      let values = this.#names.get(name);
      if (values === undefined) {
        values = new Map();
        this.#names.set(name, values);
      }
      let postings = values.get(value);
      if (postings === undefined) {
        postings = new Map();
        values.set(value, postings);
      }
      postings.set(series.ref, series);
    }
  }

  /** The labels with the very pairs of series that are here already: thousands of series have few different ones. */
  share(labels: Labels): Labels {
    return labels.sharing((own) => {
      const [name, value] = own;
      const series = this.#names.get(name)?.get(value)?.values().next().value;
      return series?.labels.pairs.find((pair) => pair[0] === name) ?? own;
    });
  }

  remove(series: MemorySeries): void {
    this.#all.delete(series.ref);
    for (const [name, value] of series.labels.pairs) {
      const values = this.#names.get(name);
      const postings = values?.get(value);
      postings?.delete(series.ref);
      if (postings?.size === 0) values?.delete(value);
      if (values?.size === 0) this.#names.delete(name);
    }
  }

  /** Every series, in order of creation. */
  all(): Iterable<MemorySeries> {
    return this.#all.values();
  }

  /** Label names with their values and the number of series of each. */
  entries(): Iterable<readonly [name: string, values: ReadonlyMap<string, { readonly size: number }>]> {
    return this.#names.entries();
  }

  /** The matching series, in order of creation. */
  match(matchers: readonly Matcher[]): MemorySeries[] {
    let base: Postings | undefined;
    let baseMatcher: Matcher | undefined;
    for (const matcher of matchers) {
      if (matcher.operator !== '=' || matcher.value === '') continue;
      const postings = this.#names.get(matcher.name)?.get(matcher.value);
      if (postings === undefined) return [];
      if (base === undefined || postings.size < base.size) {
        base = postings;
        baseMatcher = matcher;
      }
    }
    const rest = matchers.filter((matcher) => matcher !== baseMatcher).map(remembering);
    if (base !== undefined) return filter(base.values(), rest);

    // No equality: start from the values that the most selective regular expression accepts.
    const positive = rest.find((matcher) => matcher.operator === '=~' && !matcher.matches(''));
    if (positive === undefined) return filter(this.#all.values(), rest);
    const found: MemorySeries[] = [];
    const others = rest.filter((matcher) => matcher !== positive);
    for (const [value, postings] of this.#names.get(positive.name) ?? []) {
      if (positive.matches(value)) found.push(...filter(postings.values(), others));
    }
    return found.sort((a, b) => a.ref - b.ref);
  }
}

interface Filter {
  readonly name: string;
  readonly operator: MatchOperator;
  matches(value: string): boolean;
}

/** A label has few values and many series: each value is put to the regular expression once. */
function remembering(matcher: Matcher): Filter {
  if (matcher.operator === '=' || matcher.operator === '!=') return matcher;
  const known = new Map<string, boolean>();
  return {
    name: matcher.name,
    operator: matcher.operator,
    matches(value) {
      let verdict = known.get(value);
      if (verdict === undefined) {
        verdict = matcher.matches(value);
        known.set(value, verdict);
      }
      return verdict;
    },
  };
}

function filter(candidates: Iterable<MemorySeries>, matchers: readonly Filter[]): MemorySeries[] {
  const found: MemorySeries[] = [];
  for (const series of candidates) {
    if (matchers.every((matcher) => matcher.matches(series.labels.get(matcher.name)))) found.push(series);
  }
  return found;
}

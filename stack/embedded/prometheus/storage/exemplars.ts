import type { Labels } from '../labels/labels.ts';
import type { Matcher } from './queryable.ts';

export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
}

export interface SeriesExemplars {
  readonly seriesLabels: Labels;
  readonly exemplars: Exemplar[];
}

/** OpenMetrics: names and values of an exemplar's labels together are at most this many characters. */
const maxLabelCharacters = 128;

/** The newest exemplars of all series, in a ring of fixed size. */
export class ExemplarRing {
  readonly #ring: { series: Labels; exemplar: Exemplar }[] = [];
  #capacity: number;
  #next = 0;
  readonly #newest = new Map<string, Exemplar>();
  appended = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#ring.length;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Series that have an exemplar in the ring. */
  get seriesCount(): number {
    return this.#newest.size;
  }

  /** Changes the size, keeping the newest. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const ordered = this.#inOrder().slice(-capacity || this.#ring.length);
    this.#capacity = capacity;
    this.#ring.length = 0;
    this.#next = 0;
    this.#newest.clear();
    if (capacity > 0) for (const entry of ordered) this.#put(entry.series, entry.exemplar);
  }

  /** Takes an exemplar; one that is older than the series' newest, equal to it, or too long is left out. */
  append(series: Labels, exemplar: Exemplar): boolean {
    if (this.#capacity <= 0) return false;
    const length = exemplar.labels.pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (length > maxLabelCharacters) return false;
    const newest = this.#newest.get(series.key);
    if (newest !== undefined) {
      if (exemplar.timeMs < newest.timeMs) return false;
      if (newest.labels.key === exemplar.labels.key && newest.value === exemplar.value) return false;
      if (exemplar.timeMs === newest.timeMs) return false;
    }
    this.#put(series, exemplar);
    this.appended++;
    return true;
  }

  /** Exemplars of matching series in `[minMs, maxMs]`, by series in label order, ascending in time. */
  select(sets: readonly (readonly Matcher[])[], minMs: number, maxMs: number): SeriesExemplars[] {
    const found = new Map<string, SeriesExemplars>();
    const refused = new Set<string>();
    for (const { series, exemplar } of this.#inOrder()) {
      if (exemplar.timeMs < minMs || exemplar.timeMs > maxMs || refused.has(series.key)) continue;
      let entry = found.get(series.key);
      if (entry === undefined) {
        if (!sets.some((set) => set.every((matcher) => matcher.matches(series.get(matcher.name))))) {
          refused.add(series.key);
          continue;
        }
        entry = { seriesLabels: series, exemplars: [] };
        found.set(series.key, entry);
      }
      entry.exemplars.push(exemplar);
    }
    return [...found.values()].sort((a, b) => (a.seriesLabels.key < b.seriesLabels.key ? -1 : 1));
  }

  #put(series: Labels, exemplar: Exemplar): void {
    const evicted = this.#ring[this.#next];
    if (evicted !== undefined && this.#newest.get(evicted.series.key) === evicted.exemplar) {
      this.#newest.delete(evicted.series.key);
    }
    this.#ring[this.#next] = { series, exemplar };
    this.#next = (this.#next + 1) % this.#capacity;
    this.#newest.set(series.key, exemplar);
  }

  #inOrder(): { series: Labels; exemplar: Exemplar }[] {
    if (this.#ring.length < this.#capacity) return this.#ring;
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }
}

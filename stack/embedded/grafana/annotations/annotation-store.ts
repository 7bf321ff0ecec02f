export interface Annotation {
  readonly id: number;
  readonly dashboardUID: string;
  readonly panelId: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly timeEnd: number;
  readonly tags: readonly string[];
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: number;
  readonly updated: number;
}

export type AnnotationFields = Omit<Annotation, 'id' | 'created' | 'updated'>;

export interface AnnotationFilter {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly tags: readonly string[];
  readonly matchAny: boolean;
  readonly dashboardUID?: string | undefined;
  readonly limit: number;
}

/** Annotations in memory; beyond the limit the oldest by creation go. */
export class AnnotationStore {
  readonly #limit: number;
  readonly #annotations = new Map<number, Annotation>();
  #lastId = 0;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  add(fields: AnnotationFields, nowMs: number): Annotation {
    this.#lastId += 1;
    const annotation = { ...fields, id: this.#lastId, created: nowMs, updated: nowMs };
    this.#annotations.set(annotation.id, annotation);
    if (this.#annotations.size > this.#limit)
      this.#annotations.delete(this.#annotations.keys().next().value!);
    return annotation;
  }

  get(id: number): Annotation | undefined {
    return this.#annotations.get(id);
  }

  /** Returns false when there is none of that ID. */
  change(id: number, fields: Partial<AnnotationFields>, nowMs: number): boolean {
    const annotation = this.#annotations.get(id);
    if (annotation === undefined) return false;
    this.#annotations.set(id, { ...annotation, ...fields, updated: nowMs });
    return true;
  }

  delete(id: number): boolean {
    return this.#annotations.delete(id);
  }

  /** Those that overlap the time range, the latest end first, as Grafana lists them. */
  find(filter: AnnotationFilter): Annotation[] {
    const { from, to, tags, matchAny, dashboardUID, limit } = filter;
    return [...this.#annotations.values()]
      .filter((annotation) => {
        if (from !== undefined && annotation.timeEnd < from) return false;
        if (to !== undefined && annotation.time > to) return false;
        if (dashboardUID !== undefined && annotation.dashboardUID !== dashboardUID) return false;
        if (tags.length === 0) return true;
        return matchAny
          ? tags.some((tag) => annotation.tags.includes(tag))
          : tags.every((tag) => annotation.tags.includes(tag));
      })
      .sort((a, b) => b.timeEnd - a.timeEnd || b.time - a.time || b.id - a.id)
      .slice(0, limit);
  }
}

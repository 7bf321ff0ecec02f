import { type SpanKind, spanKindName } from '../model/span.ts';

export interface Operation {
  readonly name: string;
  /** Empty for unspecified. */
  readonly spanKind: string;
}

/**
 * The services and operations ever seen. Like Jaeger's memory storage it outlives evicted traces; unlike it, it is
 * bounded: beyond the limit the operation seen first is forgotten, so a span name with an ID in it costs no memory.
 */
export class OperationIndex {
  readonly #limit: number;
  readonly #services = new Map<string, Map<string, Operation>>();
  #size = 0;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  add(service: string, name: string, kind: SpanKind): void {
    let operations = this.#services.get(service);
    if (operations === undefined) {
      operations = new Map();
      this.#services.set(service, operations);
    }
    const key = `${kind}${name}`;
    if (operations.has(key)) return;
    operations.set(key, { name, spanKind: spanKindName(kind) });
    this.#size += 1;
    if (this.#size > this.#limit) this.#forgetOne();
  }

  services(): string[] {
    return [...this.#services.keys()].sort();
  }

  /** Of all kinds when `spanKind` is empty; sorted by name, then kind. */
  operations(service: string, spanKind = ''): Operation[] {
    return [...(this.#services.get(service)?.values() ?? [])]
      .filter((operation) => spanKind === '' || operation.spanKind === spanKind)
      .sort((a, b) => compare(a.name, b.name) || compare(a.spanKind, b.spanKind));
  }

  /** From the service with the most operations: it is the one whose names are not names. */
  #forgetOne(): void {
    let largest: [string, Map<string, Operation>] | undefined;
    for (const entry of this.#services)
      if (largest === undefined || entry[1].size > largest[1].size) largest = entry;
    if (largest === undefined) return;
    const [service, operations] = largest;
    const first = operations.keys().next().value;
    if (first !== undefined) operations.delete(first);
    if (operations.size === 0) this.#services.delete(service);
    this.#size -= 1;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

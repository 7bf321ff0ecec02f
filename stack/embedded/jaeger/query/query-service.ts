import { adjustTrace } from '../adjust/adjust.ts';
import type { Span } from '../model/span.ts';
import { type DependencyLink, findDependencies } from '../storage/dependencies.ts';
import { findTraces, type TraceQuery } from '../storage/find-traces.ts';
import type { Operation } from '../storage/operation-index.ts';
import type { StoredTrace, TraceStore } from '../storage/trace-store.ts';

/** What both query APIs ask: traces as stored (`raw`) or adjusted for people. */
export class QueryService {
  readonly #store: TraceStore;
  readonly #maxClockSkewMs: number;

  constructor(store: TraceStore, maxClockSkewMs: number) {
    this.#store = store;
    this.#maxClockSkewMs = maxClockSkewMs;
  }

  services(): string[] {
    return this.#store.operations.services();
  }

  operations(service: string, spanKind: string): Operation[] {
    return this.#store.operations.operations(service, spanKind);
  }

  getTrace(traceId: string, raw = false): readonly Span[] | undefined {
    const trace = this.#store.get(traceId);
    return trace === undefined ? undefined : this.#spans(trace, raw);
  }

  /**
   * The traces found, adjusted one at a time as they are asked for: an answer may hold more than fits into memory
   * beside the store.
   */
  findTraces(query: TraceQuery, raw = false): { count: number; traces: Iterable<readonly Span[]> } {
    const found = findTraces(this.#store, query);
    const spans = (trace: StoredTrace): readonly Span[] => this.#spans(trace, raw);
    return {
      count: found.length,
      traces: (function* () {
        for (const trace of found) yield spans(trace);
      })(),
    };
  }

  dependencies(startNanos: bigint, endNanos: bigint): DependencyLink[] {
    return findDependencies(this.#store, startNanos, endNanos);
  }

  #spans(trace: StoredTrace, raw: boolean): readonly Span[] {
    return raw ? trace.spans : adjustTrace(trace.spans, this.#maxClockSkewMs);
  }
}

import { adjustTrace } from '../adjust/adjust.ts';
import type { Span } from '../model/span.ts';
import { type DependencyLink, findDependencies } from '../storage/dependencies.ts';
import { findTraces, type TraceQuery } from '../storage/find-traces.ts';
import type { Operation } from '../storage/operation-index.ts';
import type { StoredTrace, TraceStore } from '../storage/trace-store.ts';
import { BadParameter } from './parameters.ts';

/** About 100 MiB as objects and JSON. */
const maxAnswerSpans = 20_000;

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
   * Throws BadParameter when the answer would hold more spans than fit into memory beside the store. One trace alone
   * is always answered: the store bounds it.
   */
  findTraces(query: TraceQuery, raw = false): (readonly Span[])[] {
    const found = findTraces(this.#store, query);
    const spans = found.reduce((sum, trace) => sum + trace.spans.length, 0);
    if (found.length > 1 && spans > maxAnswerSpans) {
      throw new BadParameter(
        `the ${found.length} traces found have ${spans} spans, more than the ${maxAnswerSpans} that one answer may hold; lower the limit or narrow the search`,
      );
    }
    return found.map((trace) => this.#spans(trace, raw));
  }

  /** One adjusted trace at a time, for answers that keep only little of each. */
  *eachFound(query: TraceQuery): Generator<readonly Span[]> {
    for (const trace of findTraces(this.#store, query)) yield this.#spans(trace, false);
  }

  dependencies(startNanos: bigint, endNanos: bigint): DependencyLink[] {
    return findDependencies(this.#store, startNanos, endNanos);
  }

  #spans(trace: StoredTrace, raw: boolean): readonly Span[] {
    return raw ? trace.spans : adjustTrace(trace.spans, this.#maxClockSkewMs);
  }
}

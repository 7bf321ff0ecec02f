import type { Resource, Scope } from '../../otlp/value.ts';
import { sharedSizeBytes, spanSizeBytes } from '../model/size.ts';
import { type Span, serviceNameOf } from '../model/span.ts';
import { OperationIndex } from './operation-index.ts';

export interface TraceStoreLimits {
  /** Jaeger's `memory.max_traces`. */
  readonly maxTraces: number;
  /** Bytes of spans held, as `spanSizeBytes` estimates them. */
  readonly maxBytes: number;
}

export interface StoredTrace {
  readonly traceId: string;
  /** In order of arrival. */
  readonly spans: readonly Span[];
}

interface Entry {
  readonly traceId: string;
  readonly spans: Span[];
  readonly services: Set<string>;
  readonly shared: Set<Resource | Scope>;
  bytes: number;
}

/**
 * Traces in memory, bounded by number and by bytes; what arrived first goes first, whole. Nothing survives a
 * restart. One trace may take at most a quarter of the bytes: its further spans are dropped and counted, so that a
 * runaway trace does not push out all others.
 */
export class TraceStore {
  readonly operations = new OperationIndex();
  readonly #limits: TraceStoreLimits;
  /** Insertion order is order of arrival. */
  readonly #traces = new Map<string, Entry>();
  #bytes = 0;
  #spans = 0;
  #evictedTraces = 0;
  #droppedSpans = 0;

  constructor(limits: TraceStoreLimits) {
    this.#limits = limits;
  }

  get statistics() {
    return {
      traces: this.#traces.size,
      spans: this.#spans,
      bytes: this.#bytes,
      evictedTraces: this.#evictedTraces,
      droppedSpans: this.#droppedSpans,
    };
  }

  write(spans: readonly Span[]): void {
    const maxTraceBytes = this.#limits.maxBytes / 4;
    for (const span of spans) {
      let entry = this.#traces.get(span.traceId);
      if (entry === undefined) {
        entry = { traceId: span.traceId, spans: [], services: new Set(), shared: new Set(), bytes: 400 };
        this.#traces.set(span.traceId, entry);
        this.#bytes += entry.bytes;
      }
      let size = spanSizeBytes(span);
      if (!entry.shared.has(span.resource)) size += sharedSizeBytes(span.resource);
      if (!entry.shared.has(span.scope)) size += sharedSizeBytes(span.scope);
      if (entry.bytes + size > maxTraceBytes) {
        this.#droppedSpans += 1;
        continue;
      }
      entry.shared.add(span.resource).add(span.scope);
      entry.spans.push(span);
      const service = serviceNameOf(span.resource);
      entry.services.add(service);
      this.operations.add(service, span.name, span.kind);
      entry.bytes += size;
      this.#bytes += size;
      this.#spans += 1;
    }
    this.#evict();
  }

  get(traceId: string): StoredTrace | undefined {
    const entry = this.#traces.get(traceId);
    return entry === undefined || entry.spans.length === 0 ? undefined : entry;
  }

  /** Newest arrival first; with a service, only the traces it takes part in. */
  *newestFirst(service = ''): Generator<StoredTrace> {
    const entries = [...this.#traces.values()];
    for (let index = entries.length - 1; index >= 0; index -= 1) {
      const entry = entries[index]!;
      if (entry.spans.length > 0 && (service === '' || entry.services.has(service))) yield entry;
    }
  }

  #evict(): void {
    if (this.#traces.size <= this.#limits.maxTraces && this.#bytes <= this.#limits.maxBytes) return;
    for (const [traceId, entry] of this.#traces) {
      if (this.#traces.size <= this.#limits.maxTraces && this.#bytes <= this.#limits.maxBytes) return;
      this.#traces.delete(traceId);
      this.#bytes -= entry.bytes;
      this.#spans -= entry.spans.length;
      this.#evictedTraces += 1;
    }
  }
}

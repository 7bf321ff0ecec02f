import { LRUCache } from 'lru-cache';
import { spanSizeBytes } from '../model/size.ts';
import type { Span } from '../model/span.ts';
import { createPolicy } from './create-policy.ts';
import { type Decision, decide } from './decide.ts';
import type { PolicyDecision, SamplingPolicy } from './policy.ts';
import type { TailSamplingConfig } from './tail-sampling-config.ts';

/** What the sampler reports of itself; the metrics listen. */
export interface SamplerEvents {
  newTrace(): void;
  policyDecision(policy: string, decision: PolicyDecision, spans: number): void;
  decision(decision: Decision): void;
  droppedTooEarly(traces: number): void;
  lateSpan(ageSeconds: number): void;
  earlyRelease(sampled: boolean, spans: number): void;
}

interface PendingTrace {
  readonly traceId: string;
  readonly arrivedMs: number;
  /** Emptied once the decision is taken. */
  spans: Span[];
  bytes: number;
  decided: { decision: Decision; atMs: number } | undefined;
}

/** Spans that wait for a decision may take this much; beyond it the oldest traces are given up, as with `num_traces`. */
const maxPendingBytes = 64 * 1024 * 1024;

/**
 * Holds the spans of each trace for `decision_wait`, asks the policies, and passes the trace on or forgets it. Spans
 * that come later follow the decision: while the trace is among the last `num_traces`, then for as long as the
 * decision caches remember it; after that they start a trace of their own.
 */
export class TailSampler {
  readonly #config: TailSamplingConfig;
  readonly #policies: readonly SamplingPolicy[];
  readonly #next: (spans: Span[]) => void;
  readonly #events: SamplerEvents;
  /** Insertion order is order of arrival. */
  readonly #traces = new Map<string, PendingTrace>();
  /** Those of `#traces` that wait, in order of arrival. */
  readonly #undecided = new Map<string, PendingTrace>();
  readonly #sampled: LRUCache<string, true> | undefined;
  readonly #notSampled: LRUCache<string, true> | undefined;
  #pendingBytes = 0;

  constructor(config: TailSamplingConfig, next: (spans: Span[]) => void, events: SamplerEvents) {
    this.#config = config;
    this.#policies = config.policies.map(createPolicy);
    this.#next = next;
    this.#events = events;
    this.#sampled = cache(config.sampledCacheSize);
    this.#notSampled = cache(config.nonSampledCacheSize);
  }

  get tracesOnMemory(): number {
    return this.#traces.size;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  consume(spans: readonly Span[], nowMs: number): void {
    const released: Span[] = [];
    for (const span of spans) {
      let trace = this.#traces.get(span.traceId);
      if (trace === undefined) {
        if (this.#sampled?.get(span.traceId) === true) {
          this.#events.earlyRelease(true, 1);
          released.push(span);
          continue;
        }
        if (this.#notSampled?.get(span.traceId) === true) {
          this.#events.earlyRelease(false, 1);
          continue;
        }
        trace = { traceId: span.traceId, arrivedMs: nowMs, spans: [], bytes: 0, decided: undefined };
        this.#traces.set(span.traceId, trace);
        this.#undecided.set(span.traceId, trace);
        this.#events.newTrace();
      }
      if (trace.decided !== undefined) {
        this.#events.lateSpan((nowMs - trace.decided.atMs) / 1000);
        if (trace.decided.decision === 'sampled') released.push(span);
        continue;
      }
      const bytes = spanSizeBytes(span);
      trace.spans.push(span);
      trace.bytes += bytes;
      this.#pendingBytes += bytes;
    }
    if (released.length > 0) this.#next(released);
    this.#enforceBounds();
  }

  /** Decides on every trace whose wait is over. Called by a timer; cheap when nothing is due. */
  tick(nowMs: number): void {
    for (const trace of this.#undecided.values()) {
      if (nowMs - trace.arrivedMs < this.#config.decisionWaitMs) break;
      this.#decide(trace, nowMs);
    }
  }

  /** Decides on everything at once, with what has arrived: for the end of the process. */
  flush(nowMs: number): void {
    for (const trace of this.#undecided.values()) this.#decide(trace, nowMs);
  }

  #decide(trace: PendingTrace, nowMs: number): void {
    const verdict = decide(this.#policies, trace, nowMs, this.#config.sampleOnFirstMatch);
    for (const { policy, decision } of verdict.byPolicy) {
      this.#events.policyDecision(policy, decision, trace.spans.length);
    }
    this.#events.decision(verdict.decision);
    const spans = trace.spans;
    this.#undecided.delete(trace.traceId);
    this.#pendingBytes -= trace.bytes;
    trace.spans = [];
    trace.bytes = 0;
    trace.decided = { decision: verdict.decision, atMs: nowMs };
    if (verdict.decision === 'sampled') {
      this.#sampled?.set(trace.traceId, true);
      this.#next(spans);
    } else this.#notSampled?.set(trace.traceId, true);
  }

  #enforceBounds(): void {
    let tooEarly = 0;
    const drop = (trace: PendingTrace): void => {
      this.#traces.delete(trace.traceId);
      if (!this.#undecided.delete(trace.traceId)) return;
      this.#pendingBytes -= trace.bytes;
      tooEarly += 1;
    };
    while (this.#traces.size > this.#config.numTraces) drop(first(this.#traces));
    while (this.#pendingBytes > maxPendingBytes) drop(first(this.#undecided));
    if (tooEarly > 0) this.#events.droppedTooEarly(tooEarly);
  }
}

function first(traces: Map<string, PendingTrace>): PendingTrace {
  return traces.values().next().value!;
}

function cache(size: number): LRUCache<string, true> | undefined {
  return size > 0 ? new LRUCache({ max: size }) : undefined;
}

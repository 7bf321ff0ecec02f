import type { Span } from '../model/span.ts';

/** What one policy says of a trace. The inverted ones come from `invert_match`; the order of precedence is in `decide.ts`. */
export type PolicyDecision =
  | 'sampled'
  | 'not_sampled'
  | 'inverted_sampled'
  | 'inverted_not_sampled'
  | 'dropped';

export interface TraceUnderDecision {
  readonly traceId: string;
  readonly spans: readonly Span[];
}

/** A policy may keep state (rates), so it is asked exactly once a trace. */
export interface SamplingPolicy {
  readonly name: string;
  evaluate(trace: TraceUnderDecision, nowMs: number): PolicyDecision;
}

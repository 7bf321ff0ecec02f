import type { PolicyDecision, SamplingPolicy, TraceUnderDecision } from './policy.ts';

export type Decision = 'sampled' | 'not_sampled' | 'dropped';

export interface Verdict {
  readonly decision: Decision;
  /** Every policy that was asked. */
  readonly byPolicy: readonly { readonly policy: string; readonly decision: PolicyDecision }[];
}

/**
 * Drop wins over everything; then an inverted "no"; then any "yes"; then an inverted "yes" if no policy said a plain
 * "no"; otherwise the trace is not sampled.
 */
export function decide(
  policies: readonly SamplingPolicy[],
  trace: TraceUnderDecision,
  nowMs: number,
  sampleOnFirstMatch: boolean,
): Verdict {
  const byPolicy: { policy: string; decision: PolicyDecision }[] = [];
  for (const policy of policies) {
    const decision = policy.evaluate(trace, nowMs);
    byPolicy.push({ policy: policy.name, decision });
    if (decision === 'dropped') break;
    if (sampleOnFirstMatch && decision === 'sampled') break;
  }
  const said = (wanted: PolicyDecision): boolean => byPolicy.some((entry) => entry.decision === wanted);
  if (said('dropped')) return { decision: 'dropped', byPolicy };
  if (said('inverted_not_sampled')) return { decision: 'not_sampled', byPolicy };
  if (said('sampled')) return { decision: 'sampled', byPolicy };
  if (said('inverted_sampled') && !said('not_sampled')) return { decision: 'sampled', byPolicy };
  return { decision: 'not_sampled', byPolicy };
}

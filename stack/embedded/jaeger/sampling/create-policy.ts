import { RE2JS } from 're2js';
import type { Attribute } from '../../otlp/value.ts';
import { spanSizeBytes } from '../model/size.ts';
import { attributeOf, type Span } from '../model/span.ts';
import type { PolicyDecision, SamplingPolicy, TraceUnderDecision } from './policy.ts';
import type { LeafPolicyConfig, PolicyConfig } from './tail-sampling-config.ts';
import { traceIdHash } from './trace-id-hash.ts';

type Evaluate = SamplingPolicy['evaluate'];

/** The policy of a configuration, with its state. Semantics: the README of the collector's tailsamplingprocessor. */
export function createPolicy(config: PolicyConfig): SamplingPolicy {
  return { name: config.name, evaluate: evaluator(config) };
}

function evaluator(config: PolicyConfig): Evaluate {
  switch (config.type) {
    case 'and': {
      const all = every(config.policies);
      return (trace, now) => (all(trace, now) ? 'sampled' : 'not_sampled');
    }
    case 'drop': {
      const all = every(config.policies);
      return (trace, now) => (all(trace, now) ? 'dropped' : 'not_sampled');
    }
    case 'not': {
      const inner = evaluator(config.policy);
      return (trace, now) => (keeps(inner(trace, now)) ? 'not_sampled' : 'sampled');
    }
    case 'composite':
      return composite(config);
    default:
      return leaf(config);
  }
}

function keeps(decision: PolicyDecision): boolean {
  return decision === 'sampled' || decision === 'inverted_sampled';
}

/** Stops at the first that does not keep the trace, so that a rate limit behind it is not charged. */
function every(configs: readonly LeafPolicyConfig[]): (trace: TraceUnderDecision, now: number) => boolean {
  const evaluators = configs.map(leaf);
  return (trace, now) => evaluators.every((evaluate) => keeps(evaluate(trace, now)));
}

function composite(config: Extract<PolicyConfig, { type: 'composite' }>): Evaluate {
  const total = new SpansPerSecond();
  const parts = config.policies.map(({ policy, spansPerSecond }) => ({
    evaluate: evaluator(policy),
    spansPerSecond,
    taken: new SpansPerSecond(),
  }));
  return (trace, now) => {
    const count = trace.spans.length;
    for (const part of parts) {
      if (!keeps(part.evaluate(trace, now))) continue;
      if (part.taken.at(now) + count > part.spansPerSecond) continue;
      if (total.at(now) + count > config.maxTotalSpansPerSecond) return 'not_sampled';
      part.taken.add(count, now);
      total.add(count, now);
      return 'sampled';
    }
    return 'not_sampled';
  };
}

/** How many spans were let through in the current second. */
class SpansPerSecond {
  #second = 0;
  #spans = 0;

  at(nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#spans = 0;
    }
    return this.#spans;
  }

  add(spans: number, nowMs: number): void {
    this.#spans = this.at(nowMs) + spans;
  }
}

function leaf(config: LeafPolicyConfig): Evaluate {
  switch (config.type) {
    case 'always_sample':
      return () => 'sampled';
    case 'trace_flags':
      return some((span) => (span.flags & 1) === 1);
    case 'latency': {
      const { threshold_ms: lower, upper_threshold_ms: upper } = config.settings;
      return ({ spans }) => {
        const duration = traceDurationMs(spans);
        const slow = upper === 0 ? duration >= lower : lower < duration && duration <= upper;
        return slow ? 'sampled' : 'not_sampled';
      };
    }
    case 'status_code': {
      const codes = new Set(
        config.settings.status_codes.map((code) => ({ UNSET: 0, OK: 1, ERROR: 2 })[code]),
      );
      return some((span) => codes.has(span.statusCode));
    }
    case 'probabilistic': {
      const { sampling_percentage: percentage, hash_salt: salt } = config.settings;
      const threshold = (BigInt(Math.round(percentage * 1e6)) * 0xffff_ffff_ffff_ffffn) / 100_000_000n;
      return ({ traceId }) => (traceIdHash(salt, traceId) <= threshold ? 'sampled' : 'not_sampled');
    }
    case 'string_attribute': {
      const { key, values, enabled_regex_matching: regex, invert_match: invert } = config.settings;
      const wanted = new Set(values);
      const patterns = regex ? values.map((value) => RE2JS.compile(value)) : [];
      const matches = (text: string): boolean =>
        regex ? patterns.some((pattern) => pattern.matcher(text).find()) : wanted.has(text);
      return attribute(key, invert, (value) => typeof value === 'string' && matches(value));
    }
    case 'numeric_attribute': {
      const { key, min_value, max_value, invert_match: invert } = config.settings;
      const min = min_value === undefined ? -(1n << 63n) : BigInt(min_value);
      const max = max_value === undefined ? (1n << 63n) - 1n : BigInt(max_value);
      return attribute(key, invert, (value) => typeof value === 'bigint' && value >= min && value <= max);
    }
    case 'boolean_attribute': {
      const { key, value: wanted, invert_match: invert } = config.settings;
      return attribute(key, invert, (value) => value === wanted);
    }
    case 'rate_limiting': {
      const taken = new SpansPerSecond();
      return ({ spans }, now) => {
        // Strictly below: the collector's rule.
        if (taken.at(now) + spans.length >= config.settings.spans_per_second) return 'not_sampled';
        taken.add(spans.length, now);
        return 'sampled';
      };
    }
    case 'bytes_limiting':
      return bytesLimiting(config.settings.bytes_per_second, config.settings.burst_capacity);
    case 'span_count': {
      const { min_spans: min, max_spans: max } = config.settings;
      return ({ spans }) =>
        spans.length >= min && (max === 0 || spans.length <= max) ? 'sampled' : 'not_sampled';
    }
    case 'trace_state': {
      const members = new Set(config.settings.values.map((value) => `${config.settings.key}=${value}`));
      return some((span) => span.traceState.split(',').some((member) => members.has(member.trim())));
    }
  }
}

function some(matches: (span: Span) => boolean): Evaluate {
  return ({ spans }) => (spans.some(matches) ? 'sampled' : 'not_sampled');
}

function attribute(
  key: string,
  invert: boolean,
  matches: (value: Attribute['value'] | undefined) => boolean,
): Evaluate {
  const found = (span: Span): boolean =>
    matches(attributeOf(span.attributes, key)) || matches(attributeOf(span.resource.attributes, key));
  return ({ spans }) => {
    if (invert) return spans.some(found) ? 'inverted_not_sampled' : 'inverted_sampled';
    return spans.some(found) ? 'sampled' : 'not_sampled';
  };
}

/** From the earliest start to the latest end, in whole milliseconds as the collector compares them. */
function traceDurationMs(spans: readonly Span[]): number {
  let start: bigint | undefined;
  let end: bigint | undefined;
  for (const span of spans) {
    if (start === undefined || span.startTimeUnixNano < start) start = span.startTimeUnixNano;
    if (end === undefined || span.endTimeUnixNano > end) end = span.endTimeUnixNano;
  }
  return start === undefined || end === undefined ? 0 : Number((end - start) / 1_000_000n);
}

/** A token bucket; the size of a trace is what it takes in memory, as the wire size is gone by then. */
function bytesLimiting(bytesPerSecond: number, burstCapacity: number): Evaluate {
  const capacity = burstCapacity === 0 ? 2 * bytesPerSecond : burstCapacity;
  let tokens = capacity;
  let lastMs: number | undefined;
  return ({ spans }, now) => {
    if (lastMs !== undefined) tokens = Math.min(capacity, tokens + ((now - lastMs) / 1000) * bytesPerSecond);
    lastMs = now;
    const size = spans.reduce((sum, span) => sum + spanSizeBytes(span), 0);
    if (size > tokens) return 'not_sampled';
    tokens -= size;
    return 'sampled';
  };
}

import { RE2JS } from 're2js';
import { z } from 'zod';
import { durationMs } from '../config/duration-schema.ts';

const int = z.int();
const key = z.string().min(1, 'key must not be empty');

const attributeMatch = { key, invert_match: z.boolean().default(false) };

/** The policies' own settings; the names are those of the collector's `tail_sampling` processor. */
const settings = {
  latency: z.strictObject({ threshold_ms: int.min(0), upper_threshold_ms: int.min(0).default(0) }),
  status_code: z.strictObject({
    status_codes: z
      .array(z.enum(['OK', 'ERROR', 'UNSET']))
      .min(1, 'expected at least one status code to filter on'),
  }),
  probabilistic: z.strictObject({
    sampling_percentage: z.number().min(0).max(100),
    hash_salt: z.string().default(''),
  }),
  string_attribute: z
    .strictObject({
      ...attributeMatch,
      values: z.array(z.string()).default([]),
      enabled_regex_matching: z.boolean().default(false),
      cache_max_size: int.min(0).default(0),
    })
    .superRefine((value, context) => {
      if (!value.enabled_regex_matching) return;
      for (const pattern of value.values) {
        try {
          RE2JS.compile(pattern);
        } catch (error) {
          context.addIssue({ code: 'custom', path: ['values'], message: (error as Error).message });
        }
      }
    }),
  numeric_attribute: z
    .strictObject({ ...attributeMatch, min_value: int.optional(), max_value: int.optional() })
    .refine((value) => value.min_value !== undefined || value.max_value !== undefined, {
      message: 'either min_value or max_value must be set',
    }),
  boolean_attribute: z.strictObject({ ...attributeMatch, value: z.boolean() }),
  rate_limiting: z.strictObject({ spans_per_second: int.min(1) }),
  bytes_limiting: z.strictObject({ bytes_per_second: int.min(1), burst_capacity: int.min(0).default(0) }),
  span_count: z.strictObject({ min_spans: int.min(0).default(0), max_spans: int.min(0).default(0) }),
  trace_state: z.strictObject({ key, values: z.array(z.string()).min(1) }),
} as const;

type SettingsName = keyof typeof settings;

export type LeafPolicyConfig =
  | { name: string; type: 'always_sample' | 'trace_flags' }
  | {
      [Type in SettingsName]: { name: string; type: Type; settings: z.infer<(typeof settings)[Type]> };
    }[SettingsName];

export type PolicyConfig =
  | LeafPolicyConfig
  | { name: string; type: 'and' | 'drop'; policies: LeafPolicyConfig[] }
  | { name: string; type: 'not'; policy: LeafPolicyConfig }
  | {
      name: string;
      type: 'composite';
      maxTotalSpansPerSecond: number;
      /** In the order of evaluation, each with the spans per second it may take. */
      policies: {
        policy: LeafPolicyConfig | { name: string; type: 'and'; policies: LeafPolicyConfig[] };
        spansPerSecond: number;
      }[];
    };

export interface TailSamplingConfig {
  readonly decisionWaitMs: number;
  readonly numTraces: number;
  readonly policies: readonly PolicyConfig[];
  readonly sampledCacheSize: number;
  readonly nonSampledCacheSize: number;
  readonly sampleOnFirstMatch: boolean;
}

const rawPolicy = z.looseObject({
  name: z.string().min(1, 'policy name must not be empty'),
  type: z.string(),
});

const leafTypes = ['always_sample', 'trace_flags', ...Object.keys(settings)];
const allTypes = [...leafTypes, 'and', 'drop', 'not', 'composite'];

const schema = z.strictObject({
  decision_wait: durationMs.default(30_000),
  num_traces: int.min(1).default(50_000),
  expected_new_traces_per_sec: int.min(0).default(0),
  decision_cache: z
    .strictObject({
      sampled_cache_size: int.min(0).default(0),
      non_sampled_cache_size: int.min(0).default(0),
    })
    .default({ sampled_cache_size: 0, non_sampled_cache_size: 0 }),
  sample_on_first_match: z.boolean().default(false),
  drop_pending_traces_on_shutdown: z.boolean().default(false),
  policies: z.array(rawPolicy).min(1, 'at least one policy is required'),
});

/**
 * Reads the settings of a `tail_sampling` processor. Throws a ZodError whose paths lead to the setting that is wrong.
 * Refused, because it would be ignored silently otherwise: a policy type that does not exist or is not supported
 * here (`ottl_condition`), and settings of another type than the policy's.
 */
export function parseTailSamplingConfig(raw: unknown): TailSamplingConfig {
  const config = schema.parse(raw ?? {});
  const policies = config.policies.map((policy, index) => parsePolicy(policy, ['policies', index]));
  const names = new Set<string>();
  config.policies.forEach((policy, index) => {
    if (names.has(policy.name)) fail(['policies', index, 'name'], `duplicate policy name "${policy.name}"`);
    names.add(policy.name);
  });
  return {
    decisionWaitMs: config.decision_wait,
    numTraces: config.num_traces,
    policies,
    sampledCacheSize: config.decision_cache.sampled_cache_size,
    nonSampledCacheSize: config.decision_cache.non_sampled_cache_size,
    sampleOnFirstMatch: config.sample_on_first_match,
  };
}

type Path = (string | number)[];

function parsePolicy(raw: unknown, path: Path): PolicyConfig {
  const policy = within(path, () => rawPolicy.parse(raw));
  const { name, type } = policy;
  switch (type) {
    case 'and':
    case 'drop': {
      onlyKeys(policy, [type], path);
      const field = `${type}_sub_policy`;
      const list = within([...path, type], () =>
        z
          .strictObject({ [field]: z.array(rawPolicy).min(1, `${field} must not be empty`) })
          .parse(policy[type]),
      );
      const policies = list[field]!.map((sub, index) => parseLeaf(sub, [...path, type, field, index]));
      return { name, type, policies };
    }
    case 'not': {
      onlyKeys(policy, ['not'], path);
      const { not_sub_policy } = within([...path, 'not'], () =>
        z.strictObject({ not_sub_policy: rawPolicy }).parse(policy.not),
      );
      return { name, type, policy: parseLeaf(not_sub_policy, [...path, 'not', 'not_sub_policy']) };
    }
    case 'composite':
      onlyKeys(policy, ['composite'], path);
      return parseComposite(name, policy.composite, [...path, 'composite']);
    default:
      return parseLeaf(policy, path);
  }
}

function parseComposite(name: string, raw: unknown, path: Path): PolicyConfig {
  const composite = within(path, () =>
    z
      .strictObject({
        max_total_spans_per_second: int.min(1),
        policy_order: z.array(z.string()).min(1),
        composite_sub_policy: z.array(rawPolicy).min(1),
        rate_allocation: z
          .array(z.strictObject({ policy: z.string(), percent: int.min(0).max(100) }))
          .default([]),
      })
      .parse(raw),
  );
  const total = composite.max_total_spans_per_second;
  const percents = new Map(composite.rate_allocation.map((entry) => [entry.policy, entry.percent]));
  const policies = composite.policy_order.map((wanted, order) => {
    const index = composite.composite_sub_policy.findIndex((sub) => sub.name === wanted);
    if (index < 0) fail([...path, 'policy_order', order], `no composite_sub_policy is named "${wanted}"`);
    const sub = parsePolicy(composite.composite_sub_policy[index], [...path, 'composite_sub_policy', index]);
    if (sub.type === 'composite' || sub.type === 'drop' || sub.type === 'not') {
      fail(
        [...path, 'composite_sub_policy', index, 'type'],
        `a ${sub.type} policy cannot stand inside composite`,
      );
    }
    const percent = percents.get(wanted) ?? 0;
    return {
      policy: sub as LeafPolicyConfig,
      // The collector's default: an equal share.
      spansPerSecond: percent > 0 ? (total * percent) / 100 : total / composite.composite_sub_policy.length,
    };
  });
  return { name, type: 'composite', maxTotalSpansPerSecond: total, policies };
}

function parseLeaf(raw: unknown, path: Path): LeafPolicyConfig {
  const policy = within(path, () => rawPolicy.parse(raw));
  const { name, type } = policy;
  if (type === 'always_sample' || type === 'trace_flags') {
    onlyKeys(policy, [type], path);
    return { name, type };
  }
  if (!Object.hasOwn(settings, type)) {
    if (allTypes.includes(type))
      fail([...path, 'type'], `a ${type} policy cannot stand inside another policy`);
    if (type === 'ottl_condition') {
      fail(
        [...path, 'type'],
        'ottl_condition is not supported by the embedded Jaeger; use string_attribute or numeric_attribute',
      );
    }
    fail([...path, 'type'], `unknown sampling policy type "${type}" (valid: ${allTypes.join(', ')})`);
  }
  onlyKeys(policy, [type], path);
  if (policy[type] === undefined)
    fail([...path, type], `a ${type} policy needs its settings under the key "${type}"`);
  const parsed = within([...path, type], () => settings[type as SettingsName].parse(policy[type]));
  return { name, type, settings: parsed } as LeafPolicyConfig;
}

function onlyKeys(policy: Record<string, unknown>, allowed: readonly string[], path: Path): void {
  for (const present of Object.keys(policy)) {
    if (present === 'name' || present === 'type' || allowed.includes(present)) continue;
    fail([...path, present], `not a setting of a policy of type "${String(policy.type)}"`);
  }
}

function within<T>(path: Path, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new z.ZodError(error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
  }
}

function fail(path: Path, message: string): never {
  throw new z.ZodError([{ code: 'custom', path, message, input: undefined }]);
}

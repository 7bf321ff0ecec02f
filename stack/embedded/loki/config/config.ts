import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { parseGoDuration } from '../../duration/go-duration.ts';
import { isPrometheusDuration, parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { parseByteSize } from '../units/bytes.ts';
import { knownKeys } from './known-keys.ts';

/** Milliseconds of `5m`, `1h0m0s`, `30d`. */
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const text = String(value);
  try {
    return isPrometheusDuration(text) ? parsePrometheusDuration(text) : parseGoDuration(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Bytes of `256KB` (Loki's flags count in powers of 1024) or of a plain number. */
const byteSize = z.union([z.string(), z.number()]).transform((value, context) => {
  if (typeof value === 'number') return value;
  try {
    return parseByteSize(value.replace(/^([\d.]+\s*[kKMGT])[bB]?$/, '$1iB'));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const limits = z
  .looseObject({
    reject_old_samples: z.boolean().default(true),
    reject_old_samples_max_age: duration.default(604_800_000),
    creation_grace_period: duration.default(600_000),
    max_line_size: byteSize.default(256 * 1024),
    max_line_size_truncate: z.boolean().default(false),
    max_label_name_length: z.number().default(1024),
    max_label_value_length: z.number().default(2048),
    max_label_names_per_series: z.number().default(15),
    max_global_streams_per_user: z.number().default(5000),
    ingestion_rate_mb: z.number().default(4),
    ingestion_burst_size_mb: z.number().default(6),
    per_stream_rate_limit: byteSize.default(3 * 1024 * 1024),
    per_stream_rate_limit_burst: byteSize.default(15 * 1024 * 1024),
    max_query_length: duration.default(2_595_600_000),
    max_query_series: z.number().default(500),
    max_query_lookback: duration.default(0),
    max_entries_limit_per_query: z.number().default(5000),
    max_streams_matchers_per_query: z.number().default(1000),
    query_timeout: duration.default(60_000),
    retention_period: duration.default(0),
    volume_enabled: z.boolean().default(true),
    volume_max_series: z.number().default(1000),
    allow_structured_metadata: z.boolean().default(true),
    max_structured_metadata_size: byteSize.default(64 * 1024),
    max_structured_metadata_entries_count: z.number().default(128),
    discover_service_name: z
      .array(z.string())
      .default([
        'service',
        'app',
        'application',
        'app_name',
        'name',
        'app_kubernetes_io_name',
        'container',
        'container_name',
        'k8s_container_name',
        'component',
        'workload',
        'job',
        'k8s_job_name',
      ]),
    discover_log_levels: z.boolean().default(true),
  })
  .prefault({});

const schema = z.looseObject({
  auth_enabled: z.boolean().default(true),
  target: z.string().default('all'),
  server: z
    .looseObject({
      http_listen_address: z.string().default('127.0.0.1'),
      http_listen_port: z.number().int().min(0).max(65_535).default(3100),
    })
    .prefault({}),
  common: z.looseObject({}).prefault({}),
  ingester: z.looseObject({ max_chunk_age: duration.default(7_200_000) }).prefault({}),
  compactor: z.looseObject({ retention_enabled: z.boolean().default(false) }).prefault({}),
  querier: z.looseObject({ tail_max_duration: duration.default(3_600_000) }).prefault({}),
  distributor: z.looseObject({}).prefault({}),
  pattern_ingester: z.looseObject({ enabled: z.boolean().default(false) }).prefault({}),
  limits_config: limits,
});

export type LokiConfig = z.infer<typeof schema>;
export type Limits = LokiConfig['limits_config'];

/**
 * Reads the configuration's YAML. A key that Loki does not know is refused in its words; one that it knows and this
 * server has no use for is accepted as it is, but for `auth_enabled`, which would promise that tenants are kept apart.
 */
export function parseConfig(yaml: string): LokiConfig {
  // Generators write several documents into one file: Go reads the first.
  const lines = new LineCounter();
  const document = parseDocument(yaml, { logLevel: 'silent', lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  refuseUnknown(document.contents, lines);
  // A section without a value is as if it were not there.
  const sections = Object.entries((document.toJS() ?? {}) as object).filter(([, value]) => value !== null);
  const result = schema.safeParse(Object.fromEntries(sections));
  if (result.success) {
    if (result.data.auth_enabled)
      throw new Error('auth_enabled: the embedded Loki has one tenant and asks for no name; set it to false');
    return result.data;
  }
  const [issue] = result.error.issues;
  throw new Error(`${issue!.path.join('.') || 'configuration'}: ${issue!.message}`);
}

/** @throws Error in Loki's words, of all unknown keys and of sections that hold something else. */
function refuseUnknown(file: unknown, lines: LineCounter): void {
  if (file === null) return;
  const problems: string[] = [];
  const look = (node: unknown, section: string): void => {
    const known = knownKeys[section];
    if (known === undefined || (isScalar(node) && node.value === null)) return;
    const at = (one: unknown): string => `line ${lineOf(one, lines)}`;
    if (!isMap(node)) {
      problems.push(`${at(node)}: cannot unmarshal ${tagOf(node)} into ${known.type}`);
      return;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!known.keys.has(name)) problems.push(`${at(key)}: field ${name} not found in type ${known.type}`);
      else if (section === '') look(value, name);
    }
  };
  look(file, '');
  if (problems.length > 0) throw new Error(`yaml: unmarshal errors: ${problems.join('; ')}`);
}

function lineOf(node: unknown, lines: LineCounter): number {
  const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  return lines.linePos(offset).line;
}

function tagOf(node: unknown): string {
  if (isSeq(node)) return '!!seq';
  if (!isScalar(node)) return '!!map';
  const { value } = node;
  const tag =
    typeof value === 'number'
      ? Number.isInteger(value)
        ? 'int'
        : 'float'
      : typeof value === 'boolean'
        ? 'bool'
        : 'str';
  return `!!${tag} \`${String(value)}\``;
}

export function loadConfig(path: string): LokiConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot read the configuration ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return parseConfig(text);
  } catch (error) {
    throw new Error(`configuration ${path} is not valid: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
    });
  }
}

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { RelabelRule } from '../relabel/relabel.ts';
import {
  checkHttpClient,
  type HttpClientConfig,
  httpClientFields,
  unsupported,
} from './http-client-config.ts';
import { relabelConfigs } from './relabel-config.ts';
import {
  checkTargets,
  completeScrape,
  type DiscoveryConfig,
  defaultProtocols,
  discoveryFields,
  duration,
  limitFields,
  pickHttp,
  type RawLimits,
  type RawScrape,
  rawScrape,
  type ScrapeConfig,
  type ScrapeDefaults,
  type ScrapeProtocol,
  scrapeProtocols,
} from './scrape-config.ts';
import {
  boolean,
  ConfigError,
  decodeYaml,
  float,
  integer,
  list,
  map,
  string,
  struct,
} from './yaml-decoder.ts';

export interface AlertmanagerConfig {
  readonly scheme: string;
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  readonly apiVersion: 'v2';
  readonly http: HttpClientConfig;
  readonly discovery: DiscoveryConfig;
  readonly relabelConfigs: readonly RelabelRule[];
  readonly alertRelabelConfigs: readonly RelabelRule[];
}

/** A whole, valid `prometheus.yml`. */
export interface Config {
  readonly global: ScrapeDefaults & {
    readonly evaluationIntervalMs: number;
    readonly ruleQueryOffsetMs: number;
    readonly externalLabels: Readonly<Record<string, string>>;
    readonly queryLogFile: string;
  };
  /** As written, relative to the file. */
  readonly ruleFiles: readonly string[];
  readonly scrapeConfigs: readonly ScrapeConfig[];
  readonly alertmanagers: readonly AlertmanagerConfig[];
  readonly alertRelabelConfigs: readonly RelabelRule[];
  readonly maxExemplars: number;
  readonly outOfOrderWindowMs: number;
  /** The folder that relative paths start from. */
  readonly baseDirectory: string;
}

interface RawGlobal extends RawLimits {
  scrape_interval: number;
  scrape_timeout: number;
  scrape_protocols: ScrapeProtocol[];
  evaluation_interval: number;
  rule_query_offset: number;
  query_log_file: string;
  external_labels: Record<string, string>;
}

interface RawAlertmanager extends HttpClientConfig, DiscoveryConfig {
  scheme: string;
  path_prefix: string;
  timeout: number;
  api_version: string;
  relabel_configs: RelabelRule[];
  alert_relabel_configs: RelabelRule[];
}

interface RawConfig {
  global: Partial<RawGlobal>;
  runtime: { gogc?: number };
  alerting: { alert_relabel_configs?: RelabelRule[]; alertmanagers?: Partial<RawAlertmanager>[] };
  rule_files: string[];
  scrape_config_files: string[];
  scrape_configs: Partial<RawScrape>[];
  storage: {
    tsdb?: { out_of_order_time_window?: number; retention?: unknown };
    exemplars?: { max_exemplars?: number };
  };
  otlp: unknown;
  tracing: never;
  remote_write: never;
  remote_read: never;
}

const rawConfig = struct<RawConfig>('config.plain', {
  global: struct<RawGlobal>('config.plain', {
    ...limitFields,
    scrape_interval: duration,
    scrape_timeout: duration,
    scrape_protocols: scrapeProtocols,
    evaluation_interval: duration,
    rule_query_offset: duration,
    query_log_file: string,
    external_labels: map(string),
  }),
  runtime: struct<{ gogc: number }>('config.plain', { gogc: float }),
  alerting: struct<RawConfig['alerting'] & object>('config.plain', {
    alert_relabel_configs: relabelConfigs,
    alertmanagers: list(
      struct<RawAlertmanager>('config.plain', {
        ...httpClientFields,
        ...discoveryFields,
        sigv4: unsupported('sigv4'),
        scheme: string,
        path_prefix: string,
        timeout: duration,
        api_version: string,
        relabel_configs: relabelConfigs,
        alert_relabel_configs: relabelConfigs,
      } as never),
      'config.AlertmanagerConfigs',
    ),
  }),
  rule_files: list(string),
  scrape_config_files: list(string),
  scrape_configs: list(rawScrape, '[]*config.ScrapeConfig'),
  storage: struct<{ tsdb: { out_of_order_time_window?: number }; exemplars: { max_exemplars?: number } }>(
    'config.plain',
    {
      tsdb: struct<{ out_of_order_time_window: number; retention: object }>('config.plain', {
        out_of_order_time_window: duration,
        retention: struct<{ time: number; size: string; percentage: number }>('config.plain', {
          time: duration,
          size: string,
          percentage: float,
        }),
      }),
      exemplars: struct<{ max_exemplars: number }>('config.ExemplarsConfig', {
        max_exemplars: integer('int64'),
      }),
    },
  ),
  otlp: struct<Record<string, unknown>>('config.plain', {
    promote_resource_attributes: list(string),
    translation_strategy: string,
    keep_identifying_resource_attributes: boolean,
    convert_histograms_to_nhcb: boolean,
    promote_scope_metadata: boolean,
    promote_all_resource_attributes: boolean,
    ignore_resource_attributes: list(string),
  }),
  tracing: unsupported('tracing'),
  remote_write: unsupported('remote_write'),
  remote_read: unsupported('remote_read'),
});

/** Parses and checks the text of a `prometheus.yml`. Throws `ConfigError` with Prometheus' wording. */
export function parseConfig(text: string, baseDirectory: string): Config {
  const raw = decodeYaml(text, rawConfig, {} as Partial<RawConfig>);
  const global = completeGlobal(raw.global ?? {});
  const jobs = [...(raw.scrape_configs ?? [])];
  for (const pattern of raw.scrape_config_files ?? []) {
    const path = isAbsolute(pattern) ? pattern : join(baseDirectory, pattern);
    const file = decodeYaml(
      readFileSync(path, 'utf8'),
      struct<{ scrape_configs: Partial<RawScrape>[] }>('config.ScrapeConfigs', {
        scrape_configs: list(rawScrape, '[]*config.ScrapeConfig'),
      }),
      {},
    );
    jobs.push(...(file.scrape_configs ?? []));
  }
  const names = new Set<string>();
  const scrapeConfigs = jobs.map((job) => {
    if (Object.keys(job).length === 0) throw new ConfigError('empty or null scrape config section');
    const complete = completeScrape(job, global);
    if (names.has(complete.jobName)) {
      throw new ConfigError(
        `found multiple scrape configs with job name ${JSON.stringify(complete.jobName)}`,
      );
    }
    names.add(complete.jobName);
    return complete;
  });
  return {
    global,
    ruleFiles: raw.rule_files ?? [],
    scrapeConfigs,
    alertmanagers: (raw.alerting?.alertmanagers ?? []).map(completeAlertmanager),
    alertRelabelConfigs: raw.alerting?.alert_relabel_configs ?? [],
    maxExemplars: raw.storage?.exemplars?.max_exemplars ?? 100_000,
    outOfOrderWindowMs: raw.storage?.tsdb?.out_of_order_time_window ?? 0,
    baseDirectory,
  };
}

/** Reads a config file. The message of what it throws begins as Prometheus' own: `parsing YAML file …`. */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ConfigError(
      `open ${path}: ${missing ? 'no such file or directory' : (error as Error).message}`,
    );
  }
  try {
    return parseConfig(text, dirname(path));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigError(`parsing YAML file ${path}: ${error.message}`);
  }
}

function completeGlobal(raw: Partial<RawGlobal>): Config['global'] {
  const scrapeIntervalMs = raw.scrape_interval || 60_000;
  if ((raw.scrape_timeout ?? 0) > scrapeIntervalMs)
    throw new ConfigError('global scrape timeout greater than scrape interval');
  for (const name of Object.keys(raw.external_labels ?? {})) {
    if (name === '') throw new ConfigError(`${JSON.stringify(name)} is not a valid label name`);
  }
  return {
    scrapeIntervalMs,
    scrapeTimeoutMs: raw.scrape_timeout || Math.min(10_000, scrapeIntervalMs),
    scrapeProtocols: raw.scrape_protocols ?? defaultProtocols,
    evaluationIntervalMs: raw.evaluation_interval || 60_000,
    ruleQueryOffsetMs: raw.rule_query_offset ?? 0,
    externalLabels: expandEnvironment(raw.external_labels ?? {}),
    queryLogFile: raw.query_log_file ?? '',
    bodySizeLimitBytes: raw.body_size_limit ?? 0,
    sampleLimit: raw.sample_limit ?? 0,
    targetLimit: raw.target_limit ?? 0,
    labelLimit: raw.label_limit ?? 0,
    labelNameLengthLimit: raw.label_name_length_limit ?? 0,
    labelValueLengthLimit: raw.label_value_length_limit ?? 0,
    keepDroppedTargets: raw.keep_dropped_targets ?? 0,
  };
}

/** `${NAME}` and `$NAME` in external labels stand for the environment, as in Prometheus 3. */
function expandEnvironment(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      name,
      value.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_all, dollar?: string, braced?: string, bare?: string) =>
        dollar !== undefined ? '$' : (process.env[braced ?? bare ?? ''] ?? ''),
      ),
    ]),
  );
}

function completeAlertmanager(raw: Partial<RawAlertmanager>): AlertmanagerConfig {
  checkTargets(raw);
  const version = raw.api_version ?? 'v2';
  if (version !== 'v2')
    throw new ConfigError(`expected Alertmanager api version to be one of [v2] but got ${version}`);
  checkHttpClient(raw);
  return {
    scheme: raw.scheme ?? 'http',
    pathPrefix: raw.path_prefix ?? '',
    timeoutMs: raw.timeout ?? 10_000,
    apiVersion: 'v2',
    http: pickHttp(raw),
    discovery: { static_configs: raw.static_configs ?? [], file_sd_configs: raw.file_sd_configs ?? [] },
    relabelConfigs: raw.relabel_configs ?? [],
    alertRelabelConfigs: raw.alert_relabel_configs ?? [],
  };
}

import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { RelabelRule } from '../relabel/relabel.ts';
import {
  checkHttpClient,
  type HttpClientConfig,
  httpClientFields,
  unsupported,
} from './http-client-config.ts';
import { relabelConfigs } from './relabel-config.ts';
import {
  boolean,
  ConfigError,
  type Decoder,
  type Fields,
  finished,
  integer,
  list,
  map,
  parsed,
  string,
  struct,
} from './yaml-decoder.ts';

/** Targets with the labels they share. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface FileDiscovery {
  readonly files: readonly string[];
  readonly refreshIntervalMs: number;
}

/** Where targets come from. */
export interface DiscoveryConfig {
  static_configs?: TargetGroup[];
  file_sd_configs?: FileDiscovery[];
}

export type ScrapeProtocol =
  | 'OpenMetricsText1.0.0'
  | 'OpenMetricsText0.0.1'
  | 'PrometheusText1.0.0'
  | 'PrometheusText0.0.4';

/** Bounds on what a scrape may bring; 0 means none. */
export interface ScrapeLimits {
  bodySizeLimitBytes: number;
  sampleLimit: number;
  targetLimit: number;
  labelLimit: number;
  labelNameLengthLimit: number;
  labelValueLengthLimit: number;
  keepDroppedTargets: number;
}

export interface ScrapeConfig extends ScrapeLimits {
  readonly jobName: string;
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly scrapeProtocols: readonly ScrapeProtocol[];
  readonly fallbackScrapeProtocol: ScrapeProtocol | undefined;
  readonly metricsPath: string;
  readonly scheme: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly enableCompression: boolean;
  readonly http: HttpClientConfig;
  readonly discovery: DiscoveryConfig;
  readonly relabelConfigs: readonly RelabelRule[];
  readonly metricRelabelConfigs: readonly RelabelRule[];
}

export const defaultProtocols: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

/** Parses `10MB`, `1GiB`, `512`: all in powers of two, as Prometheus counts. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGTPE])(?:i?B)|B)?$/.exec(text);
  if (match === null) {
    const unit = /^\d+(?:\.\d+)?\s*(.*)$/.exec(text)?.[1];
    throw new ConfigError(
      unit === undefined ? `units: invalid ${text}` : `units: unknown unit ${unit} in ${text}`,
    );
  }
  const power = match[2] === undefined ? 0 : 'KMGTPE'.indexOf(match[2]) + 1;
  return Math.floor(Number(match[1]) * 1024 ** power);
}

const protocol: Decoder<ScrapeProtocol> = parsed((text) => {
  if (text === 'PrometheusProto') return text as ScrapeProtocol;
  if (!(defaultProtocols as readonly string[]).includes(text)) {
    throw new ConfigError(
      `unknown scrape protocol ${text}, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0]`,
    );
  }
  return text as ScrapeProtocol;
});

/** `scrape_protocols`. Protobuf is taken and never asked for: the embedded server speaks the text formats. */
export const scrapeProtocols: Decoder<ScrapeProtocol[]> = (node, decoding) => {
  const all = list(protocol, '[]config.ScrapeProtocol')(node, decoding);
  if (all !== undefined && new Set(all).size !== all.length)
    throw new ConfigError('duplicated protocol in scrape_protocols');
  const spoken = all?.filter((name) => (defaultProtocols as readonly string[]).includes(name));
  return spoken === undefined || (spoken.length === 0 && all!.length > 0) ? ['PrometheusText0.0.4'] : spoken;
};

export const duration: Decoder<number> = parsed(parsePrometheusDuration);
export const size: Decoder<number> = parsed(parseSize);

const targetGroup = finished(
  struct<{ targets: string[]; labels: Record<string, string> }>(
    // The real one has no name for it.
    'struct { Targets []string "yaml:"targets""; Labels model.LabelSet "yaml:"labels"" }',
    {
      targets: list(string),
      labels: map(string),
    },
  ),
  (raw): TargetGroup => {
    for (const name of Object.keys(raw.labels ?? {})) {
      if (name === '') throw new ConfigError(`${JSON.stringify(name)} is not a valid label name`);
    }
    return { targets: raw.targets ?? [], labels: raw.labels ?? {} };
  },
);

/** A list of target groups, as `static_configs` and the files of `file_sd_configs` hold it. */
export const targetGroups: Decoder<TargetGroup[]> = list(targetGroup, '[]*targetgroup.Group');

const fileDiscovery = finished(
  struct<{ files: string[]; refresh_interval: number }>('file.plain', {
    files: list(string),
    refresh_interval: duration,
  }),
  (raw): FileDiscovery => {
    if ((raw.files ?? []).length === 0)
      throw new ConfigError('file service discovery config must contain at least one path name');
    for (const path of raw.files ?? []) {
      if (!/^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(path)) {
        throw new ConfigError(`path name ${JSON.stringify(path)} is not valid for file discovery`);
      }
    }
    return { files: raw.files ?? [], refreshIntervalMs: raw.refresh_interval ?? 300_000 };
  },
);

const otherDiscoveries = [
  'azure',
  'consul',
  'digitalocean',
  'dns',
  'docker',
  'dockerswarm',
  'ec2',
  'eureka',
  'gce',
  'hetzner',
  'http',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'nerve',
  'nomad',
  'openstack',
  'ovhcloud',
  'puppetdb',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
];

/** `static_configs` and `file_sd_configs`; the others are refused by name. */
export const discoveryFields: Fields<DiscoveryConfig> = {
  static_configs: targetGroups,
  file_sd_configs: list(fileDiscovery, '[]*file.SDConfig'),
  ...Object.fromEntries(
    otherDiscoveries.map((name) => [`${name}_sd_configs`, unsupported(`${name}_sd_configs`)]),
  ),
};

/** Limits and switches that `global` sets for all and a job may set for itself. */
export interface RawLimits {
  body_size_limit: number;
  sample_limit: number;
  target_limit: number;
  label_limit: number;
  label_name_length_limit: number;
  label_value_length_limit: number;
  keep_dropped_targets: number;
  metric_name_validation_scheme: string;
  metric_name_escaping_scheme: string;
  always_scrape_classic_histograms: boolean;
  convert_classic_histograms_to_nhcb: boolean;
  scrape_native_histograms: boolean;
  scrape_failure_log_file: string;
  extra_scrape_metrics: boolean;
}

export const limitFields: Fields<RawLimits> = {
  body_size_limit: size,
  sample_limit: integer('uint'),
  target_limit: integer('uint'),
  label_limit: integer('uint'),
  label_name_length_limit: integer('uint'),
  label_value_length_limit: integer('uint'),
  keep_dropped_targets: integer('uint'),
  metric_name_validation_scheme: string,
  metric_name_escaping_scheme: string,
  always_scrape_classic_histograms: boolean,
  convert_classic_histograms_to_nhcb: boolean,
  scrape_native_histograms: boolean,
  scrape_failure_log_file: string,
  extra_scrape_metrics: boolean,
};

export interface RawScrape extends RawLimits, HttpClientConfig, DiscoveryConfig {
  job_name: string;
  honor_labels: boolean;
  honor_timestamps: boolean;
  track_timestamps_staleness: boolean;
  params: Record<string, string[]>;
  scrape_interval: number;
  scrape_timeout: number;
  scrape_protocols: ScrapeProtocol[];
  fallback_scrape_protocol: ScrapeProtocol;
  scrape_classic_histograms: boolean;
  metrics_path: string;
  scheme: string;
  enable_compression: boolean;
  native_histogram_bucket_limit: number;
  native_histogram_min_bucket_factor: number;
  relabel_configs: RelabelRule[];
  metric_relabel_configs: RelabelRule[];
}

export const rawScrape: Decoder<Partial<RawScrape>> = struct<RawScrape>('config.ScrapeConfig', {
  ...limitFields,
  ...httpClientFields,
  ...discoveryFields,
  job_name: string,
  honor_labels: boolean,
  honor_timestamps: boolean,
  track_timestamps_staleness: boolean,
  params: map(list(string), 'url.Values'),
  scrape_interval: duration,
  scrape_timeout: duration,
  scrape_protocols: scrapeProtocols,
  fallback_scrape_protocol: protocol,
  scrape_classic_histograms: boolean,
  metrics_path: string,
  scheme: string,
  enable_compression: boolean,
  native_histogram_bucket_limit: integer('uint'),
  native_histogram_min_bucket_factor: integer('uint'),
  relabel_configs: relabelConfigs,
  metric_relabel_configs: relabelConfigs,
});

/** What `global` hands down to each job. */
export interface ScrapeDefaults extends ScrapeLimits {
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly scrapeProtocols: readonly ScrapeProtocol[];
}

/** Completes a job from the global settings and checks it. */
export function completeScrape(raw: Partial<RawScrape>, defaults: ScrapeDefaults): ScrapeConfig {
  const jobName = raw.job_name ?? '';
  if (jobName === '') throw new ConfigError('job_name is empty');
  checkHttpClient(raw);
  checkTargets(raw);
  const scrapeIntervalMs = raw.scrape_interval || defaults.scrapeIntervalMs;
  const scrapeTimeoutMs = raw.scrape_timeout || Math.min(defaults.scrapeTimeoutMs, scrapeIntervalMs);
  if (scrapeTimeoutMs > scrapeIntervalMs) {
    throw new ConfigError(
      `scrape timeout greater than scrape interval for scrape config with job name ${JSON.stringify(jobName)}`,
    );
  }
  return {
    jobName,
    scrapeIntervalMs,
    scrapeTimeoutMs,
    scrapeProtocols: raw.scrape_protocols ?? defaults.scrapeProtocols,
    fallbackScrapeProtocol: raw.fallback_scrape_protocol,
    metricsPath: raw.metrics_path ?? '/metrics',
    scheme: raw.scheme ?? 'http',
    params: raw.params ?? {},
    honorLabels: raw.honor_labels ?? false,
    honorTimestamps: raw.honor_timestamps ?? true,
    trackTimestampsStaleness: raw.track_timestamps_staleness ?? false,
    enableCompression: raw.enable_compression ?? true,
    bodySizeLimitBytes: raw.body_size_limit || defaults.bodySizeLimitBytes,
    sampleLimit: raw.sample_limit || defaults.sampleLimit,
    targetLimit: raw.target_limit || defaults.targetLimit,
    labelLimit: raw.label_limit || defaults.labelLimit,
    labelNameLengthLimit: raw.label_name_length_limit || defaults.labelNameLengthLimit,
    labelValueLengthLimit: raw.label_value_length_limit || defaults.labelValueLengthLimit,
    keepDroppedTargets: raw.keep_dropped_targets || defaults.keepDroppedTargets,
    http: pickHttp(raw),
    discovery: { static_configs: raw.static_configs ?? [], file_sd_configs: raw.file_sd_configs ?? [] },
    relabelConfigs: raw.relabel_configs ?? [],
    metricRelabelConfigs: raw.metric_relabel_configs ?? [],
  };
}

/** A URL is no target, unless relabelling makes one of it, as that of the blackbox exporter does. */
export function checkTargets(raw: {
  readonly static_configs?: readonly TargetGroup[];
  readonly relabel_configs?: readonly RelabelRule[];
}): void {
  if ((raw.relabel_configs ?? []).length > 0) return;
  for (const target of (raw.static_configs ?? []).flatMap(({ targets }) => targets)) {
    if (target.includes('/')) throw new ConfigError(`${JSON.stringify(target)} is not a valid hostname`);
  }
}

/** Only the fields of the HTTP client, out of a larger mapping. */
export function pickHttp(raw: HttpClientConfig): HttpClientConfig {
  const picked: Record<string, unknown> = {};
  for (const name of Object.keys(httpClientFields)) {
    const value = raw[name as keyof HttpClientConfig];
    if (value !== undefined) picked[name] = value;
  }
  return picked as HttpClientConfig;
}

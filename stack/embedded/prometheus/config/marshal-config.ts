import { stringify } from 'yaml';
import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { RelabelRule } from '../relabel/relabel.ts';
import type { AlertmanagerConfig, Config } from './config.ts';
import type { HttpClientConfig } from './http-client-config.ts';
import type { DiscoveryConfig, ScrapeConfig, ScrapeLimits } from './scrape-config.ts';

/** The whole configuration with its defaults, as `status/config` shows it. Secrets read `<secret>`. */
export function marshalConfig(config: Config): string {
  const { global } = config;
  const alerting = {
    ...(config.alertRelabelConfigs.length > 0
      ? { alert_relabel_configs: config.alertRelabelConfigs.map(relabelRule) }
      : {}),
    ...(config.alertmanagers.length > 0 ? { alertmanagers: config.alertmanagers.map(alertmanager) } : {}),
  };
  const tsdb =
    config.outOfOrderWindowMs > 0
      ? { tsdb: { out_of_order_time_window: duration(config.outOfOrderWindowMs) } }
      : {};
  const storage = {
    ...tsdb,
    ...(config.maxExemplars === 100_000 ? {} : { exemplars: { max_exemplars: config.maxExemplars } }),
  };
  return stringify(
    {
      global: {
        scrape_interval: duration(global.scrapeIntervalMs),
        scrape_timeout: duration(global.scrapeTimeoutMs),
        scrape_protocols: global.scrapeProtocols,
        evaluation_interval: duration(global.evaluationIntervalMs),
        ...(global.ruleQueryOffsetMs > 0 ? { rule_query_offset: duration(global.ruleQueryOffsetMs) } : {}),
        ...notEmpty('external_labels', sorted(global.externalLabels)),
        ...limits(global),
      },
      ...notEmpty('alerting', alerting),
      ...(config.ruleFiles.length > 0 ? { rule_files: config.ruleFiles } : {}),
      ...(config.scrapeConfigs.length > 0
        ? { scrape_configs: config.scrapeConfigs.map((job) => scrape(job)) }
        : {}),
      ...notEmpty('storage', storage),
    },
    { indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false },
  );
}

const duration = formatPrometheusDuration;

function notEmpty(name: string, value: object): object {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function limits(from: ScrapeLimits, inherited?: ScrapeLimits): object {
  const set = (name: string, key: keyof ScrapeLimits, unit = ''): object =>
    from[key] > 0 && from[key] !== inherited?.[key]
      ? { [name]: unit === '' ? from[key] : `${from[key]}${unit}` }
      : {};
  return {
    ...set('body_size_limit', 'bodySizeLimitBytes', 'B'),
    ...set('sample_limit', 'sampleLimit'),
    ...set('target_limit', 'targetLimit'),
    ...set('label_limit', 'labelLimit'),
    ...set('label_name_length_limit', 'labelNameLengthLimit'),
    ...set('label_value_length_limit', 'labelValueLengthLimit'),
    ...set('keep_dropped_targets', 'keepDroppedTargets'),
  };
}

function http(config: HttpClientConfig): object {
  const hide = (record: object, names: readonly string[]): object =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => [name, names.includes(name) ? '<secret>' : value]),
    );
  const { basic_auth: basic, authorization, bearer_token: bearer, bearer_token_file: bearerFile } = config;
  return {
    ...(basic === undefined ? {} : { basic_auth: hide(basic, ['password']) }),
    ...(authorization === undefined
      ? {}
      : { authorization: hide({ type: 'Bearer', ...authorization }, ['credentials']) }),
    ...(bearer === undefined ? {} : { authorization: { type: 'Bearer', credentials: '<secret>' } }),
    ...(bearerFile === undefined ? {} : { authorization: { type: 'Bearer', credentials_file: bearerFile } }),
    ...(config.tls_config === undefined ? {} : { tls_config: hide(config.tls_config, ['key']) }),
    follow_redirects: config.follow_redirects ?? true,
    enable_http2: config.enable_http2 ?? true,
    ...(config.http_headers === undefined
      ? {}
      : {
          http_headers: Object.fromEntries(
            Object.entries(config.http_headers).map(([name, value]) => [name, hide(value, ['secrets'])]),
          ),
        }),
  };
}

function discovery(config: DiscoveryConfig): object {
  const files = config.file_sd_configs ?? [];
  const groups = config.static_configs ?? [];
  return {
    ...(files.length > 0
      ? {
          file_sd_configs: files.map((each) => ({
            files: each.files,
            refresh_interval: duration(each.refreshIntervalMs),
          })),
        }
      : {}),
    ...(groups.length > 0
      ? {
          static_configs: groups.map((group) => ({
            targets: group.targets,
            ...notEmpty('labels', sorted(group.labels)),
          })),
        }
      : {}),
  };
}

function relabelRule(rule: RelabelRule): object {
  return {
    ...(rule.sourceLabels.length > 0 ? { source_labels: rule.sourceLabels } : {}),
    separator: rule.separator,
    ...(rule.modulus > 0 ? { modulus: rule.modulus } : {}),
    regex: rule.pattern,
    ...(rule.targetLabel === '' ? {} : { target_label: rule.targetLabel }),
    replacement: rule.replacement,
    action: rule.action,
  };
}

function relabels(name: string, rules: readonly RelabelRule[]): object {
  return rules.length > 0 ? { [name]: rules.map(relabelRule) } : {};
}

function alertmanager(config: AlertmanagerConfig): object {
  return {
    ...http(config.http),
    scheme: config.scheme,
    ...(config.pathPrefix === '' ? {} : { path_prefix: config.pathPrefix }),
    timeout: duration(config.timeoutMs),
    api_version: config.apiVersion,
    ...relabels('relabel_configs', config.relabelConfigs),
    ...relabels('alert_relabel_configs', config.alertRelabelConfigs),
    ...discovery(config.discovery),
  };
}

function scrape(config: ScrapeConfig): object {
  return {
    job_name: config.jobName,
    ...(config.honorLabels ? { honor_labels: true } : {}),
    honor_timestamps: config.honorTimestamps,
    track_timestamps_staleness: config.trackTimestampsStaleness,
    ...notEmpty('params', config.params),
    scrape_interval: duration(config.scrapeIntervalMs),
    scrape_timeout: duration(config.scrapeTimeoutMs),
    scrape_protocols: config.scrapeProtocols,
    ...(config.fallbackScrapeProtocol === undefined
      ? {}
      : { fallback_scrape_protocol: config.fallbackScrapeProtocol }),
    metrics_path: config.metricsPath,
    scheme: config.scheme,
    enable_compression: config.enableCompression,
    ...limits(config),
    ...http(config.http),
    ...relabels('relabel_configs', config.relabelConfigs),
    ...relabels('metric_relabel_configs', config.metricRelabelConfigs),
    ...discovery(config.discovery),
  };
}

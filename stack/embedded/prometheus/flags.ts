import { hostname } from 'node:os';
import { parsePrometheusDuration } from '../duration/prometheus-duration.ts';
import { parseListenAddress } from '../http/listen.ts';
import { parseSize } from './config/scrape-config.ts';

/** The flags of the real server with their defaults; those the embedded one does nothing with are taken all the same. */
const defaults: Readonly<Record<string, string>> = {
  agent: 'false',
  'alertmanager.drain-notification-queue-on-shutdown': 'true',
  'alertmanager.notification-batch-size': '256',
  'alertmanager.notification-queue-capacity': '10000',
  'auto-gomaxprocs': 'true',
  'auto-gomemlimit': 'true',
  'auto-gomemlimit.ratio': '0.9',
  'config.auto-reload-interval': '30s',
  'config.file': 'prometheus.yml',
  'enable-feature': '',
  'log.format': 'logfmt',
  'log.level': 'info',
  'query.lookback-delta': '5m',
  // Of heavy queries, each a thread with memory of its own: the real one's 20 are too many for a laptop.
  'query.max-concurrency': '4',
  'query.max-samples': '50000000',
  // Rules are evaluated in the thread that scrapes: a shorter default than the real 2m keeps a bad one from stopping it.
  'query.timeout': '10s',
  'rules.alert.for-grace-period': '10m',
  'rules.alert.for-outage-tolerance': '1h',
  'rules.alert.resend-delay': '1m',
  'rules.max-concurrent-evals': '4',
  'scrape.adjust-timestamps': 'true',
  'scrape.discovery-reload-interval': '5s',
  'scrape.timestamp-tolerance': '2ms',
  'storage.agent.no-lockfile': 'false',
  'storage.agent.path': 'data-agent/',
  'storage.agent.retention.max-time': '0s',
  'storage.agent.retention.min-time': '0s',
  'storage.agent.wal-compression': 'true',
  'storage.agent.wal-compression-type': 'snappy',
  'storage.agent.wal-segment-size': '0B',
  'storage.agent.wal-truncate-frequency': '0s',
  'storage.remote.flush-deadline': '1m',
  'storage.remote.read-concurrent-limit': '10',
  'storage.remote.read-max-bytes-in-frame': '1048576',
  'storage.remote.read-sample-limit': '50000000',
  'storage.tsdb.no-lockfile': 'false',
  'storage.tsdb.path': 'data/',
  'storage.tsdb.retention': '0s',
  // Samples live in memory: half a gigabyte of them where nothing else is said.
  'storage.tsdb.retention.size': '512MB',
  'storage.tsdb.retention.time': '15d',
  'storage.tsdb.import-openmetrics': '',
  'storage.tsdb.allow-overlapping-compaction': 'true',
  'storage.tsdb.delayed-compaction.max-percent': '10',
  'storage.tsdb.head-chunks-write-queue-size': '0',
  'storage.tsdb.max-block-chunk-segment-size': '0B',
  'storage.tsdb.max-block-duration': '1d12h',
  'storage.tsdb.min-block-duration': '2h',
  'storage.tsdb.samples-per-chunk': '120',
  'storage.tsdb.wal-compression-type': 'snappy',
  'storage.tsdb.wal-compression': 'true',
  'storage.tsdb.wal-segment-size': '0B',
  'web.config.file': '',
  'web.console.libraries': 'console_libraries',
  'web.console.templates': 'consoles',
  'web.cors.origin': '.*',
  'web.enable-admin-api': 'false',
  'web.enable-lifecycle': 'false',
  'web.enable-otlp-receiver': 'false',
  'web.enable-remote-write-receiver': 'false',
  'web.external-url': '',
  'web.listen-address': '127.0.0.1:9090',
  'web.local-assets': '',
  'web.max-connections': '512',
  'web.max-notifications-subscribers': '16',
  'web.page-title': 'Prometheus Time Series Collection and Processing Server',
  'web.read-timeout': '5m',
  'web.remote-write-receiver.accepted-protobuf-messages': 'prometheus.WriteRequest',
  'web.route-prefix': '',
  'web.user-assets': '',
};
const hidden = new Set(['storage.tsdb.import-openmetrics']);

export interface Flags {
  /** As `status/flags` shows them. */
  readonly all: Readonly<Record<string, string>>;
  readonly configFile: string;
  readonly listenAddress: string;
  readonly externalUrl: string;
  /** Before every path, without a slash at its end; empty when there is none. */
  readonly routePrefix: string;
  readonly features: ReadonlySet<string>;
  readonly enableLifecycle: boolean;
  readonly enableAdminApi: boolean;
  readonly enableRemoteWrite: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly lookbackMs: number;
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  /** Heavy queries at once. */
  readonly maxConcurrency: number;
  readonly resendDelayMs: number;
  readonly queueCapacity: number;
  readonly batchSize: number;
  readonly importFile: string;
  readonly storagePath: string;
}

/** Reads `--name=value`, `--name value`, `--[no-]switch`. Throws one clear sentence for what it does not know. */
export function parseFlags(argv: readonly string[]): Flags {
  const all: Record<string, string> = { ...defaults };
  const features: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const match = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argv[index]!);
    if (match === null) throw new Error(`unexpected ${argv[index]}, try --config.file=prometheus.yml`);
    let name = match[1]!;
    let value = match[2];
    const negated = name.startsWith('no-') && Object.hasOwn(defaults, name.slice(3));
    if (negated) {
      name = name.slice(3);
      value = 'false';
    }
    if (!Object.hasOwn(defaults, name)) throw new Error(`unknown long flag '--${name}'`);
    const isSwitch = defaults[name] === 'true' || defaults[name] === 'false';
    if (value === undefined) {
      if (isSwitch) value = 'true';
      else {
        value = argv[++index];
        if (value === undefined) throw new Error(`expected argument for flag '--${name}'`);
      }
    }
    if (name === 'enable-feature') features.push(...value.split(',').filter((feature) => feature !== ''));
    else all[name] = value;
  }
  all['enable-feature'] = features.join(',');
  return read(all, features);
}

function read(all: Record<string, string>, features: readonly string[]): Flags {
  const attempt = <T>(name: string, parse: (text: string) => T): T => {
    try {
      return parse(all[name]!);
    } catch (error) {
      throw new Error(`--${name}=${all[name]}: ${(error as Error).message}`);
    }
  };
  // A setting that protects something must not be taken and forgotten.
  if (all['web.config.file'] !== '')
    throw new Error('--web.config.file is not supported by the embedded Prometheus');
  if (all.agent === 'true') throw new Error('--agent is not supported by the embedded Prometheus');
  const duration = (name: string): number => attempt(name, parsePrometheusDuration);
  const { port } = attempt('web.listen-address', parseListenAddress);
  const retention =
    all['storage.tsdb.retention']! === '0s' ? 'storage.tsdb.retention.time' : 'storage.tsdb.retention';
  const externalUrl = attempt('web.external-url', (text) => parseExternalUrl(text, port));
  const routePrefix = trimSlashes(all['web.route-prefix'] || new URL(externalUrl).pathname);
  all['web.route-prefix'] = routePrefix || '/';
  return {
    all: Object.fromEntries(Object.entries(all).filter(([name]) => !hidden.has(name))),
    configFile: all['config.file']!,
    listenAddress: all['web.listen-address']!,
    externalUrl,
    routePrefix,
    features: new Set(features),
    enableLifecycle: all['web.enable-lifecycle'] === 'true',
    enableAdminApi: all['web.enable-admin-api'] === 'true',
    enableRemoteWrite: all['web.enable-remote-write-receiver'] === 'true',
    // Zero is Prometheus' way to say "no limit by time".
    retentionMs: duration(retention) || Number.POSITIVE_INFINITY,
    retentionBytes: attempt('storage.tsdb.retention.size', parseSize) || 512 * 1024 * 1024,
    lookbackMs: duration('query.lookback-delta'),
    queryTimeoutMs: duration('query.timeout'),
    maxSamples: Number(all['query.max-samples']),
    maxConcurrency: attempt('query.max-concurrency', positiveInteger),
    resendDelayMs: duration('rules.alert.resend-delay'),
    queueCapacity: Number(all['alertmanager.notification-queue-capacity']),
    batchSize: Number(all['alertmanager.notification-batch-size']),
    importFile: all['storage.tsdb.import-openmetrics']!,
    storagePath: all['storage.tsdb.path']!,
  };
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error('must be a whole number of at least 1');
  return Number(text);
}

/** The address under which others reach this server, without a slash at its end. */
function parseExternalUrl(text: string, port: number): string {
  if (text === '') return `http://${hostname()}:${port}`;
  if (!URL.canParse(text)) throw new Error('not a URL; give for instance http://localhost:9090/prometheus');
  return text.replace(/\/+$/, '');
}

/** `/prom/` as `/prom`, `/` as nothing. */
function trimSlashes(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `/${inner}`;
}

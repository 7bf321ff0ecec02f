import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { formatPrometheusDuration, parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { queryEscape } from '../../go-template/index.ts';
import type { ScrapeConfig } from '../config/scrape-config.ts';
import { Labels } from '../labels/labels.ts';
import { type MutableLabels, relabel } from '../relabel/relabel.ts';

const parameterPrefix = '__param_';

/** Something to scrape: what is left after relabelling. */
export interface Target {
  readonly labels: Labels;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Equal for targets that are scraped the same way. */
  readonly key: string;
}

export interface DroppedTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

/**
 * Turns one discovered address into a target, by Prometheus' rules (scrape/target.go, PopulateLabels): defaults, then
 * relabelling, then `instance` from the address. Throws when what is left is no target.
 */
export function buildTarget(
  config: ScrapeConfig,
  address: string,
  groupLabels: Readonly<Record<string, string>>,
): { target: Target } | { dropped: DroppedTarget } {
  const discovered: Record<string, string> = { ...groupLabels, __address__: address };
  const defaults: Record<string, string> = {
    job: config.jobName,
    __scrape_interval__: formatPrometheusDuration(config.scrapeIntervalMs),
    __scrape_timeout__: formatPrometheusDuration(config.scrapeTimeoutMs),
    __metrics_path__: config.metricsPath,
    __scheme__: config.scheme,
  };
  for (const [name, value] of Object.entries(defaults)) discovered[name] ||= value;
  for (const [name, values] of Object.entries(config.params)) {
    if (values[0] !== undefined) discovered[`__param_${name}`] = values[0];
  }
  const discoveredLabels = Object.fromEntries(
    Object.entries(discovered)
      .filter(([, value]) => value !== '')
      .sort(),
  );
  const labels: MutableLabels = new Map(Object.entries(discoveredLabels));
  if (!relabel(labels, config.relabelConfigs)) return { dropped: { discoveredLabels } };
  const scheme = labels.get('__scheme__') ?? '';
  const host = labels.get('__address__') ?? '';
  if (host === '') throw new Error('no address');
  if (host.includes('/')) throw new Error(`${JSON.stringify(host)} is not a valid hostname`);
  const intervalMs = readDuration('interval', labels.get('__scrape_interval__'));
  const timeoutMs = readDuration('timeout', labels.get('__scrape_timeout__'));
  if (timeoutMs > intervalMs) {
    throw new Error(
      `scrape timeout cannot be greater than scrape interval ("${labels.get('__scrape_timeout__')}" > "${labels.get('__scrape_interval__')}")`,
    );
  }

  const url = `${scheme}://${host}${urlPath(labels.get('__metrics_path__') ?? '')}${urlQuery(config, labels)}`;
  if (!labels.has('instance')) labels.set('instance', host);
  for (const name of [...labels.keys()]) if (name.startsWith('__')) labels.delete(name);
  const final = Labels.from(labels);
  return {
    target: {
      labels: final,
      discoveredLabels,
      url,
      intervalMs,
      timeoutMs,
      key: `${final.key}\u0003${url}\u0003${intervalMs}\u0003${timeoutMs}`,
    },
  };
}

/** The path as it may stand in a URL: a question mark in it is one of the path. */
function urlPath(path: string): string {
  const escaped = encodeURI(path).replace(/[?#[\]]/g, (char) => encodeURIComponent(char));
  return escaped === '' || escaped.startsWith('/') ? escaped : `/${escaped}`;
}

/** The parameters, sorted; the first value of each may have been relabelled. */
function urlQuery(config: ScrapeConfig, labels: MutableLabels): string {
  const parameters = new Map(Object.entries(config.params).map(([name, values]) => [name, [...values]]));
  for (const [label, value] of labels) {
    if (!label.startsWith(parameterPrefix)) continue;
    const name = label.slice(parameterPrefix.length);
    parameters.set(name, [value, ...(parameters.get(name) ?? []).slice(1)]);
  }
  const pairs = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  const query = pairs
    .flatMap(([name, values]) => values.map((value) => `${queryEscape(name)}=${queryEscape(value)}`))
    .join('&');
  return query === '' ? '' : `?${query}`;
}

function readDuration(kind: 'interval' | 'timeout', text = ''): number {
  let value: number;
  try {
    value = parsePrometheusDuration(text);
  } catch (error) {
    throw new Error(`error parsing scrape ${kind}: ${(error as Error).message}`);
  }
  if (value === 0) throw new Error(`scrape ${kind} cannot be 0`);
  return value;
}

/** When within its interval a target is scraped: spread by its identity, so that not all are asked at once. */
export function scrapeOffsetMs(target: Target): number {
  const digest = createHash('md5').update(`${hostname()}\u0000${target.key}`).digest();
  return Number(digest.readBigUInt64BE(0) % BigInt(target.intervalMs));
}

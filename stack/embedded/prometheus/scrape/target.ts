import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { formatPrometheusDuration, parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { ScrapeConfig } from '../config/scrape-config.ts';
import { Labels } from '../labels/labels.ts';
import { type MutableLabels, relabel } from '../relabel/relabel.ts';

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

  const url = new URL(`${scheme}://${host}`);
  const path = labels.get('__metrics_path__') ?? '';
  url.pathname = path.startsWith('/') ? path.split('?')[0]! : `/${path}`;
  for (const [name, values] of Object.entries(config.params))
    for (const value of values) url.searchParams.append(name, value);
  for (const [name, value] of labels) {
    if (name.startsWith('__param_')) {
      const parameter = name.slice('__param_'.length);
      const others = url.searchParams.getAll(parameter).slice(1);
      url.searchParams.delete(parameter);
      for (const one of [value, ...others]) url.searchParams.append(parameter, one);
    }
  }
  if (!labels.has('instance')) labels.set('instance', host);
  for (const name of [...labels.keys()]) if (name.startsWith('__')) labels.delete(name);
  const final = Labels.from(labels);
  return {
    target: {
      labels: final,
      discoveredLabels,
      url: url.href,
      intervalMs,
      timeoutMs,
      key: `${final.key}\u0003${url.href}\u0003${intervalMs}\u0003${timeoutMs}`,
    },
  };
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

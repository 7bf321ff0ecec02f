import { Counter, Histogram, Registry } from 'prom-client';
import type { Notifier } from '../notify/notifier.ts';
import type { RuleManager } from '../rules/rule-manager.ts';
import type { ScrapeCounters } from '../scrape/scrape-loop.ts';
import type { ScrapeManager } from '../scrape/scrape-manager.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import type { Head } from '../storage/head.ts';
import { version } from '../version.ts';
import { lookedUpIn } from './looked-up.ts';
import { addNotifierMetrics } from './notifier-metrics.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { addRuleMetrics, type RuleCounters } from './rule-metrics.ts';
import { addScrapeMetrics } from './scrape-metrics.ts';
import { addStorageMetrics } from './storage-metrics.ts';

export interface MetricSources {
  readonly head: Head;
  readonly exemplars: ExemplarRing;
  readonly scrapes: ScrapeManager;
  readonly rules: RuleManager;
  readonly notifier: Notifier;
  readonly scrapeCounters: ScrapeCounters;
  readonly ruleCounters: RuleCounters;
  lastReload(): { readonly success: boolean; readonly timeMs: number };
}

export interface ServerMetrics {
  readonly registry: Registry;
  observeRequest(handler: string, status: number, seconds: number, sizeBytes: number): void;
  observeQuery(seconds: number): void;
  observeScrapeInterval(intervalMs: number, actualMs: number): void;
}

/** The server's own metrics, under the names of the real one. */
export function createMetrics(sources: MetricSources): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const metrics = lookedUpIn(registry);

  metrics.labelledGauge(
    'prometheus_build_info',
    'Version and kind of this server.',
    ['version', 'branch', 'goversion'],
    () => [[{ version, branch: 'embedded', goversion: `node${process.versions.node}` }, 1]],
  );
  metrics.gauge(
    'prometheus_ready',
    'Whether Prometheus startup was fully completed and the server is ready for normal operation.',
    () => 1,
  );
  metrics.gauge(
    'prometheus_config_last_reload_successful',
    'Whether the last configuration reload attempt was successful.',
    () => Number(sources.lastReload().success),
  );
  metrics.gauge(
    'prometheus_config_last_reload_success_timestamp_seconds',
    'Timestamp of the last successful configuration reload.',
    () => sources.lastReload().timeMs / 1000,
  );

  addStorageMetrics(metrics, sources.head, sources.exemplars);
  addScrapeMetrics(metrics, sources.scrapes, sources.scrapeCounters);
  addRuleMetrics(metrics, sources.rules, sources.ruleCounters);
  addNotifierMetrics(metrics, sources.notifier);

  const requests = new Counter({
    name: 'prometheus_http_requests_total',
    help: 'Counter of HTTP requests.',
    labelNames: ['handler', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'prometheus_http_request_duration_seconds',
    help: 'Histogram of latencies for HTTP requests.',
    labelNames: ['handler'],
    buckets: [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120],
    registers,
  });
  const sizes = new Histogram({
    name: 'prometheus_http_response_size_bytes',
    help: 'Histogram of response size for HTTP requests.',
    labelNames: ['handler'],
    buckets: [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000],
    registers,
  });
  const queries = new Histogram({
    name: 'prometheus_engine_query_duration_histogram_seconds',
    help: 'The duration of various parts of PromQL query execution.',
    labelNames: ['slice'],
    buckets: [0.01, 0.1, 1, 10, 60, 120],
    registers,
  });
  const intervals = new Histogram({
    name: 'prometheus_target_interval_length_histogram_seconds',
    help: 'Actual intervals between scrapes.',
    labelNames: ['interval'],
    buckets: [0.5, 0.9, 1, 1.1, 2, 5, 15, 30, 60],
    registers,
  });

  addProcessMetrics(metrics);

  return {
    registry,
    observeRequest(handler, status, seconds, sizeBytes) {
      requests.inc({ handler, code: String(status) });
      durations.observe({ handler }, seconds);
      sizes.observe({ handler }, sizeBytes);
    },
    observeQuery: (seconds) => queries.observe({ slice: 'inner_eval' }, seconds),
    observeScrapeInterval: (intervalMs, actualMs) =>
      intervals.observe({ interval: `${intervalMs / 1000}s` }, actualMs / 1000),
  };
}

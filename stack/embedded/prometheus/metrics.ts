import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Notifier } from './notify/notifier.ts';
import type { RuleManager } from './rules/rule-manager.ts';
import type { ScrapeCounters } from './scrape/scrape-loop.ts';
import type { ScrapeManager } from './scrape/scrape-manager.ts';
import type { ExemplarRing } from './storage/exemplars.ts';
import type { Head } from './storage/head.ts';
import { version } from './version.ts';

export interface MetricSources {
  readonly head: Head;
  readonly exemplars: ExemplarRing;
  readonly scrapes: ScrapeManager;
  readonly rules: RuleManager;
  readonly notifier: Notifier;
  readonly scrapeCounters: ScrapeCounters;
  readonly ruleCounters: { readonly evaluations: number; readonly failures: number; readonly missed: number };
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
  const { head, exemplars, scrapeCounters, ruleCounters, notifier } = sources;

  /** A metric whose values are looked up when it is asked for. */
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(Math.max(0, read()));
      },
    });
  };
  const labelled = <Label extends string>(
    kind: 'gauge' | 'counter',
    name: string,
    help: string,
    labelNames: Label[],
    read: () => (readonly [labels: Record<Label, string>, value: number])[],
  ): void => {
    if (kind === 'gauge') {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.set(labels, value);
        },
      });
    } else {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      });
    }
  };

  labelled(
    'gauge',
    'prometheus_build_info',
    'Version and kind of this server.',
    ['version', 'branch', 'goversion'],
    () => [[{ version, branch: 'embedded', goversion: `node${process.versions.node}` }, 1]],
  );
  gauge(
    'prometheus_ready',
    'Whether Prometheus startup was fully completed and the server is ready for normal operation.',
    () => 1,
  );
  gauge(
    'prometheus_config_last_reload_successful',
    'Whether the last configuration reload attempt was successful.',
    () => Number(sources.lastReload().success),
  );
  gauge(
    'prometheus_config_last_reload_success_timestamp_seconds',
    'Timestamp of the last successful configuration reload.',
    () => sources.lastReload().timeMs / 1000,
  );

  gauge('prometheus_tsdb_head_series', 'Total number of series in the head block.', () => head.seriesCount);
  counter(
    'prometheus_tsdb_head_series_created_total',
    'Total number of series created in the head',
    () => head.counters.seriesCreated,
  );
  counter(
    'prometheus_tsdb_head_series_removed_total',
    'Total number of series removed in the head',
    () => head.counters.seriesRemoved,
  );
  gauge('prometheus_tsdb_head_chunks', 'Total number of chunks in the head block.', () => {
    let chunks = 0;
    for (const series of head.index.all()) chunks += series.chunkCount;
    return chunks;
  });
  gauge(
    'prometheus_tsdb_storage_blocks_bytes',
    'The number of bytes that are currently used for local storage by all blocks.',
    () => head.sizeBytes,
  );
  gauge(
    'prometheus_tsdb_retention_limit_bytes',
    'Max number of bytes to be retained in the tsdb blocks.',
    () => head.options.retentionBytes,
  );
  gauge('prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head block.', () =>
    Number.isFinite(head.maxMs) ? head.maxMs / 1000 : 0,
  );
  gauge('prometheus_tsdb_head_min_time_seconds', 'Minimum time bound of the head block.', () =>
    Number.isFinite(head.minMs) ? head.minMs / 1000 : 0,
  );
  labelled(
    'counter',
    'prometheus_tsdb_head_samples_appended_total',
    'Total number of appended samples.',
    ['type'],
    () => [[{ type: 'float' }, head.counters.appended]],
  );
  labelled(
    'counter',
    'prometheus_tsdb_out_of_order_samples_total',
    'Total number of out of order samples ingestion failed attempts.',
    ['type'],
    () => [[{ type: 'float' }, head.counters.outOfOrder]],
  );
  labelled(
    'counter',
    'prometheus_tsdb_out_of_bound_samples_total',
    'Total number of out of bound samples ingestion failed attempts.',
    ['type'],
    () => [[{ type: 'float' }, head.counters.outOfBounds]],
  );
  labelled(
    'counter',
    'prometheus_tsdb_too_old_samples_total',
    'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
    ['type'],
    () => [[{ type: 'float' }, head.counters.tooOld]],
  );
  gauge(
    'prometheus_tsdb_exemplar_exemplars_in_storage',
    'Number of exemplars currently in circular storage.',
    () => exemplars.size,
  );
  gauge(
    'prometheus_tsdb_exemplar_max_exemplars',
    'Total number of exemplars the exemplar storage can store.',
    () => exemplars.capacity,
  );
  gauge(
    'prometheus_tsdb_exemplar_series_with_exemplars_in_storage',
    'Number of series with exemplars currently in circular storage.',
    () => exemplars.seriesCount,
  );
  counter(
    'prometheus_tsdb_exemplar_exemplars_appended_total',
    'Total number of appended exemplars.',
    () => exemplars.appended,
  );

  gauge(
    'prometheus_target_scrape_pools_total',
    'Total number of scrape pools.',
    () => sources.scrapes.pools.length,
  );
  labelled(
    'gauge',
    'prometheus_target_scrape_pool_targets',
    'Current number of targets in this scrape pool.',
    ['scrape_job'],
    () =>
      sources.scrapes.pools.map((pool) => [{ scrape_job: pool.config.jobName }, pool.loops.length] as const),
  );
  counter(
    'prometheus_target_scrapes_sample_out_of_order_total',
    'Total number of samples rejected due to not being out of the expected order.',
    () => scrapeCounters.outOfOrder,
  );
  counter(
    'prometheus_target_scrapes_sample_out_of_bounds_total',
    'Total number of samples rejected due to timestamp falling outside of the time bounds.',
    () => scrapeCounters.outOfBounds,
  );
  counter(
    'prometheus_target_scrapes_sample_duplicate_timestamp_total',
    'Total number of samples rejected due to duplicate timestamps but different values.',
    () => scrapeCounters.duplicate,
  );
  counter(
    'prometheus_target_scrapes_exceeded_sample_limit_total',
    'Total number of scrapes that hit the sample limit and were rejected.',
    () => scrapeCounters.sampleLimit,
  );
  counter(
    'prometheus_target_scrapes_exceeded_body_size_limit_total',
    'Total number of scrapes that hit the body size limit',
    () => scrapeCounters.bodySizeLimit,
  );

  const group = (definition: { file: string; name: string }) => ({
    rule_group: `${definition.file};${definition.name}`,
  });
  counter(
    'prometheus_rule_evaluations_total',
    'The total number of rule evaluations.',
    () => ruleCounters.evaluations,
  );
  counter(
    'prometheus_rule_evaluation_failures_total',
    'The total number of rule evaluation failures.',
    () => ruleCounters.failures,
  );
  counter(
    'prometheus_rule_group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
    () => ruleCounters.missed,
  );
  labelled('gauge', 'prometheus_rule_group_rules', 'The number of rules.', ['rule_group'], () =>
    sources.rules.groups.map((each) => [group(each.definition), each.rules.length] as const),
  );
  labelled(
    'gauge',
    'prometheus_rule_group_interval_seconds',
    'The interval of a rule group.',
    ['rule_group'],
    () => sources.rules.groups.map((each) => [group(each.definition), each.intervalMs / 1000] as const),
  );
  labelled(
    'gauge',
    'prometheus_rule_group_last_duration_seconds',
    'The duration of the last rule group evaluation.',
    ['rule_group'],
    () => sources.rules.groups.map((each) => [group(each.definition), each.evaluationSeconds] as const),
  );
  labelled(
    'gauge',
    'prometheus_rule_group_last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
    ['rule_group'],
    () =>
      sources.rules.groups.map(
        (each) => [group(each.definition), (each.lastEvaluationMs ?? 0) / 1000] as const,
      ),
  );

  gauge(
    'prometheus_notifications_alertmanagers_discovered',
    'The number of alertmanagers discovered and active.',
    () => notifier.active.length,
  );
  gauge(
    'prometheus_notifications_queue_capacity',
    'The capacity of the alert notifications queue.',
    () => notifier.queueCapacity,
  );
  const senders = (read: (sender: (typeof notifier.senders)[number]) => number) => () =>
    notifier.senders.map((sender) => [{ alertmanager: sender.url }, read(sender)] as const);
  labelled(
    'gauge',
    'prometheus_notifications_queue_length',
    'The number of alert notifications in the queue.',
    ['alertmanager'],
    senders((sender) => sender.queueLength),
  );
  labelled(
    'counter',
    'prometheus_notifications_sent_total',
    'Total number of alerts sent.',
    ['alertmanager'],
    senders((sender) => sender.sent),
  );
  labelled(
    'counter',
    'prometheus_notifications_errors_total',
    'Total number of sent alerts affected by errors.',
    ['alertmanager'],
    senders((sender) => sender.errors),
  );
  labelled(
    'counter',
    'prometheus_notifications_dropped_total',
    'Total number of alerts dropped due to errors when sending to Alertmanager.',
    ['alertmanager'],
    senders((sender) => sender.dropped),
  );
  labelled(
    'gauge',
    'prometheus_notifications_latency_seconds',
    'Latency of the last notification.',
    ['alertmanager'],
    senders((sender) => sender.latencySeconds),
  );

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

  counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () =>
    Math.floor((Date.now() - process.uptime() * 1000) / 1000),
  );
  gauge(
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
    () => process.memoryUsage().heapUsed,
  );

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

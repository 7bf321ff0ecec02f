import type { ScrapeCounters } from '../scrape/scrape-loop.ts';
import type { ScrapeManager } from '../scrape/scrape-manager.ts';
import type { LookedUp } from './looked-up.ts';

export function addScrapeMetrics(metrics: LookedUp, scrapes: ScrapeManager, counters: ScrapeCounters): void {
  metrics.gauge(
    'prometheus_target_scrape_pools_total',
    'Total number of scrape pools.',
    () => scrapes.pools.length,
  );
  metrics.labelledGauge(
    'prometheus_target_scrape_pool_targets',
    'Current number of targets in this scrape pool.',
    ['scrape_job'],
    () => scrapes.pools.map((pool) => [{ scrape_job: pool.config.jobName }, pool.loops.length] as const),
  );
  metrics.counter(
    'prometheus_target_scrapes_sample_out_of_order_total',
    'Total number of samples rejected due to not being out of the expected order.',
    () => counters.outOfOrder,
  );
  metrics.counter(
    'prometheus_target_scrapes_sample_out_of_bounds_total',
    'Total number of samples rejected due to timestamp falling outside of the time bounds.',
    () => counters.outOfBounds,
  );
  metrics.counter(
    'prometheus_target_scrapes_sample_duplicate_timestamp_total',
    'Total number of samples rejected due to duplicate timestamps but different values.',
    () => counters.duplicate,
  );
  metrics.counter(
    'prometheus_target_scrapes_exceeded_sample_limit_total',
    'Total number of scrapes that hit the sample limit and were rejected.',
    () => counters.sampleLimit,
  );
  metrics.counter(
    'prometheus_target_scrapes_exceeded_body_size_limit_total',
    'Total number of scrapes that hit the body size limit',
    () => counters.bodySizeLimit,
  );
}

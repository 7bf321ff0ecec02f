import type { ExemplarRing } from '../storage/exemplars.ts';
import type { Head } from '../storage/head.ts';
import type { LookedUp, Reading } from './looked-up.ts';

/** This server has no native histograms: every sample is a float. */
const floats = (read: () => number) => (): readonly Reading<'type'>[] => [[{ type: 'float' }, read()]];

export function addStorageMetrics(metrics: LookedUp, head: Head, exemplars: ExemplarRing): void {
  metrics.gauge(
    'prometheus_tsdb_head_series',
    'Total number of series in the head block.',
    () => head.seriesCount,
  );
  metrics.counter(
    'prometheus_tsdb_head_series_created_total',
    'Total number of series created in the head',
    () => head.counters.seriesCreated,
  );
  metrics.counter(
    'prometheus_tsdb_head_series_removed_total',
    'Total number of series removed in the head',
    () => head.counters.seriesRemoved,
  );
  metrics.gauge('prometheus_tsdb_head_chunks', 'Total number of chunks in the head block.', () => {
    let chunks = 0;
    for (const series of head.index.all()) chunks += series.chunkCount;
    return chunks;
  });
  metrics.gauge(
    'prometheus_tsdb_storage_blocks_bytes',
    'The number of bytes that are currently used for local storage by all blocks.',
    () => head.sizeBytes,
  );
  metrics.gauge(
    'prometheus_tsdb_retention_limit_bytes',
    'Max number of bytes to be retained in the tsdb blocks.',
    () => head.options.retentionBytes,
  );
  metrics.gauge('prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head block.', () =>
    Number.isFinite(head.maxMs) ? head.maxMs / 1000 : 0,
  );
  metrics.gauge('prometheus_tsdb_head_min_time_seconds', 'Minimum time bound of the head block.', () =>
    Number.isFinite(head.minMs) ? head.minMs / 1000 : 0,
  );
  metrics.labelledCounter(
    'prometheus_tsdb_head_samples_appended_total',
    'Total number of appended samples.',
    ['type'],
    floats(() => head.counters.appended),
  );
  metrics.labelledCounter(
    'prometheus_tsdb_out_of_order_samples_total',
    'Total number of out of order samples ingestion failed attempts.',
    ['type'],
    floats(() => head.counters.outOfOrder),
  );
  metrics.labelledCounter(
    'prometheus_tsdb_out_of_bound_samples_total',
    'Total number of out of bound samples ingestion failed attempts.',
    ['type'],
    floats(() => head.counters.outOfBounds),
  );
  metrics.labelledCounter(
    'prometheus_tsdb_too_old_samples_total',
    'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
    ['type'],
    floats(() => head.counters.tooOld),
  );
  metrics.gauge(
    'prometheus_tsdb_exemplar_exemplars_in_storage',
    'Number of exemplars currently in circular storage.',
    () => exemplars.size,
  );
  metrics.gauge(
    'prometheus_tsdb_exemplar_max_exemplars',
    'Total number of exemplars the exemplar storage can store.',
    () => exemplars.capacity,
  );
  metrics.gauge(
    'prometheus_tsdb_exemplar_series_with_exemplars_in_storage',
    'Number of series with exemplars currently in circular storage.',
    () => exemplars.seriesCount,
  );
  metrics.counter(
    'prometheus_tsdb_exemplar_exemplars_appended_total',
    'Total number of appended exemplars.',
    () => exemplars.appended,
  );
}

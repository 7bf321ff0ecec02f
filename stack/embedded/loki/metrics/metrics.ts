import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Distributor } from '../ingest/distributor.ts';
import type { LogStore } from '../storage/store.ts';

const tenant = 'fake';

export interface MetricsOptions {
  readonly store: LogStore;
  readonly distributor: Distributor;
  readonly tails: () => number;
  readonly version: string;
}

/** The server's own metrics, under the names that Loki gives them. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram;

  constructor({ store, distributor, tails, version }: MetricsOptions) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: 'loki_request_duration_seconds',
      help: 'Time (in seconds) spent serving HTTP requests.',
      labelNames: ['method', 'route', 'status_code', 'ws'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
      registers,
    });
    const ingested = { tenant, retention_hours: '', is_internal_stream: 'false', policy: '' };
    const { counts } = distributor;
    this.#counter(
      'loki_distributor_bytes_received_total',
      'The total number of uncompressed bytes received per tenant. Includes structured metadata bytes.',
      ingested,
      () => counts.bytes + counts.structuredMetadataBytes,
    );
    this.#counter(
      'loki_distributor_lines_received_total',
      'The total number of lines received per tenant',
      { tenant, is_internal_stream: 'false', policy: '' },
      () => counts.lines,
    );
    this.#counter(
      'loki_distributor_structured_metadata_bytes_received_total',
      'The total number of uncompressed bytes received per tenant for entries structured metadata',
      ingested,
      () => counts.structuredMetadataBytes,
    );
    this.#gauge(
      'loki_ingester_memory_streams',
      'The total number of streams in memory per tenant.',
      { tenant },
      () => store.streamCount,
    );
    this.#counter(
      'loki_ingester_streams_created_total',
      'The total number of streams created per tenant.',
      { tenant },
      () => store.counts.streamsCreated,
    );
    this.#counter(
      'loki_ingester_streams_removed_total',
      'The total number of streams removed per tenant.',
      { tenant },
      () => store.counts.streamsRemoved,
    );
    this.#gauge(
      'loki_ingester_memory_chunks',
      'The total number of chunks in memory.',
      {},
      () => store.chunkCount,
    );
    this.#counter(
      'loki_ingester_chunks_created_total',
      'The total number of chunks created in the ingester.',
      {},
      () => store.counts.chunksCreated,
    );
    this.#counter(
      'loki_embedded_chunks_evicted_total',
      'Chunks dropped because they were too old or memory was full.',
      {},
      () => store.counts.chunksEvicted,
    );
    this.#gauge(
      'loki_embedded_memory_bytes',
      'Bytes of memory that stored logs occupy, about.',
      {},
      () => store.memoryBytes,
    );
    this.#gauge('loki_querier_tail_active', 'Number of active tailers', {}, tails);
    this.#gauge(
      'loki_build_info',
      'A metric with a constant 1 value labeled by version, revision, branch and others.',
      { version, branch: 'embedded', goversion: '', revision: 'embedded' },
      () => 1,
    );
    for (const what of ['samples', 'bytes'] as const) {
      const metric: Counter = new Counter({
        name: `loki_discarded_${what}_total`,
        help: `The total number of ${what} that were discarded.`,
        labelNames: ['reason', 'tenant', 'retention_hours', 'policy', 'format'],
        registers,
        collect: () => {
          metric.reset();
          for (const [reason, discarded] of counts.discarded) {
            metric.inc({ reason, tenant, retention_hours: '', policy: '', format: '' }, discarded[what]);
          }
        },
      });
    }
  }

  #counter(name: string, help: string, labels: Record<string, string>, value: () => number): void {
    const metric: Counter = new Counter({
      name,
      help,
      labelNames: Object.keys(labels),
      registers: [this.registry],
      collect: () => {
        metric.reset();
        metric.inc(labels, value());
      },
    });
  }

  #gauge(name: string, help: string, labels: Record<string, string>, value: () => number): void {
    const metric: Gauge = new Gauge({
      name,
      help,
      labelNames: Object.keys(labels),
      registers: [this.registry],
      collect: () => metric.set(labels, value()),
    });
  }

  /** Counts a request by its route's name, as Loki does: slashes become underscores. */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status_code: String(status), ws: 'false' }, seconds);
  }
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SamplerEvents } from '../sampling/tail-sampler.ts';
import type { TraceStore } from '../storage/trace-store.ts';

/**
 * The server's own metrics, under the names that the collector in Jaeger v2 exposes them. `worker` and scope labels
 * of some collector versions are left out.
 */
export class JaegerMetrics {
  readonly registry = new Registry();
  readonly #accepted: Counter<string>;
  readonly #refused: Counter<string>;
  readonly #sent: Counter<string>;
  readonly #requests: Counter<string>;

  constructor() {
    const registers = [this.registry];
    this.#accepted = new Counter({
      name: 'otelcol_receiver_accepted_spans_total',
      help: 'Number of spans successfully pushed into the pipeline.',
      labelNames: ['receiver', 'transport'],
      registers,
    });
    this.#refused = new Counter({
      name: 'otelcol_receiver_refused_spans_total',
      help: 'Number of spans that could not be pushed into the pipeline.',
      labelNames: ['receiver', 'transport'],
      registers,
    });
    this.#sent = new Counter({
      name: 'otelcol_exporter_sent_spans_total',
      help: 'Number of spans successfully sent to destination.',
      labelNames: ['exporter'],
      registers,
    });
    this.#requests = new Counter({
      name: 'jaeger_query_requests_total',
      help: 'Requests to the query API by route and status.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#accepted.inc({ receiver: 'otlp', transport: 'http' }, 0);
    this.#refused.inc({ receiver: 'otlp', transport: 'http' }, 0);
    const started = Date.now();
    new Gauge({
      name: 'otelcol_process_uptime_seconds_total',
      help: 'Uptime of the process.',
      registers,
      collect() {
        this.set((Date.now() - started) / 1000);
      },
    });
    new Gauge({
      name: 'otelcol_process_memory_rss_bytes',
      help: 'Total physical memory (resident set size).',
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
    new Gauge({
      name: 'otelcol_process_runtime_heap_alloc_bytes',
      help: 'Bytes of allocated heap objects.',
      registers,
      collect() {
        this.set(process.memoryUsage().heapUsed);
      },
    });
    new Counter({
      name: 'otelcol_process_cpu_seconds_total',
      help: 'Total CPU user and system time in seconds.',
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
  }

  accepted(spans: number): void {
    this.#accepted.inc({ receiver: 'otlp', transport: 'http' }, spans);
  }

  refused(spans: number): void {
    this.#refused.inc({ receiver: 'otlp', transport: 'http' }, spans);
  }

  sent(exporter: string, spans: number): void {
    this.#sent.inc({ exporter }, spans);
  }

  request(route: string, status: number): void {
    this.#requests.inc({ route, status: String(status) });
  }

  observeStore(store: TraceStore): void {
    const registers = [this.registry];
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    };
    gauge('jaeger_storage_memory_traces', 'Traces held in memory.', () => store.statistics.traces);
    gauge('jaeger_storage_memory_spans', 'Spans held in memory.', () => store.statistics.spans);
    gauge(
      'jaeger_storage_memory_bytes',
      'Bytes that the spans in memory take.',
      () => store.statistics.bytes,
    );
    const counter = (name: string, help: string, value: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    };
    counter(
      'jaeger_storage_memory_evicted_traces_total',
      'Traces evicted to stay within the bounds.',
      () => store.statistics.evictedTraces,
    );
    counter(
      'jaeger_storage_memory_dropped_spans_total',
      'Spans of traces too large to be stored.',
      () => store.statistics.droppedSpans,
    );
  }

  /** The metrics of a `tail_sampling` processor. Called once: processors share the series. */
  tailSampling(tracesOnMemory: () => number): SamplerEvents {
    const registers = [this.registry];
    const prefix = 'otelcol_processor_tail_sampling_';
    const counter = (name: string, help: string, labelNames: string[] = []): Counter<string> =>
      new Counter({ name: `${prefix}${name}_total`, help, labelNames, registers });
    const labels = ['policy', 'sampled', 'decision'];
    const tracesByPolicy = counter(
      'count_traces_sampled',
      'Count of traces that were sampled or not per sampling policy',
      labels,
    );
    const spansByPolicy = counter(
      'count_spans_sampled',
      'Count of spans that were sampled or not per sampling policy',
      labels,
    );
    const global = counter(
      'global_count_traces_sampled',
      'Global count of traces that were sampled or not by at least one policy',
      ['sampled', 'decision'],
    );
    const newTraces = counter('new_trace_id_received', 'Counts the arrival of new traces');
    const tooEarly = counter(
      'sampling_trace_dropped_too_early',
      'Count of traces that needed to be dropped before the configured wait time',
    );
    const earlyReleases = counter(
      'early_releases_from_cache_decision',
      'Number of spans that were able to be immediately released due to a decision cache hit.',
      ['sampled'],
    );
    const lateSpans = new Histogram({
      name: `${prefix}sampling_late_span_age_seconds`,
      help: 'Time (in seconds) from the sampling decision was taken and the arrival of a late span',
      buckets: [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000],
      registers,
    });
    new Gauge({
      name: `${prefix}sampling_traces_on_memory`,
      help: 'Tracks the number of traces current on memory',
      registers,
      collect() {
        this.set(tracesOnMemory());
      },
    });
    return {
      newTrace: () => newTraces.inc(),
      policyDecision: (policy, decision, spans) => {
        const sampled = decision === 'sampled' || decision === 'inverted_sampled';
        const values = {
          policy,
          sampled: String(sampled),
          decision: decision === 'dropped' ? 'dropped' : sampled ? 'sampled' : 'not_sampled',
        };
        tracesByPolicy.inc(values);
        spansByPolicy.inc(values, spans);
      },
      decision: (decision) => global.inc({ sampled: String(decision === 'sampled'), decision }),
      droppedTooEarly: (traces) => tooEarly.inc(traces),
      lateSpan: (age) => lateSpans.observe(age),
      earlyRelease: (sampled, spans) => earlyReleases.inc({ sampled: String(sampled) }, spans),
    };
  }
}

import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { latencyBuckets } from './metrics-registry.ts';

export interface CompletedRequest {
  method: string;
  /** The route pattern, never the raw path. */
  endpoint: string;
  status: number;
  durationSeconds: number;
  errorType?: string;
  span?: SpanContext;
}

/** Failures that a service or a proxy before it answers with. */
const failureStatuses = ['500', '502', '503', '504'];

/** Rate, errors and duration of the requests that a service serves. */
export class HttpMetrics {
  readonly #requests;
  readonly #duration;
  readonly #inProgress;
  readonly #errors;
  readonly #seen = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'http_requests_total',
      help: 'Requests answered.',
      labelNames: ['method', 'endpoint', 'status'],
      registers,
    });
    // Exemplar labels are not the metric's own, which the narrower type would demand.
    this.#duration = new Histogram<string>({
      name: 'http_request_duration_seconds',
      help: 'Time from a request’s head to the end of its answer, in seconds.',
      labelNames: ['method', 'endpoint', 'status'],
      buckets: latencyBuckets,
      enableExemplars: true,
      registers,
    });
    this.#inProgress = new Gauge({
      name: 'http_requests_in_progress',
      help: 'Requests being served.',
      labelNames: ['method', 'endpoint'],
      registers,
    });
    this.#errors = new Counter({
      name: 'http_request_errors_total',
      help: 'Requests that ended in an error, by what kind it was.',
      labelNames: ['method', 'endpoint', 'error_type'],
      registers,
    });
  }

  started(method: string, endpoint: string): void {
    this.#inProgress.inc({ method, endpoint });
    const pair = `${method} ${endpoint}`;
    if (this.#seen.has(pair)) return;
    this.#seen.add(pair);
    // A counter that appears with its first failures has no increase: rate() sees a spike only where it began at zero.
    for (const status of failureStatuses) this.#requests.inc({ method, endpoint, status }, 0);
  }

  completed({ method, endpoint, status, durationSeconds, errorType, span }: CompletedRequest): void {
    this.#inProgress.dec({ method, endpoint });
    const labels = { method, endpoint, status: String(status) };
    this.#requests.inc(labels);
    // An exemplar that leads to no trace would be a dead link: only sampled ones are named.
    const sampled =
      span !== undefined && isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
    this.#duration.observe({
      labels,
      value: durationSeconds,
      ...(sampled && { exemplarLabels: { trace_id: span.traceId, span_id: span.spanId } }),
    });
    if (errorType !== undefined) this.#errors.inc({ method, endpoint, error_type: errorType });
  }
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { latencyBuckets } from '../telemetry/metrics-registry.ts';
import type { CircuitState, Upstream } from './upstream.ts';

const stateValues: Record<CircuitState, number> = { closed: 0, open: 1, 'half-open': 2 };

export interface UpstreamCall {
  upstream: string;
  operation: string;
  /** The answer's status, or why there was none. */
  status: string;
  success: boolean;
  durationSeconds: number;
}

/** What the gateway knows of its upstreams. */
export class GatewayMetrics {
  readonly #requests;
  readonly #duration;

  constructor(registry: Registry, upstreams: readonly Upstream[]) {
    const registers = [registry];
    new Gauge({
      name: 'circuit_breaker_state',
      help: '0 closed, 1 open, 2 half-open.',
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const { name, circuit } of upstreams) this.set({ upstream: name }, stateValues[circuit]);
      },
    });
    new Gauge({
      name: 'gateway_upstream_healthy',
      help: '1 when the last health checks say that the upstream may serve, else 0.',
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const { name, healthy } of upstreams) this.set({ upstream: name }, healthy ? 1 : 0);
      },
    });
    this.#requests = new Counter({
      name: 'gateway_upstream_requests_total',
      help: 'Requests sent to upstreams, retries included, by the status of the answer or the reason for none.',
      labelNames: ['upstream', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'service_call_duration_seconds',
      help: 'Time until the head of an upstream’s answer, in seconds.',
      labelNames: ['source_service', 'target_service', 'operation', 'status'],
      buckets: latencyBuckets,
      registers,
    });
  }

  called({ upstream, operation, status, success, durationSeconds }: UpstreamCall): void {
    this.#requests.inc({ upstream, status });
    this.#duration.observe(
      { source_service: 'gateway', target_service: 'api', operation, status: success ? 'success' : 'error' },
      durationSeconds,
    );
  }
}

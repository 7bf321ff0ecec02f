import type { Express, RequestHandler } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import type { MetricsRegistry } from '../telemetry/metrics-registry.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { Balancer } from './balancer.ts';
import type { UpstreamAddress } from './environment.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { HealthChecker } from './health-check.ts';
import { createProxy } from './proxy.ts';
import { Upstream } from './upstream.ts';

export interface GatewayOptions {
  addresses: readonly UpstreamAddress[];
  /** The route patterns behind the gateway; its metrics and spans are named after them. */
  endpoints: readonly string[];
  upstreamTimeoutMs: number;
  healthIntervalMs: number;
  breakerResetMs: number;
  registry: MetricsRegistry;
  logger: Logger;
  /** Where faults strike, before a request is passed on. */
  faults: RequestHandler;
}

export interface Gateway {
  readonly app: Express;
  readonly upstreams: readonly Upstream[];
  close(): void;
}

/** The edge: `/api` goes to the replicas, everything else is the gateway's own. Health checks begin at once. */
export function createGateway(options: GatewayOptions): Gateway {
  const { registry, logger } = options;
  const upstreams = options.addresses.map(
    (address) =>
      new Upstream(address, {
        timeoutMs: options.upstreamTimeoutMs,
        breakerResetMs: options.breakerResetMs,
        logger,
      }),
  );
  const health = new HealthChecker({ intervalMs: options.healthIntervalMs, logger });
  const proxy = createProxy({
    upstreams,
    balancer: new Balancer(upstreams),
    metrics: new GatewayMetrics(registry, upstreams),
    logger,
  });
  const app = createServiceApp({
    logger,
    registry,
    endpoints: options.endpoints,
    readiness: () => (upstreams.some(({ healthy }) => healthy) ? [] : ['no upstream is healthy']),
    routes: (routes) => {
      routes.use(options.faults);
      routes.use('/api', proxy);
    },
  });
  for (const upstream of upstreams) health.watch(upstream);
  return {
    app,
    upstreams,
    close() {
      health.stop();
      for (const upstream of upstreams) upstream.close();
    },
  };
}

// First, before express is loaded: see start.ts.
import '../telemetry/start.ts';
import { createAdminApp } from '../admin/admin-app.ts';
import { FaultRegistry } from '../admin/fault-registry.ts';
import { processFaults } from '../admin/faults/process-faults.ts';
import { createRequestFaults } from '../admin/faults/request-faults.ts';
import { createTelemetryFaults } from '../admin/faults/telemetry-faults.ts';
import { apiEndpoints } from '../api/endpoints.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { tracing } from '../telemetry/start.ts';
import { Balancer } from './balancer.ts';
import { gatewayEnvironmentSchema } from './environment.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { HealthChecker } from './health-check.ts';
import { createProxy } from './proxy.ts';
import { Upstream } from './upstream.ts';

const environment = requireEnvironment(gatewayEnvironmentSchema);
const logger = createLogger(environment);
const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);

const upstreams = environment.UPSTREAMS.map(
  (address) =>
    new Upstream(address, {
      timeoutMs: environment.UPSTREAM_TIMEOUT_MS,
      breakerResetMs: environment.BREAKER_RESET_MS,
      logger,
    }),
);
const health = new HealthChecker({ intervalMs: environment.HEALTH_INTERVAL_MS, logger });
const proxy = createProxy({
  upstreams,
  balancer: new Balancer(upstreams),
  metrics: new GatewayMetrics(registry, upstreams),
  logger,
});

const requestFaults = createRequestFaults();
const faults = new FaultRegistry(
  [
    ...requestFaults.kinds,
    ...processFaults,
    ...createTelemetryFaults({ registry, logger, sampler: tracing.sampler }),
  ],
  logger,
);

const app = createServiceApp({
  logger,
  registry,
  endpoints: apiEndpoints,
  readiness: () => (upstreams.some(({ healthy }) => healthy) ? [] : ['no upstream is healthy']),
  routes: (routes) => {
    routes.use(requestFaults.middleware);
    routes.use('/api', proxy);
  },
});
const admin = createAdminApp({ token: environment.LAB_TOKEN, faults, logger, sampler: tracing.sampler });

for (const upstream of upstreams) health.watch(upstream);
void runService({
  environment,
  logger,
  tracing,
  processCrashes,
  servers: [
    { name: 'http', listener: app, port: environment.PORT },
    { name: 'admin', listener: admin, port: environment.ADMIN_PORT },
  ],
  drainMs: () => 0,
  onStop: async () => {
    await faults.endAll();
    health.stop();
    for (const upstream of upstreams) upstream.close();
  },
});

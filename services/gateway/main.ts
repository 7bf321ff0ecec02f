// First, before express is loaded: see start.ts.
import '../telemetry/start.ts';
import { createAdminApp } from '../admin/admin-app.ts';
import { createServiceFaults } from '../admin/service-faults.ts';
import { apiEndpoints } from '../api/endpoints.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { countLines, createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { tracing } from '../telemetry/start.ts';
import { gatewayEnvironmentSchema } from './environment.ts';
import { createGateway } from './gateway.ts';

const environment = requireEnvironment(gatewayEnvironmentSchema);
const { sampler } = tracing;
const logger = createLogger(environment);
const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);
countLines(registry, logger);
const { faults, middleware } = createServiceFaults({ registry, logger, sampler });
const gateway = createGateway({
  addresses: environment.UPSTREAMS,
  endpoints: apiEndpoints,
  upstreamTimeoutMs: environment.UPSTREAM_TIMEOUT_MS,
  healthIntervalMs: environment.HEALTH_INTERVAL_MS,
  breakerResetMs: environment.BREAKER_RESET_MS,
  registry,
  logger,
  faults: middleware,
});
const admin = createAdminApp({ token: environment.LAB_TOKEN, faults, logger, sampler });

void runService({
  environment,
  logger,
  tracing,
  processCrashes,
  servers: [
    { name: 'http', listener: gateway.app, port: environment.PORT },
    { name: 'admin', listener: admin, port: environment.ADMIN_PORT },
  ],
  drainMs: () => 0,
  onStop: async () => {
    await faults.endAll();
    gateway.close();
  },
});

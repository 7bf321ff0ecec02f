// First, before express and pg are loaded: see start.ts.
import '../telemetry/start.ts';
import { createAdminApp } from '../admin/admin-app.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { countLines, createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { tracing } from '../telemetry/start.ts';
import { createApi } from './api.ts';
import { apiEnvironmentSchema, databaseUrl } from './environment.ts';

/** Longer than the gateway's health interval: it turns away before the port closes. */
const drainMs = 800;

const environment = requireEnvironment(apiEnvironmentSchema);
const { sampler } = tracing;
const logger = createLogger(environment);
const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);
countLines(registry, logger);
const api = createApi({
  instance: environment.INSTANCE,
  databaseUrl: databaseUrl(environment),
  databasePoolMax: environment.DATABASE_POOL_MAX,
  authTokenSecret: environment.AUTH_TOKEN_SECRET,
  defect: environment.RELEASE_DEFECT,
  registry,
  logger,
  sampler,
});
const admin = createAdminApp({ token: environment.LAB_TOKEN, faults: api.faults, logger, sampler });

void runService({
  environment,
  logger,
  tracing,
  processCrashes,
  servers: [
    { name: 'http', listener: api.app, port: environment.PORT },
    { name: 'admin', listener: admin, port: environment.ADMIN_PORT },
  ],
  // A replica that nobody uses has nobody to warn.
  drainMs: () => (api.inUse() ? drainMs : 0),
  onDrain: () => api.drain(),
  onStop: () => api.close(),
});

// First, before express and pg are loaded: see start.ts.
import '../telemetry/start.ts';
import express from 'express';
import { createAdminApp } from '../admin/admin-app.ts';
import { FaultRegistry } from '../admin/fault-registry.ts';
import { processFaults } from '../admin/faults/process-faults.ts';
import { createRequestFaults } from '../admin/faults/request-faults.ts';
import { createTelemetryFaults } from '../admin/faults/telemetry-faults.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { tracing } from '../telemetry/start.ts';
import { addAuthRoutes, createAuthenticate } from './auth/auth-routes.ts';
import { AuthService } from './auth/auth-service.ts';
import { Tokens } from './auth/tokens.ts';
import { Database } from './database/database.ts';
import { createDatabaseFaults } from './database/database-faults.ts';
import { DatabaseMonitor } from './database/monitor.ts';
import { apiEndpoints } from './endpoints.ts';
import { apiEnvironmentSchema } from './environment.ts';
import { NotesCache } from './notes/notes-cache.ts';
import { addNotesRoutes } from './notes/notes-routes.ts';
import { NotesService } from './notes/notes-service.ts';
import { addOrdersRoutes } from './orders/orders-routes.ts';
import { OrdersService } from './orders/orders-service.ts';

/** Longer than the gateway's health interval: it turns away before the port closes. */
const drainMs = 800;
const bodyLimit = '64kb';

const environment = requireEnvironment(apiEnvironmentSchema);
const logger = createLogger(environment);
const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);

const database = new Database({
  url: environment.DATABASE_URL,
  poolMax: environment.DATABASE_POOL_MAX,
  applicationName: environment.INSTANCE,
  registry,
  logger,
});
const cache = new NotesCache({ registry, logger });
const monitor = new DatabaseMonitor({
  url: environment.DATABASE_URL,
  instance: environment.INSTANCE,
  registry,
  logger,
  onNotesChanged: (userId) => cache.invalidate(userId),
  onChangesMissed: () => cache.clear(),
});
const auth = new AuthService({ database, tokens: new Tokens(environment.AUTH_TOKEN_SECRET), registry });
const notes = new NotesService({ database, cache, registry });
const orders = new OrdersService({ database, registry });

const requestFaults = createRequestFaults();
const faults = new FaultRegistry(
  [
    ...requestFaults.kinds,
    ...processFaults,
    ...createTelemetryFaults({ registry, logger, sampler: tracing.sampler }),
    ...createDatabaseFaults(database),
  ],
  logger,
);

let draining = false;
let lastRequestAt = 0;
const app = createServiceApp({
  logger,
  registry,
  endpoints: apiEndpoints,
  readiness: () => [
    ...(draining ? ['the service is stopping'] : []),
    ...(monitor.ready ? [] : ['the database cannot be reached']),
  ],
  onRequest: () => {
    lastRequestAt = Date.now();
  },
  routes: (routes) => {
    const authenticate = createAuthenticate(auth);
    routes.use(requestFaults.middleware);
    routes.use(express.json({ limit: bodyLimit }));
    addAuthRoutes(routes, auth);
    addNotesRoutes(routes, notes, authenticate);
    addOrdersRoutes(routes, orders, authenticate);
  },
});
const admin = createAdminApp({ token: environment.LAB_TOKEN, faults, logger, sampler: tracing.sampler });

monitor.start();
void runService({
  environment,
  logger,
  tracing,
  processCrashes,
  servers: [
    { name: 'http', listener: app, port: environment.PORT },
    { name: 'admin', listener: admin, port: environment.ADMIN_PORT },
  ],
  // A replica that nobody uses has nobody to warn.
  drainMs: () => (Date.now() - lastRequestAt < 2_000 ? drainMs : 0),
  onDrain: () => {
    draining = true;
  },
  onStop: async () => {
    await faults.endAll();
    await monitor.stop();
    await database.close();
  },
});

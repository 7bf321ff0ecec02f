import express, { type Express } from 'express';
import type { FaultRegistry } from '../admin/fault-registry.ts';
import { createServiceFaults } from '../admin/service-faults.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MetricsRegistry } from '../telemetry/metrics-registry.ts';
import type { SwitchableSampler } from '../telemetry/sampling.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { tellBodies } from '../telemetry/tell-bodies.ts';
import { addAuthRoutes, createAuthenticate } from './auth/auth-routes.ts';
import { AuthService } from './auth/auth-service.ts';
import { Tokens } from './auth/tokens.ts';
import { Database } from './database/database.ts';
import { createDatabaseFaults } from './database/database-faults.ts';
import { DatabaseMonitor } from './database/monitor.ts';
import { apiEndpoints } from './endpoints.ts';
import { NotesCache } from './notes/notes-cache.ts';
import { addNotesRoutes } from './notes/notes-routes.ts';
import { NotesService } from './notes/notes-service.ts';
import { addOrdersRoutes } from './orders/orders-routes.ts';
import { OrdersService } from './orders/orders-service.ts';
import { type ReleaseDefect, releaseDefect } from './release-defect.ts';

const bodyLimit = '64kb';
/** A replica counts as in use for this long after its last request. */
const inUseMs = 2_000;

export interface ApiOptions {
  instance: string;
  databaseUrl: string;
  databasePoolMax: number;
  authTokenSecret: string;
  /** What the release that runs brings with it. */
  defect?: ReleaseDefect | undefined;
  registry: MetricsRegistry;
  logger: Logger;
  sampler: SwitchableSampler;
}

export interface Api {
  readonly app: Express;
  readonly faults: FaultRegistry;
  /** Whether somebody used it a moment ago. */
  inUse(): boolean;
  /** From now on `/ready` says no, while requests are still served. */
  drain(): void;
  close(): Promise<void>;
}

/** One replica of the Notes API. It looks for its database at once and migrates it when it answers. */
export function createApi(options: ApiOptions): Api {
  const { registry, logger, sampler } = options;
  const database = new Database({
    url: options.databaseUrl,
    poolMax: options.databasePoolMax,
    applicationName: options.instance,
    registry,
    logger,
  });
  const cache = new NotesCache({ registry, logger });
  const monitor = new DatabaseMonitor({
    url: options.databaseUrl,
    instance: options.instance,
    registry,
    logger,
    onNotesChanged: (userId) => cache.invalidate(userId),
    onChangesMissed: () => cache.clear(),
  });
  const auth = new AuthService({ database, tokens: new Tokens(options.authTokenSecret), registry });
  const notes = new NotesService({ database, cache, registry });
  const orders = new OrdersService({ database, registry });
  const { faults, middleware } = createServiceFaults({
    registry,
    logger,
    sampler,
    own: createDatabaseFaults(database),
  });

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
      const authenticate = createAuthenticate(auth, logger);
      routes.use(middleware);
      routes.use(releaseDefect(options.defect));
      routes.use(express.json({ limit: bodyLimit }));
      routes.use(tellBodies(logger));
      addAuthRoutes(routes, auth);
      addNotesRoutes(routes, notes, authenticate);
      addOrdersRoutes(routes, orders, authenticate);
    },
  });
  monitor.start();
  return {
    app,
    faults,
    inUse: () => Date.now() - lastRequestAt < inUseMs,
    drain() {
      draining = true;
    },
    async close() {
      await faults.endAll();
      await monitor.stop();
      await database.close();
    },
  };
}

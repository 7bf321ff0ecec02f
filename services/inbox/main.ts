// First, before express is loaded: see start.ts.
import '../telemetry/start.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { tracing } from '../telemetry/start.ts';
import { inboxEnvironmentSchema } from './environment.ts';
import { addInboxRoutes, inboxEndpoints } from './inbox-routes.ts';
import { startMailServer } from './mail-server.ts';
import type { Incoming } from './notification.ts';
import { NotificationStore } from './notification-store.ts';
import { PagerDutyEvents } from './pagerduty.ts';
import { Watchdog, watchdogAlertname } from './watchdog.ts';

async function main(): Promise<void> {
  const environment = requireEnvironment(inboxEnvironmentSchema);
  const logger = createLogger(environment);
  const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);
  const store = new NotificationStore({ capacity: environment.NOTIFICATIONS_MAX, registry, logger });
  const watchdog = new Watchdog({
    timeoutMs: environment.WATCHDOG_TIMEOUT_MS,
    registry,
    notify: (incoming) => store.add(incoming),
  });
  // The Watchdog says each time that all is well: it is noted, not filed.
  const deliver = (incoming: Incoming) => {
    if (incoming.alertname !== watchdogAlertname) store.add(incoming);
    else if (incoming.status === 'firing') watchdog.seen();
  };
  const app = createServiceApp({
    logger,
    registry,
    endpoints: inboxEndpoints,
    readiness: () => [],
    routes: (routes) =>
      addInboxRoutes(routes, { store, incidents: new PagerDutyEvents(), watchdog, deliver }),
  });
  const mail = await startMailServer({
    host: environment.HOST,
    port: environment.SMTP_PORT,
    logger,
    deliver,
  }).catch((error: Error) => {
    process.stderr.write(`${environment.INSTANCE}: ${error.message}\n`);
    process.exit(1);
  });
  watchdog.start();
  await runService({
    environment,
    logger,
    tracing,
    processCrashes,
    servers: [{ name: 'http', listener: app, port: environment.PORT }],
    drainMs: () => 0,
    onStop: async () => {
      watchdog.stop();
      await mail.close();
    },
  });
}

void main();

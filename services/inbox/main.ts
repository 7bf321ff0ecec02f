// First, before express is loaded: see start.ts.
import '../telemetry/start.ts';
import { requireEnvironment } from '../telemetry/environment.ts';
import { createLogger } from '../telemetry/logger.ts';
import { countLines, createRegistry } from '../telemetry/metrics-registry.ts';
import { runService } from '../telemetry/run-service.ts';
import { tracing } from '../telemetry/start.ts';
import { inboxEnvironmentSchema } from './environment.ts';
import { startInbox } from './inbox.ts';

async function main(): Promise<void> {
  const environment = requireEnvironment(inboxEnvironmentSchema);
  const logger = createLogger(environment);
  const { registry, processCrashes } = createRegistry(environment.SERVICE_VERSION);
  countLines(registry, logger);
  const inbox = await startInbox({
    host: environment.HOST,
    smtpPort: environment.SMTP_PORT,
    watchdogTimeoutMs: environment.WATCHDOG_TIMEOUT_MS,
    notificationsMax: environment.NOTIFICATIONS_MAX,
    token: environment.LAB_TOKEN,
    runbooksDirectory: environment.RUNBOOKS_DIRECTORY,
    oncallFile: environment.ONCALL_FILE,
    registry,
    logger,
  }).catch((error: Error) => {
    process.stderr.write(`${environment.INSTANCE}: ${error.message}\n`);
    process.exit(1);
  });
  await runService({
    environment,
    logger,
    tracing,
    processCrashes,
    servers: [{ name: 'http', listener: inbox.app, port: environment.PORT }],
    drainMs: () => 0,
    onStop: () => inbox.close(),
  });
}

void main();

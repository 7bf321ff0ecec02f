import type { Express } from 'express';
import { tokenMatcher } from '../telemetry/lab-token.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MetricsRegistry } from '../telemetry/metrics-registry.ts';
import { createServiceApp } from '../telemetry/service-app.ts';
import { addInboxRoutes, inboxEndpoints } from './inbox-routes.ts';
import { startMailServer } from './mail-server.ts';
import type { Incoming } from './notification.ts';
import { NotificationStore } from './notification-store.ts';
import { OncallSchedule } from './oncall.ts';
import { PagerDutyEvents } from './pagerduty.ts';
import { Pages } from './pages.ts';
import { Runbooks } from './runbooks.ts';
import { StatusBoard } from './status-page.ts';
import { Watchdog, watchdogAlertname } from './watchdog.ts';

export interface InboxOptions {
  host: string;
  smtpPort: number;
  watchdogTimeoutMs: number;
  notificationsMax: number;
  /** What who writes the status page has to have. */
  token: string;
  runbooksDirectory?: string | undefined;
  oncallFile?: string | undefined;
  registry: MetricsRegistry;
  logger: Logger;
}

export interface Inbox {
  readonly app: Express;
  readonly smtpPort: number;
  close(): Promise<void>;
}

/**
 * The on-call inbox: all that Alertmanager sends ends here.
 * @throws Error when the mail port cannot be taken, or the runbooks or the on-call file cannot be read.
 */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
  const { registry, logger } = options;
  const runbooks = Runbooks.read(options.runbooksDirectory);
  const schedule = OncallSchedule.read(options.oncallFile);
  const store = new NotificationStore({ capacity: options.notificationsMax, registry, logger });
  const watchdog = new Watchdog({
    timeoutMs: options.watchdogTimeoutMs,
    registry,
    notify: (incoming) => store.add(incoming),
  });
  const pages = schedule && new Pages({ schedule, registry, call: (incoming) => void store.add(incoming) });
  // The Watchdog says each time that all is well: it is noted, not filed.
  const deliver = (incoming: Incoming) => {
    if (incoming.alertname !== watchdogAlertname) {
      store.add(incoming);
      pages?.told(incoming);
    } else if (incoming.status === 'firing') watchdog.seen();
  };
  const mail = await startMailServer({ host: options.host, port: options.smtpPort, logger, deliver });
  const app = createServiceApp({
    logger,
    registry,
    endpoints: inboxEndpoints,
    readiness: () => [],
    browsers: 'own',
    routes: (routes) =>
      addInboxRoutes(routes, {
        store,
        incidents: new PagerDutyEvents(),
        watchdog,
        runbooks,
        oncall: schedule && pages && { schedule, pages },
        board: new StatusBoard(registry),
        isToken: tokenMatcher(options.token),
        deliver,
      }),
  });
  watchdog.start();
  return {
    app,
    smtpPort: mail.port,
    async close() {
      watchdog.stop();
      pages?.stop();
      await mail.close();
    },
  };
}

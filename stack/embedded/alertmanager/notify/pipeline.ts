import { type Alert, isResolved } from '../alerts/alert.ts';
import type { Clock } from '../clock.ts';
import type { ReceiverConfig, Values } from '../config/config.ts';
import type { Metrics } from '../metrics.ts';
import type { Flush } from '../routing/dispatcher.ts';
import { createEmailNotifier } from './email.ts';
import { NotifyError } from './http.ts';
import { type NotificationLog, notificationReason } from './notification-log.ts';
import type { CreateNotifier, Notifier } from './notifier.ts';
import { createPagerdutyNotifier } from './pagerduty.ts';
import { createSlackNotifier } from './slack.ts';
import { TemplateData } from './template-data.ts';
import type { Templates } from './templates.ts';
import { createWebhookNotifier } from './webhook.ts';

const creators: Readonly<Record<string, CreateNotifier>> = {
  email: createEmailNotifier,
  pagerduty: createPagerdutyNotifier,
  slack: createSlackNotifier,
  webhook: createWebhookNotifier,
};

export interface Integration {
  readonly kind: string;
  readonly index: number;
  readonly sendResolved: boolean;
  readonly send: Notifier;
}

/** The integrations of a receiver. A kind that this server cannot send is there all the same, and fails when used. */
export function buildIntegrations(receiver: ReceiverConfig, templates: Templates): Integration[] {
  const integrations: Integration[] = [];
  for (const [section, list] of Object.entries(receiver)) {
    if (!section.endsWith('_configs')) continue;
    const kind = section.slice(0, -'_configs'.length);
    (list as Values[]).forEach((settings, index) => {
      const create = creators[kind];
      integrations.push({
        kind,
        index,
        sendResolved: settings.send_resolved === true,
        send:
          create === undefined
            ? () =>
                Promise.reject(
                  new NotifyError(`integration ${kind} is not available in the embedded Alertmanager`, {
                    retry: false,
                  }),
                )
            : create(settings, templates),
      });
    });
  }
  return integrations;
}

export interface PipelineOptions {
  readonly clock: Clock;
  readonly log: NotificationLog;
  readonly metrics: Metrics;
  readonly externalUrl: string;
  readonly receivers: ReadonlyMap<string, readonly Integration[]>;
  /** Takes out the alerts that must not be told now. */
  readonly filter: (alerts: readonly Alert[], flush: Flush) => readonly Alert[];
  readonly report: (line: string) => void;
  /** How many attempts are under way. */
  readonly sending: { count: number };
}

/** Backing off between attempts: half a second, then half as much again each time, up to a minute, jittered. */
const backoff = { initialMs: 500, factor: 1.5, maxMs: 60_000, jitter: 0.5 };

/** Takes a flushed group to every integration of its receiver, each independently of the others. */
export function createPipeline(options: PipelineOptions): (flush: Flush) => Promise<boolean> {
  return async (flush) => {
    const alerts = options.filter(flush.alerts, flush);
    if (alerts.length === 0) return true;
    const integrations = options.receivers.get(flush.route.receiver) ?? [];
    const results = await Promise.all(
      integrations.map((integration) => deliver(integration, alerts, flush, options)),
    );
    return results.every(Boolean);
  };
}

async function deliver(
  integration: Integration,
  alerts: readonly Alert[],
  flush: Flush,
  options: PipelineOptions,
): Promise<boolean> {
  const { log, metrics } = options;
  const { receiver, repeatIntervalMs } = flush.route;
  const firing = alerts.filter((alert) => !isResolved(alert, flush.now));
  const resolved = alerts.filter((alert) => isResolved(alert, flush.now));
  const hashes = (list: readonly Alert[]) => list.map((alert) => alert.fingerprint);
  const key = `${flush.route.id}:${flush.groupKey}:${receiver}/${integration.kind}/${integration.index}`;
  const reason = notificationReason(log.get(key), hashes(firing), hashes(resolved), {
    sendResolved: integration.sendResolved,
    repeatIntervalMs,
    now: flush.now,
  });
  if (reason === undefined) return true;
  const told = integration.sendResolved ? alerts : firing;
  if (told.length > 0) {
    const data = new TemplateData({
      receiver,
      reason,
      alerts: told,
      groupLabels: flush.groupLabels,
      externalUrl: options.externalUrl,
      now: flush.now,
    });
    metrics.notifications.inc({ integration: integration.kind });
    const error = await attempt(integration, data, flush, options);
    if (error !== undefined) {
      metrics.notificationsFailed.inc({ integration: integration.kind, reason: error.reason });
      options.report(
        `notify for alerts failed: ${receiver}/${integration.kind}[${integration.index}]: ${error.message.slice(0, 500)}`,
      );
      return false;
    }
  }
  log.record(key, hashes(firing), hashes(resolved), repeatIntervalMs);
  return true;
}

/** Tries until it is sent, cannot be sent, or the group's time is over. */
async function attempt(
  integration: Integration,
  data: TemplateData,
  flush: Flush,
  { clock, metrics, sending }: PipelineOptions,
): Promise<NotifyError | undefined> {
  let waitMs = backoff.initialMs;
  for (let attempts = 1; ; attempts++) {
    const startedAt = clock.now();
    metrics.requests.inc({ integration: integration.kind });
    let failure: NotifyError;
    sending.count++;
    try {
      await integration.send({ data, groupKey: flush.groupKey, signal: flush.signal });
      return undefined;
    } catch (error) {
      failure =
        error instanceof NotifyError
          ? error
          : new NotifyError((error as Error).message, { retry: false, cause: error });
      metrics.requestsFailed.inc({ integration: integration.kind });
    } finally {
      sending.count--;
      metrics.latency.observe({ integration: integration.kind }, (clock.now() - startedAt) / 1000);
    }
    if (!failure.retry)
      return new NotifyError(
        `notify retry canceled due to unrecoverable error after ${attempts} attempts: ${failure.message}`,
        { retry: false, reason: failure.reason, cause: failure },
      );
    if (!flush.signal.aborted) {
      const jittered = waitMs * (1 - backoff.jitter + 2 * backoff.jitter * Math.random());
      await pause(clock, jittered, flush.signal);
      waitMs = Math.min(waitMs * backoff.factor, backoff.maxMs);
    }
    if (flush.signal.aborted)
      return new NotifyError(`notify retry canceled after ${attempts} attempts: ${failure.message}`, {
        retry: false,
        reason: failure.reason === 'other' ? 'contextDeadlineExceeded' : failure.reason,
        cause: failure,
      });
  }
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

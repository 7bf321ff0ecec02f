import type { Notification } from '../notify/notifier.ts';
import type { Alert } from './alerting-rule.ts';
import { tableLink } from './template-functions.ts';

/** Alerts as Alertmanager is told of them: a resolved one ends when it was resolved, a firing one when it is not renewed. */
export function notificationsOf(alerts: readonly Alert[], expr: string, externalUrl: string): Notification[] {
  const generatorUrl = externalUrl.replace(/\/$/, '') + tableLink(expr);
  return alerts.map((alert) => ({
    labels: alert.labels,
    annotations: alert.annotations,
    startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
    endsAtMs: alert.resolvedAtMs ?? alert.validUntilMs ?? alert.activeAtMs,
    generatorUrl,
  }));
}

import type { Notifier } from '../notify/notifier.ts';
import type { LookedUp, Reading } from './looked-up.ts';

export function addNotifierMetrics(metrics: LookedUp, notifier: Notifier): void {
  const senders =
    (read: (sender: Notifier['senders'][number]) => number) => (): readonly Reading<'alertmanager'>[] =>
      notifier.senders.map((sender) => [{ alertmanager: sender.url }, read(sender)]);

  metrics.gauge(
    'prometheus_notifications_alertmanagers_discovered',
    'The number of alertmanagers discovered and active.',
    () => notifier.active.length,
  );
  metrics.gauge(
    'prometheus_notifications_queue_capacity',
    'The capacity of the alert notifications queue.',
    () => notifier.queueCapacity,
  );
  metrics.labelledGauge(
    'prometheus_notifications_queue_length',
    'The number of alert notifications in the queue.',
    ['alertmanager'],
    senders((sender) => sender.queueLength),
  );
  metrics.labelledCounter(
    'prometheus_notifications_sent_total',
    'Total number of alerts sent.',
    ['alertmanager'],
    senders((sender) => sender.sent),
  );
  metrics.labelledCounter(
    'prometheus_notifications_errors_total',
    'Total number of sent alerts affected by errors.',
    ['alertmanager'],
    senders((sender) => sender.errors),
  );
  metrics.labelledCounter(
    'prometheus_notifications_dropped_total',
    'Total number of alerts dropped due to errors when sending to Alertmanager.',
    ['alertmanager'],
    senders((sender) => sender.dropped),
  );
  metrics.labelledGauge(
    'prometheus_notifications_latency_seconds',
    'Latency of the last notification.',
    ['alertmanager'],
    senders((sender) => sender.latencySeconds),
  );
}

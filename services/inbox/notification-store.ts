import { randomUUID } from 'node:crypto';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../telemetry/logger.ts';
import { bounded, type Incoming, type Notification, type NotificationQuery } from './notification.ts';

/** The notifications in the order in which they came; the oldest are forgotten first. */
export class NotificationStore {
  readonly #byId = new Map<string, Notification>();
  readonly #capacity: number;
  readonly #logger: Logger;
  readonly #received;
  readonly #acknowledged;

  constructor({ capacity, registry, logger }: { capacity: number; registry: Registry; logger: Logger }) {
    this.#capacity = capacity;
    this.#logger = logger;
    this.#received = new Counter({
      name: 'inbox_notifications_total',
      help: 'Notifications received.',
      labelNames: ['channel', 'receiver', 'status'],
      registers: [registry],
    });
    this.#acknowledged = new Counter({
      name: 'inbox_acknowledged_total',
      help: 'Notifications that somebody has acknowledged.',
      registers: [registry],
    });
  }

  add(incoming: Incoming): Notification {
    const notification = { id: randomUUID(), receivedAt: new Date().toISOString(), ...bounded(incoming) };
    this.#byId.set(notification.id, notification);
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= this.#capacity) break;
      this.#byId.delete(id);
    }
    const { channel, receiver, status, alertname } = notification;
    this.#received.inc({ channel, receiver, status });
    this.#logger.info('notification received', { channel, receiver, notification_status: status, alertname });
    return notification;
  }

  /** The newest `limit` that match, the newest last. */
  list({ since, alertname, status, channel, limit }: NotificationQuery): Notification[] {
    const sinceMs = since === undefined ? undefined : Date.parse(since);
    return [...this.#byId.values()]
      .filter(
        (notification) =>
          (sinceMs === undefined || Date.parse(notification.receivedAt) >= sinceMs) &&
          (alertname === undefined || notification.alertname === alertname) &&
          (status === undefined || notification.status === status) &&
          (channel === undefined || notification.channel === channel),
      )
      .slice(-limit);
  }

  /** Somebody takes care. The first acknowledgement stands. Undefined when there is no such notification. */
  acknowledge(id: string, by: string): Notification | undefined {
    const notification = this.#byId.get(id);
    if (notification === undefined || notification.acknowledgedAt !== undefined) return notification;
    notification.acknowledgedAt = new Date().toISOString();
    notification.acknowledgedBy = by;
    this.#acknowledged.inc();
    this.#logger.info('notification acknowledged', { alertname: notification.alertname, by });
    return notification;
  }

  /** Acknowledges all of one incident, as PagerDuty's `acknowledge` event asks. */
  acknowledgeIncident(dedupKey: string, by: string): void {
    for (const { id, dedupKey: key } of this.#byId.values()) if (key === dedupKey) this.acknowledge(id, by);
  }
}

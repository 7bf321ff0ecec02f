import { Gauge, type Registry } from 'prom-client';
import type { Incoming } from './notification.ts';

export const watchdogAlertname = 'Watchdog';

/** What the switch knows, for people and machines. */
export interface WatchdogState {
  readonly healthy: boolean;
  readonly lastSeenAt: string | null;
  /** How long it waits for the next sign of life before it raises the alarm. */
  readonly timeoutSeconds: number;
}

export interface WatchdogOptions {
  timeoutMs: number;
  registry: Registry;
  /** Files the watchdog's own notification. */
  notify: (incoming: Incoming) => void;
}

/**
 * The dead man's switch: an alert that always fires and therefore always arrives. When it stops, the alerting itself
 * is broken, and only the receiver can say so.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #healthy;
  #lastSeenAt: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #raised = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#healthy = new Gauge({
      name: 'inbox_watchdog_healthy',
      help: '1 while the Watchdog alert keeps arriving, else 0.',
      registers: [options.registry],
    });
    this.#healthy.set(0);
  }

  /** Begins to wait: an alerting that never works is as broken as one that stops. */
  start(): void {
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get state(): WatchdogState {
    return {
      healthy: this.#lastSeenAt !== undefined && !this.#raised,
      lastSeenAt: this.#lastSeenAt ?? null,
      timeoutSeconds: this.#options.timeoutMs / 1_000,
    };
  }

  /** The Watchdog alert arrived. */
  seen(): void {
    this.#lastSeenAt = new Date().toISOString();
    if (this.#raised) this.#notify('resolved', 'The Watchdog alert arrives again.');
    this.#raised = false;
    this.#healthy.set(1);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#raised = true;
      this.#healthy.set(0);
      this.#notify(
        'firing',
        `No Watchdog alert for ${this.#options.timeoutMs / 1_000} s: Prometheus or Alertmanager does not alert. ` +
          'Silence means nothing until this is resolved.',
      );
    }, this.#options.timeoutMs).unref();
  }

  #notify(status: Incoming['status'], text: string): void {
    const alertname = 'WatchdogMissing';
    this.#options.notify({
      channel: 'webhook',
      receiver: 'watchdog',
      status,
      alertname,
      service: 'alerting',
      severity: 'critical',
      instances: [],
      title: `[${status === 'firing' ? 'FIRING:1' : 'RESOLVED'}] ${alertname}`,
      text,
    });
  }
}

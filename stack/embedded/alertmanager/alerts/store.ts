import type { Clock } from '../clock.ts';
import { type Alert, isResolved, mergeAlerts } from './alert.ts';

export interface AlertStoreOptions {
  readonly clock: Clock;
  /** How many alerts are kept; beyond it new ones are dropped. */
  readonly maxAlerts: number;
  readonly gcIntervalMs: number;
}

/** Every alert that was posted, until some time after it resolved. */
export class AlertStore {
  readonly #alerts = new Map<string, Alert>();
  readonly #options: AlertStoreOptions;
  readonly #subscribers = new Set<(alert: Alert) => void>();
  #cancel: (() => void) | undefined;
  dropped = 0;
  /** Grows with every change. */
  version = 0;

  constructor(options: AlertStoreOptions) {
    this.#options = options;
    this.#scheduleGc();
  }

  put(alerts: readonly Alert[]) {
    const now = this.#options.clock.now();
    for (const incoming of alerts) {
      let alert = incoming;
      const old = this.#alerts.get(alert.fingerprint);
      if (old !== undefined) {
        const overlaps =
          (alert.endsAt > old.startsAt && alert.endsAt < old.endsAt) ||
          (alert.startsAt > old.startsAt && alert.startsAt < old.endsAt);
        if (overlaps) alert = mergeAlerts(old, alert, now);
      } else if (this.#alerts.size >= this.#options.maxAlerts) {
        this.#gc();
        if (this.#alerts.size >= this.#options.maxAlerts) {
          this.dropped++;
          continue;
        }
      }
      this.#alerts.set(alert.fingerprint, alert);
      this.version++;
      for (const notify of this.#subscribers) notify(alert);
    }
  }

  get(fingerprint: string): Alert | undefined {
    return this.#alerts.get(fingerprint);
  }

  /** All alerts, in the order in which they first came. */
  all(): Iterable<Alert> {
    return this.#alerts.values();
  }

  get size(): number {
    return this.#alerts.size;
  }

  /** Hears of every alert that is put from now on. */
  subscribe(notify: (alert: Alert) => void): () => void {
    this.#subscribers.add(notify);
    return () => this.#subscribers.delete(notify);
  }

  close() {
    this.#cancel?.();
  }

  #gc() {
    const now = this.#options.clock.now();
    this.version++;
    for (const [key, alert] of this.#alerts) if (isResolved(alert, now)) this.#alerts.delete(key);
  }

  #scheduleGc() {
    this.#cancel = this.#options.clock.after(this.#options.gcIntervalMs, () => {
      this.#gc();
      this.#scheduleGc();
    });
  }
}

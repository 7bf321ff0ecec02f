import { type Alert, isResolved } from '../alerts/alert.ts';
import type { AlertStore } from '../alerts/store.ts';
import type { Clock } from '../clock.ts';
import { compareLabels, fingerprint, formatLabels, type LabelSet, labelSet } from '../labels/label-set.ts';
import { matchRoutes, type Route } from './route.ts';

/** A group of alerts on its way to a receiver. */
export interface Flush {
  readonly route: Route;
  readonly groupKey: string;
  readonly groupLabels: LabelSet;
  /** Snapshot: alerts that still fire have `endsAt` 0. */
  readonly alerts: readonly Alert[];
  readonly now: number;
  readonly signal: AbortSignal;
}
export interface GroupView {
  readonly route: Route;
  readonly labels: LabelSet;
  readonly key: string;
  readonly alerts: readonly Alert[];
}
export interface DispatcherOptions {
  readonly route: Route;
  readonly alerts: AlertStore;
  readonly clock: Clock;
  /** Sends a group; true when every integration took it. */
  readonly notify: (flush: Flush) => Promise<boolean>;
  readonly maintenanceIntervalMs?: number;
  readonly maxGroups?: number;
}

/** The least time that sending a group may take, whatever its group_interval. */
const minTimeoutMs = 10_000;

/** Sorts alerts into groups by their routes and flushes each group by its own timer. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #groups = new Map<string, Group>();
  readonly #unsubscribe: () => void;
  #cancelMaintenance: () => void = () => {};
  limitReached = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const now = options.clock.now();
    for (const alert of options.alerts.all()) if (!isResolved(alert, now)) this.#dispatch(alert);
    this.#unsubscribe = options.alerts.subscribe((alert) => this.#dispatch(alert));
    this.#scheduleMaintenance();
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** Every group with the alerts in it as they are now. */
  groups(): GroupView[] {
    return [...this.#groups.values()].map((group) => ({
      route: group.route,
      labels: group.labels,
      key: group.key,
      alerts: group.current(),
    }));
  }

  close() {
    this.#unsubscribe();
    this.#cancelMaintenance();
    for (const group of this.#groups.values()) group.stop();
    this.#groups.clear();
  }

  #dispatch(alert: Alert) {
    for (const route of matchRoutes(this.#options.route, alert.labels)) {
      const labels = labelSet(
        Object.entries(alert.labels).filter(([name]) => route.groupByAll || route.groupBy.includes(name)),
      );
      const key = `${route.id}\0${fingerprint(labels)}`;
      let group = this.#groups.get(key);
      if (group === undefined) {
        if (this.#groups.size >= (this.#options.maxGroups ?? 100_000)) {
          this.limitReached++;
          continue;
        }
        group = new Group(route, labels, this.#options);
        this.#groups.set(key, group);
      }
      group.insert(alert);
    }
  }

  #scheduleMaintenance() {
    this.#cancelMaintenance = this.#options.clock.after(this.#options.maintenanceIntervalMs ?? 30_000, () => {
      for (const [key, group] of this.#groups)
        if (group.isEmpty) {
          group.stop();
          this.#groups.delete(key);
        }
      this.#scheduleMaintenance();
    });
  }
}

class Group {
  readonly route: Route;
  readonly labels: LabelSet;
  readonly key: string;
  readonly #options: DispatcherOptions;
  readonly #alerts = new Map<string, Alert>();
  readonly #stopped = new AbortController();
  #cancelTimer: () => void;
  #flushed = false;
  #busy = false;
  #due = false;

  constructor(route: Route, labels: LabelSet, options: DispatcherOptions) {
    this.route = route;
    this.labels = labels;
    this.key = `${route.key}:${formatLabels(labels)}`;
    this.#options = options;
    this.#cancelTimer = options.clock.after(route.groupWaitMs, () => this.#tick());
  }

  get isEmpty(): boolean {
    return this.#alerts.size === 0 && !this.#busy;
  }

  current(): Alert[] {
    return [...this.#alerts.values()];
  }

  insert(alert: Alert) {
    this.#alerts.set(alert.fingerprint, alert);
    // An alert that has been firing for longer than group_wait already does not wait again.
    if (!this.#flushed && alert.startsAt + this.route.groupWaitMs < this.#options.clock.now()) {
      this.#cancelTimer();
      this.#cancelTimer = this.#options.clock.after(0, () => this.#tick());
    }
  }

  stop() {
    this.#cancelTimer();
    this.#stopped.abort();
  }

  #tick() {
    this.#flushed = true;
    this.#cancelTimer = this.#options.clock.after(this.route.groupIntervalMs, () => this.#tick());
    if (this.#busy) this.#due = true;
    else void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#busy = true;
    const { clock } = this.#options;
    const now = clock.now();
    const taken = [...this.#alerts.values()];
    const timeout = new AbortController();
    const cancel = clock.after(Math.max(this.route.groupIntervalMs, minTimeoutMs), () => timeout.abort());
    try {
      if (taken.length > 0) {
        const alerts = taken
          .map((alert) => (isResolved(alert, now) ? alert : { ...alert, endsAt: 0 }))
          .sort(compareForNotification);
        const done = await this.#options.notify({
          route: this.route,
          groupKey: this.key,
          groupLabels: this.labels,
          alerts,
          now,
          signal: AbortSignal.any([timeout.signal, this.#stopped.signal]),
        });
        // What resolved was told; an alert that came back meanwhile stays.
        if (done)
          for (const alert of taken)
            if (isResolved(alert, now) && this.#alerts.get(alert.fingerprint) === alert)
              this.#alerts.delete(alert.fingerprint);
      }
    } finally {
      cancel();
      this.#busy = false;
    }
    if (this.#due && !this.#stopped.signal.aborted) {
      this.#due = false;
      await this.#flush();
    }
  }
}

/** By job, then instance, then all labels. */
function compareForNotification(a: Alert, b: Alert): number {
  for (const name of ['job', 'instance']) {
    const left = a.labels[name];
    const right = b.labels[name];
    if (left === right) continue;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return left < right ? -1 : 1;
  }
  return compareLabels(a.labels, b.labels);
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Alert, isResolved } from './alerts/alert.ts';
import { type Silence, Silences } from './alerts/silences.ts';
import { AlertStore } from './alerts/store.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Config, parseConfig } from './config/config.ts';
import type { MatcherMode } from './labels/parse-matcher.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type LogEntry, NotificationLog } from './notify/notification-log.ts';
import { buildIntegrations, createPipeline, type Integration } from './notify/pipeline.ts';
import { Templates } from './notify/templates.ts';
import { StateFile } from './persistence.ts';
import { Dispatcher, type Flush } from './routing/dispatcher.ts';
import { Inhibitor } from './routing/inhibitor.ts';
import { buildRoute, type Route } from './routing/route.ts';
import { containsTime } from './routing/time-interval.ts';

export const version = '0.33.1-embedded';

export interface AlertmanagerOptions {
  readonly configFile: string;
  readonly externalUrl: string;
  /** Where silences and the notification log outlive the process; none keeps them in memory. */
  readonly storagePath?: string;
  readonly clock?: Clock;
  readonly retentionMs?: number;
  readonly maxAlerts?: number;
  readonly maxSilences?: number;
  readonly matcherMode?: MatcherMode;
  readonly report?: (line: string) => void;
}

/** What depends on the configuration and is replaced by a reload. */
interface Loaded {
  readonly config: Config;
  readonly route: Route;
  readonly inhibitor: Inhibitor;
  readonly dispatcher: Dispatcher;
  readonly integrations: ReadonlyMap<string, readonly Integration[]>;
}

/** Alertmanager without its HTTP face: alerts in, notifications out. */
export class Alertmanager {
  readonly alerts: AlertStore;
  readonly silences: Silences;
  readonly metrics: Metrics;
  readonly startedAt: number;
  /** How many notifications are on their way at this moment. */
  readonly sending = { count: 0 };
  readonly clock: Clock;
  readonly options: AlertmanagerOptions;
  readonly #log: NotificationLog;
  readonly #files: readonly StateFile[];
  #loaded: Loaded;

  /** Throws when the configuration is wrong. */
  constructor(options: AlertmanagerOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.startedAt = this.clock.now();
    this.metrics = createMetrics(version);
    const retentionMs = options.retentionMs ?? 120 * 3_600_000;
    const file = (name: string, read: () => unknown) =>
      options.storagePath === undefined
        ? undefined
        : new StateFile(options.storagePath, name, this.clock, read);
    const silencesFile = file('silences.json', () => this.silences.all());
    const logFile = file('nflog.json', () => this.#log.all());
    this.#files = [silencesFile, logFile].filter((item) => item !== undefined);
    this.alerts = new AlertStore({
      clock: this.clock,
      maxAlerts: options.maxAlerts ?? 100_000,
      gcIntervalMs: 30 * 60_000,
    });
    this.silences = new Silences({
      clock: this.clock,
      retentionMs,
      maxSilences: options.maxSilences ?? 10_000,
      changed: () => silencesFile?.changed(),
    });
    this.#log = new NotificationLog({
      clock: this.clock,
      retentionMs,
      maxEntries: 100_000,
      changed: () => logFile?.changed(),
    });
    const savedSilences = silencesFile?.load();
    if (Array.isArray(savedSilences)) this.silences.restore(savedSilences as Silence[]);
    const savedLog = logFile?.load();
    if (Array.isArray(savedLog)) this.#log.restore(savedLog as [string, LogEntry][]);
    this.#loaded = this.#load();
  }

  get config(): Config {
    return this.#loaded.config;
  }
  get route(): Route {
    return this.#loaded.route;
  }
  get inhibitor(): Inhibitor {
    return this.#loaded.inhibitor;
  }
  get dispatcher(): Dispatcher {
    return this.#loaded.dispatcher;
  }
  get integrationCount(): number {
    return [...this.#loaded.integrations.values()].reduce((sum, list) => sum + list.length, 0);
  }

  /** Reads the configuration again; a wrong one leaves everything as it was and throws. */
  reload() {
    try {
      this.#loaded = this.#load(this.#loaded);
    } catch (error) {
      this.metrics.reloadSuccessful.set(0);
      throw error;
    }
  }

  close() {
    this.#loaded.dispatcher.close();
    this.alerts.close();
    for (const file of this.#files) file.save();
  }

  /** The names of the time intervals that mute this route now. */
  mutedBy(route: Route, now: number): string[] {
    const { muteTimeIntervals, activeTimeIntervals } = route;
    const muting = muteTimeIntervals.filter((name) => this.#inInterval(name, now));
    if (muting.length > 0) return muting;
    if (activeTimeIntervals.length > 0 && !activeTimeIntervals.some((name) => this.#inInterval(name, now)))
      return [...activeTimeIntervals];
    return [];
  }

  #load(previous?: Loaded): Loaded {
    const { configFile, matcherMode } = this.options;
    let text: string;
    try {
      text = readFileSync(configFile, 'utf8');
    } catch (error) {
      throw new Error(
        `open ${configFile}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (error as Error).message}`,
        { cause: error },
      );
    }
    const config = parseConfig(text, matcherMode);
    const templates = Templates.load(config.templates ?? [], configFile);
    const integrations = new Map(
      (config.receivers ?? []).map(
        (receiver) => [receiver.name, buildIntegrations(receiver, templates)] as const,
      ),
    );
    const route = buildRoute(config.route);
    const inhibitor = new Inhibitor(config.inhibit_rules ?? [], this.alerts);
    const notify = createPipeline({
      clock: this.clock,
      log: this.#log,
      metrics: this.metrics,
      externalUrl: this.options.externalUrl,
      receivers: integrations,
      filter: (alerts, flush) => this.#filter(alerts, flush, inhibitor),
      report: this.options.report ?? (() => {}),
      sending: this.sending,
    });
    previous?.dispatcher.close();
    const dispatcher = new Dispatcher({ route, alerts: this.alerts, clock: this.clock, notify });
    this.metrics.configHash.set(
      Number.parseInt(createHash('md5').update(text).digest('hex').slice(0, 12), 16),
    );
    this.metrics.reloadSuccessful.set(1);
    this.metrics.reloadTimestamp.set(this.clock.now() / 1000);
    return { config, route, inhibitor, dispatcher, integrations };
  }

  #inInterval(name: string, now: number): boolean {
    const { time_intervals = [], mute_time_intervals = [] } = this.config;
    const interval = [...time_intervals, ...mute_time_intervals].find((item) => item.name === name);
    return (interval?.time_intervals ?? []).some((item) => containsTime(item, now));
  }

  /** Inhibition, time intervals and silences, in the order of the real pipeline. */
  #filter(alerts: readonly Alert[], flush: Flush, inhibitor: Inhibitor): readonly Alert[] {
    const { now, route } = flush;
    const suppressed = (reason: string, count: number) => {
      if (count > 0) this.metrics.suppressed.inc({ reason }, count);
    };
    const heard = alerts.filter((alert) => inhibitor.inhibitedBy(alert.labels, now).length === 0);
    suppressed('inhibition', alerts.length - heard.length);
    if (heard.length > 0 && this.mutedBy(route, now).length > 0) {
      suppressed(
        route.muteTimeIntervals.length > 0 ? 'mute_time_interval' : 'active_time_interval',
        heard.length,
      );
      return [];
    }
    const loud = heard.filter((alert) => this.silences.silencedBy(alert.labels, now).length === 0);
    suppressed('silence', heard.length - loud.length);
    return loud;
  }

  /** Whether, and by what, an alert is kept quiet. */
  status(alert: Alert, now = this.clock.now()): { silencedBy: string[]; inhibitedBy: string[] } {
    return {
      silencedBy: this.silences.silencedBy(alert.labels, now),
      inhibitedBy: this.inhibitor.inhibitedBy(alert.labels, now),
    };
  }

  /** Counts for the metrics. */
  counts() {
    const now = this.clock.now();
    const alerts = { active: 0, suppressed: 0, unprocessed: 0 };
    for (const alert of this.alerts.all()) {
      if (isResolved(alert, now)) continue;
      const { silencedBy, inhibitedBy } = this.status(alert, now);
      alerts[silencedBy.length + inhibitedBy.length > 0 ? 'suppressed' : 'active']++;
    }
    const silences = { active: 0, pending: 0, expired: 0 };
    for (const silence of this.silences.all()) silences[this.silences.state(silence)]++;
    return { alerts, silences };
  }
}

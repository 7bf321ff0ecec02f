import http from 'node:http';
import https from 'node:https';
import type { AlertmanagerConfig } from '../config/config.ts';
import { requestHeaders } from '../config/http-client-config.ts';
import { Labels } from '../labels/labels.ts';
import { type RelabelRule, relabel } from '../relabel/relabel.ts';
import { Discovery } from '../scrape/discovery.ts';

/** An alert as it goes to Alertmanager's API v2. */
export interface Notification {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorUrl: string;
}

export interface NotifierOptions {
  readonly queueCapacity?: number;
  readonly batchSize?: number;
}

export interface AlertmanagerEndpoint {
  readonly url: string;
}

/** Sends alerts to every Alertmanager, in order, in batches, without ever making a rule wait. */
export class Notifier {
  readonly #capacity: number;
  readonly #batchSize: number;
  #sets: AlertmanagerSet[] = [];
  #externalLabels: ReadonlyMap<string, string> = new Map();
  #relabelConfigs: readonly RelabelRule[] = [];
  readonly counters = { dropped: 0 };

  constructor(options: NotifierOptions = {}) {
    this.#capacity = options.queueCapacity ?? 10_000;
    this.#batchSize = options.batchSize ?? 256;
  }

  apply(
    alertmanagers: readonly AlertmanagerConfig[],
    relabelConfigs: readonly RelabelRule[],
    externalLabels: Readonly<Record<string, string>>,
    baseDirectory: string,
  ): void {
    const former = new Map(
      this.#sets.flatMap((set) => set.senders.map((sender) => [sender.url, sender] as const)),
    );
    for (const set of this.#sets) set.stopDiscovery();
    this.#externalLabels = new Map(Object.entries(externalLabels));
    this.#relabelConfigs = relabelConfigs;
    this.#sets = alertmanagers.map(
      (config) => new AlertmanagerSet(config, baseDirectory, this.#capacity, this.#batchSize, former),
    );
    const kept = new Set(this.#sets.flatMap((set) => set.senders));
    for (const sender of former.values()) if (!kept.has(sender)) sender.stop();
  }

  send(notifications: readonly Notification[]): void {
    const ready: Notification[] = [];
    for (const notification of notifications) {
      const labels = new Map(notification.labels.pairs);
      for (const [name, value] of this.#externalLabels) if (!labels.has(name)) labels.set(name, value);
      if (relabel(labels, this.#relabelConfigs)) ready.push({ ...notification, labels: Labels.from(labels) });
    }
    for (const set of this.#sets) set.send(ready);
  }

  get active(): AlertmanagerEndpoint[] {
    return this.#sets.flatMap((set) => set.senders.map(({ url }) => ({ url })));
  }

  get dropped(): AlertmanagerEndpoint[] {
    return this.#sets.flatMap((set) => set.dropped.map((url) => ({ url })));
  }

  get senders(): Sender[] {
    return this.#sets.flatMap((set) => set.senders);
  }

  get queueCapacity(): number {
    return this.#capacity;
  }

  stop(): void {
    for (const set of this.#sets) {
      set.stopDiscovery();
      for (const sender of set.senders) sender.stop();
    }
  }
}

/** The Alertmanagers of one entry of `alerting.alertmanagers`. */
class AlertmanagerSet {
  readonly #config: AlertmanagerConfig;
  readonly #discovery: Discovery;
  readonly #capacity: number;
  readonly #batchSize: number;
  senders: Sender[] = [];
  dropped: string[] = [];

  constructor(
    config: AlertmanagerConfig,
    baseDirectory: string,
    capacity: number,
    batchSize: number,
    former: ReadonlyMap<string, Sender>,
  ) {
    this.#config = config;
    this.#capacity = capacity;
    this.#batchSize = batchSize;
    this.#discovery = new Discovery(config.discovery, baseDirectory, () =>
      this.#sync(new Map(this.senders.map((sender) => [sender.url, sender]))),
    );
    this.#sync(former);
  }

  #sync(former: ReadonlyMap<string, Sender>): void {
    const senders = new Map<string, Sender>();
    this.dropped = [];
    for (const group of this.#discovery.groups()) {
      for (const address of group.targets) {
        const labels = new Map<string, string>([
          ...Object.entries(group.labels),
          ['__address__', address],
          ['__scheme__', this.#config.scheme],
          ['__alerts_path__', `${this.#config.pathPrefix.replace(/\/$/, '')}/api/v2/alerts`],
        ]);
        const keep = relabel(labels, this.#config.relabelConfigs);
        const url = `${labels.get('__scheme__')}://${labels.get('__address__')}${labels.get('__alerts_path__')}`;
        if (!keep) this.dropped.push(url);
        else
          senders.set(
            url,
            former.get(url)?.with(this.#config) ??
              new Sender(url, this.#config, this.#capacity, this.#batchSize),
          );
      }
    }
    for (const sender of this.senders) if (!senders.has(sender.url)) sender.stop();
    this.senders = [...senders.values()];
  }

  send(notifications: readonly Notification[]): void {
    const ready: Notification[] = [];
    for (const notification of notifications) {
      const labels = new Map(notification.labels.pairs);
      if (relabel(labels, this.#config.alertRelabelConfigs))
        ready.push({ ...notification, labels: Labels.from(labels) });
    }
    for (const sender of this.senders) sender.enqueue(ready);
  }

  stopDiscovery(): void {
    this.#discovery.stop();
  }
}

/** One Alertmanager with its queue. A full queue loses its oldest alerts: they are told again soon anyway. */
export class Sender {
  readonly url: string;
  #config: AlertmanagerConfig;
  readonly #capacity: number;
  readonly #batchSize: number;
  #queue: Notification[] = [];
  #sending = false;
  #stopped = false;
  readonly #agent: http.Agent;
  sent = 0;
  errors = 0;
  dropped = 0;
  latencySeconds = 0;

  constructor(url: string, config: AlertmanagerConfig, capacity: number, batchSize: number) {
    this.url = url;
    this.#config = config;
    this.#capacity = capacity;
    this.#batchSize = batchSize;
    this.#agent = url.startsWith('https:')
      ? new https.Agent({
          keepAlive: true,
          rejectUnauthorized: !(config.http.tls_config?.insecure_skip_verify ?? false),
        })
      : new http.Agent({ keepAlive: true });
  }

  /** The same sender, with its queue, under a new configuration. */
  with(config: AlertmanagerConfig): this {
    this.#config = config;
    return this;
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  enqueue(notifications: readonly Notification[]): void {
    if (notifications.length === 0) return;
    this.#queue.push(...notifications);
    const excess = this.#queue.length - this.#capacity;
    if (excess > 0) {
      this.#queue.splice(0, excess);
      this.dropped += excess;
    }
    void this.#drain();
  }

  stop(): void {
    this.#stopped = true;
    this.#agent.destroy();
  }

  async #drain(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#queue.length > 0 && !this.#stopped) {
      const batch = this.#queue.splice(0, this.#batchSize);
      const started = performance.now();
      try {
        await this.#post(batch);
      } catch (error) {
        // As in Prometheus: a batch that was not taken is not sent again; firing alerts are resent by the rules.
        this.errors += batch.length;
        this.dropped += batch.length;
        if (!this.#stopped) process.stderr.write(`notifier: ${this.url}: ${(error as Error).message}\n`);
      }
      this.sent += batch.length;
      this.latencySeconds = (performance.now() - started) / 1000;
    }
    this.#sending = false;
  }

  #post(batch: readonly Notification[]): Promise<void> {
    const body = JSON.stringify(
      batch.map((notification) => ({
        annotations: notification.annotations.toJSON(),
        endsAt: new Date(notification.endsAtMs).toISOString(),
        startsAt: new Date(notification.startsAtMs).toISOString(),
        generatorURL: notification.generatorUrl,
        labels: notification.labels.toJSON(),
      })),
    );
    const client = this.url.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
      const request = client.request(
        this.url,
        {
          method: 'POST',
          agent: this.#agent,
          signal: AbortSignal.timeout(this.#config.timeoutMs),
          headers: {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(body),
            'User-Agent': 'Prometheus/3-embedded',
            ...requestHeaders(this.#config.http),
          },
        },
        (response) => {
          response.resume();
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve();
          else reject(new Error(`bad response status ${status} ${response.statusMessage ?? ''}`));
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}

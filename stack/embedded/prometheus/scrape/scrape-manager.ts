import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { ScrapeConfig } from '../config/scrape-config.ts';
import { Discovery } from './discovery.ts';
import type { Agents } from './http-get.ts';
import { ScrapeLoop, type ScrapeSink } from './scrape-loop.ts';
import { buildTarget, type DroppedTarget, type Target } from './target.ts';

/** The targets of one job. */
export class ScrapePool {
  readonly config: ScrapeConfig;
  readonly fingerprint: string;
  readonly #sink: ScrapeSink;
  readonly #agents: Agents;
  readonly #discovery: Discovery;
  readonly #loops = new Map<string, ScrapeLoop>();
  readonly #ended = new Map<string, ScrapeLoop>();
  droppedTargets: DroppedTarget[] = [];
  droppedCount = 0;

  constructor(config: ScrapeConfig, baseDirectory: string, sink: ScrapeSink) {
    this.config = config;
    this.fingerprint = fingerprint(config);
    this.#sink = sink;
    const tls = config.http.tls_config ?? {};
    const read = (text?: string, path?: string) =>
      text ?? (path === undefined ? undefined : readFileSync(path));
    this.#agents = {
      http: new http.Agent({ keepAlive: true }),
      https: new https.Agent({
        keepAlive: true,
        rejectUnauthorized: !(tls.insecure_skip_verify ?? false),
        ca: read(tls.ca, tls.ca_file),
        cert: read(tls.cert, tls.cert_file),
        key: read(tls.key, tls.key_file),
        ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
      }),
    };
    this.#discovery = new Discovery(config.discovery, baseDirectory, () => this.sync());
  }

  /** The loops, in the order of their targets' discovery. */
  get loops(): ScrapeLoop[] {
    return [...this.#loops.values()];
  }

  /** Starts what is new, stops what is gone. */
  sync(): void {
    const wanted = new Map<string, Target>();
    this.droppedTargets = [];
    this.droppedCount = 0;
    for (const group of this.#discovery.groups()) {
      for (const address of group.targets) {
        try {
          const built = buildTarget(this.config, address, group.labels);
          if ('target' in built) wanted.set(built.target.key, built.target);
          else {
            this.droppedCount++;
            const keep = this.config.keepDroppedTargets;
            if (keep === 0 || this.droppedTargets.length < keep) this.droppedTargets.push(built.dropped);
          }
        } catch (error) {
          process.stderr.write(
            `scrape pool ${this.config.jobName}: ${address}: ${(error as Error).message}\n`,
          );
        }
      }
    }
    const { targetLimit } = this.config;
    const overLimit = targetLimit > 0 && wanted.size > targetLimit;
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue;
      loop.stop({ markStale: true });
      this.#loops.delete(key);
      this.#ended.set(key, loop);
    }
    for (const [key, target] of wanted) {
      this.#ended.get(key)?.cancelStaleness();
      this.#ended.delete(key);
      if (this.#loops.has(key)) continue;
      const loop = new ScrapeLoop(target, this.config, this.#sink, this.#agents);
      this.#loops.set(key, loop);
      if (overLimit) {
        loop.health = 'down';
        loop.lastError = `target_limit exceeded (number of targets: ${wanted.size}, limit: ${targetLimit})`;
      } else loop.start();
    }
  }

  /** Ends the pool. `kept` are targets that another pool goes on scraping: they do not become stale. */
  stop(options: { markStale: boolean; kept?: ReadonlySet<string> }): void {
    this.#discovery.stop();
    for (const [key, loop] of this.#loops)
      loop.stop({ markStale: options.markStale && !options.kept?.has(key) });
    if (!options.markStale) for (const loop of this.#ended.values()) loop.cancelStaleness();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** Keys of the targets, to compare pools over a reload. */
  targetKeys(): ReadonlySet<string> {
    return new Set(this.#loops.keys());
  }
}

/** Everything of a job that its scraping depends on. */
function fingerprint(config: ScrapeConfig): string {
  return JSON.stringify(config, (key, value: unknown) => (key === 'regex' ? undefined : value));
}

/** All jobs, kept in step with the configuration. */
export class ScrapeManager {
  readonly #sink: ScrapeSink;
  #pools = new Map<string, ScrapePool>();

  constructor(sink: ScrapeSink) {
    this.#sink = sink;
  }

  /** By job name, in alphabetical order. */
  get pools(): ScrapePool[] {
    return [...this.#pools.values()].sort((a, b) => (a.config.jobName < b.config.jobName ? -1 : 1));
  }

  /** Takes a new configuration; a job that did not change goes on undisturbed. */
  apply(configs: readonly ScrapeConfig[], baseDirectory: string): void {
    const next = new Map<string, ScrapePool>();
    const made: ScrapePool[] = [];
    try {
      for (const config of configs) {
        const current = this.#pools.get(config.jobName);
        if (current?.fingerprint === fingerprint(config)) {
          next.set(config.jobName, current);
          continue;
        }
        const pool = new ScrapePool(config, baseDirectory, this.#sink);
        made.push(pool);
        next.set(config.jobName, pool);
      }
    } catch (error) {
      // A certificate that cannot be read, for instance: nothing has been started yet.
      for (const pool of made) pool.stop({ markStale: false });
      throw error;
    }
    for (const pool of next.values()) pool.sync();
    for (const [name, pool] of this.#pools) {
      const successor = next.get(name);
      if (successor !== pool) pool.stop({ markStale: true, kept: successor?.targetKeys() });
    }
    this.#pools = next;
  }

  stop(): void {
    for (const pool of this.#pools.values()) pool.stop({ markStale: false });
    this.#pools.clear();
  }
}

import { LRUCache } from 'lru-cache';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../../telemetry/logger.ts';
import { inSpan } from '../../telemetry/tracing.ts';

const maxEntries = 5_000;
const maxBytes = 16 * 1_048_576;
/** How old a note may be where a change was not announced (a replica on a standby hears of none). */
const ttlMs = 2_000;

/**
 * A read-through cache of what users read of their notes. Each user has an epoch that is part of the key: a change
 * raises it, which makes all that was cached for the user unreachable, also a load that is still under way.
 */
export class NotesCache {
  readonly #entries = new LRUCache<string, object>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (value) => JSON.stringify(value).length + 64,
    ttl: ttlMs,
  });
  readonly #epochs = new LRUCache<string, number>({ max: maxEntries });
  readonly #operations;
  readonly #logger: Logger;
  /** Epochs never repeat, so that a user who fell out of `#epochs` cannot meet an old key. */
  #nextEpoch = 1;

  constructor({ registry, logger }: { registry: Registry; logger: Logger }) {
    this.#logger = logger;
    this.#operations = new Counter({
      name: 'cache_operations_total',
      help: 'What was asked of a cache, and how it ended.',
      labelNames: ['cache_name', 'operation', 'result'],
      registers: [registry],
    });
  }

  /** What is cached for this user under `what`, or else what `load` finds. */
  async read<Value extends object>(userId: string, what: string, load: () => Promise<Value>): Promise<Value> {
    const key = `${userId}:${this.#epoch(userId)}:${what}`;
    const cached = await inSpan('cache get', { 'cache.name': 'notes' }, async (span) => {
      const value = this.#entries.get(key);
      span.setAttribute('cache.hit', value !== undefined);
      return value;
    });
    this.#operations.inc({
      cache_name: 'notes',
      operation: 'get',
      result: cached === undefined ? 'miss' : 'hit',
    });
    this.#logger.debug('cache asked', { cache: 'notes', key, hit: cached !== undefined });
    if (cached !== undefined) return cached as Value;
    const value = await load();
    this.#entries.set(key, value);
    this.#operations.inc({ cache_name: 'notes', operation: 'set', result: 'ok' });
    this.#logger.debug('cache filled', { cache: 'notes', key, entries: this.#entries.size });
    return value;
  }

  /** Forgets all that is cached for one user. */
  invalidate(userId: string): void {
    this.#epochs.set(userId, this.#nextEpoch++);
    this.#operations.inc({ cache_name: 'notes', operation: 'invalidate', result: 'ok' });
  }

  clear(): void {
    this.#entries.clear();
    this.#epochs.clear();
  }

  #epoch(userId: string): number {
    const known = this.#epochs.get(userId);
    if (known !== undefined) return known;
    const epoch = this.#nextEpoch++;
    this.#epochs.set(userId, epoch);
    return epoch;
  }
}

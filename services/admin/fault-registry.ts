import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { maxTtlMs, minTtlMs } from '../contract/fault-parameters.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Problem } from '../telemetry/problem.ts';
import { parseInput } from '../telemetry/validation.ts';
import type { EndFault, ServiceFault } from './service-fault.ts';

export interface Fault {
  kind: string;
  params: Record<string, unknown>;
  injectedAt: string;
  expiresAt: string;
}

interface ActiveFault extends Fault {
  end: EndFault;
  timer: NodeJS.Timeout;
}

const bodySchema = z.looseObject({ ttlMs: z.number().int().min(minTtlMs).max(maxTtlMs) });

/** The faults that are active in this process. Each ends by itself when its time is over. */
export class FaultRegistry {
  readonly #kinds: ReadonlyMap<string, ServiceFault>;
  readonly #active = new Map<string, ActiveFault>();
  readonly #logger: Logger;

  constructor(kinds: readonly ServiceFault[], logger: Logger) {
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.#logger = logger;
  }

  list(): Fault[] {
    return [...this.#active.values()].map(describe);
  }

  /**
   * Begins a fault, or replaces the one of the same kind. The same parameters again only renew its time: what a
   * leak has taken so far stays taken.
   * @throws Problem 404 for an unknown kind, 400 for parameters out of range.
   */
  async put(kindName: string, body: unknown): Promise<Fault> {
    const kind = this.#kind(kindName);
    const { ttlMs, ...rest } = parseInput(bodySchema, body);
    const params = parseInput(kind.params, rest);
    const current = this.#active.get(kindName);
    const renewed = current !== undefined && isDeepStrictEqual(current.params, params);
    if (current !== undefined && !renewed) await this.#end(kindName, 'replaced');
    if (renewed) clearTimeout(current.timer);
    const now = Date.now();
    const fault: ActiveFault = {
      kind: kindName,
      params,
      injectedAt: renewed ? current.injectedAt : new Date(now).toISOString(),
      expiresAt: new Date(now + ttlMs).toISOString(),
      end: renewed ? current.end : kind.start(params),
      timer: setTimeout(() => void this.#end(kindName, 'expired'), ttlMs).unref(),
    };
    this.#active.set(kindName, fault);
    // A fault is no news to the person who looks for it: its own line would give the answer away.
    this.#logger.debug('configuration changed', { setting: kindName, ttl_ms: ttlMs });
    return describe(fault);
  }

  /** @throws Problem 404 for an unknown kind; a kind that is not active is no error. */
  async delete(kindName: string): Promise<void> {
    this.#kind(kindName);
    await this.#end(kindName, 'deleted');
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((kind) => this.#end(kind, 'stopped')));
  }

  #kind(name: string): ServiceFault {
    const kind = this.#kinds.get(name);
    if (kind !== undefined) return kind;
    throw new Problem(
      404,
      'unknown-fault',
      `No fault is called "${name.slice(0, 64)}"; this service knows ${[...this.#kinds.keys()].join(', ')}.`,
    );
  }

  async #end(kindName: string, reason: string): Promise<void> {
    const fault = this.#active.get(kindName);
    if (fault === undefined) return;
    this.#active.delete(kindName);
    clearTimeout(fault.timer);
    try {
      await fault.end();
    } catch (error) {
      this.#logger.error('fault did not end cleanly', { setting: kindName, error });
    }
    this.#logger.debug('configuration restored', { setting: kindName, reason });
  }
}

function describe({ kind, params, injectedAt, expiresAt }: ActiveFault): Fault {
  return { kind, params, injectedAt, expiresAt };
}

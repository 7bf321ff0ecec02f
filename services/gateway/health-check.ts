import { Agent, request as sendRequest } from 'node:http';
import type { Logger } from '../telemetry/logger.ts';
import type { Upstream } from './upstream.ts';

/** A replica may miss one probe while it is busy; a refusal or a "not ready" needs no second. */
const missesAllowed = 1;
/** Before an upstream has ever been healthy, the system is booting: look more often. */
const bootIntervalMs = 100;

/** Asks each upstream's `/ready` at an interval and tells it whether it may serve. */
export class HealthChecker {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #intervalMs: number;
  readonly #logger: Logger;
  #stopped = false;

  constructor({ intervalMs, logger }: { intervalMs: number; logger: Logger }) {
    this.#intervalMs = intervalMs;
    this.#logger = logger;
  }

  watch(upstream: Upstream): void {
    let misses = 0;
    let seenHealthy = false;
    const look = async () => {
      const result = await probe(upstream.url, this.#agent, this.#intervalMs);
      if (this.#stopped) return;
      this.#logger.debug('upstream probed', { upstream: upstream.name, result });
      misses = result === 'missed' ? misses + 1 : 0;
      if (result === 'ready') {
        seenHealthy = true;
        upstream.setHealthy(true, 'ready');
      } else if (result !== 'missed' || misses > missesAllowed) {
        upstream.setHealthy(false, result);
      }
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          void look();
        },
        seenHealthy ? this.#intervalMs : Math.min(bootIntervalMs, this.#intervalMs),
      );
      this.#timers.add(timer);
    };
    void look();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#agent.destroy();
  }
}

type ProbeResult = 'ready' | 'not ready' | 'refused' | 'missed';

function probe(base: URL, agent: Agent, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const request = sendRequest({ agent, host: base.hostname, port: base.port, path: '/ready' });
    const timer = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs);
    request.once('response', (response) => {
      response.resume();
      response.once('close', () => clearTimeout(timer));
      resolve(response.statusCode === 200 ? 'ready' : 'not ready');
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'missed');
    });
    request.end();
  });
}

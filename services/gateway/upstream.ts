import { Agent, type IncomingMessage } from 'node:http';
import CircuitBreaker from 'opossum';
import type { Logger } from '../telemetry/logger.ts';
import type { UpstreamAddress } from './environment.ts';
import {
  callUpstream,
  UpstreamErrorAnswer,
  UpstreamFailure,
  type UpstreamRequest,
} from './upstream-request.ts';

/** Half of at least ten calls within five seconds must fail before a circuit opens. */
const breakerOptions = {
  timeout: false,
  errorThresholdPercentage: 50,
  volumeThreshold: 10,
  rollingCountTimeout: 5_000,
  rollingCountBuckets: 10,
  rollingPercentilesEnabled: false,
} as const;
const maxSockets = 256;

export interface UpstreamOptions {
  timeoutMs: number;
  breakerResetMs: number;
  logger: Logger;
}

/** As the metric counts it. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** One replica behind the gateway: its load, its health, its circuit. */
export class Upstream {
  readonly name: string;
  readonly url: URL;
  /** Requests sent whose answers have not ended. */
  outstanding = 0;
  /** Nobody is trusted before the first health check. */
  healthy = false;

  readonly #agent = new Agent({ keepAlive: true, maxSockets });
  readonly #breaker: CircuitBreaker<[UpstreamRequest], IncomingMessage>;
  readonly #logger: Logger;

  constructor({ name, url }: UpstreamAddress, { timeoutMs, breakerResetMs, logger }: UpstreamOptions) {
    this.name = name;
    this.url = url;
    this.#logger = logger;
    this.#breaker = new CircuitBreaker(
      async (request: UpstreamRequest) => {
        const response = await callUpstream(url, this.#agent, request, timeoutMs);
        if ((response.statusCode ?? 500) >= 500) throw new UpstreamErrorAnswer(response);
        return response;
      },
      {
        ...breakerOptions,
        resetTimeout: breakerResetMs,
        // A client that hangs up says nothing about the upstream.
        errorFilter: (error) => error instanceof UpstreamFailure && error.reason === 'abandoned',
      },
    );
    this.#breaker.on('open', () => logger.warn('circuit opened', { upstream: name }));
    this.#breaker.on('halfOpen', () => logger.info('circuit half open', { upstream: name }));
    this.#breaker.on('close', () => logger.info('circuit closed', { upstream: name }));
  }

  get circuit(): CircuitState {
    if (this.#breaker.opened) return 'open';
    return this.#breaker.halfOpen ? 'half-open' : 'closed';
  }

  /** Whether a request may be sent now: healthy, and the circuit closed or waiting for its trial request. */
  get available(): boolean {
    return this.healthy && (this.#breaker.closed || this.#breaker.pendingClose);
  }

  setHealthy(healthy: boolean, reason: string): void {
    if (healthy === this.healthy) return;
    this.healthy = healthy;
    if (healthy) this.#logger.info('upstream healthy', { upstream: this.name });
    else this.#logger.warn('upstream unhealthy', { upstream: this.name, reason });
  }

  /**
   * Sends a request through the circuit; it counts as outstanding until its answer has ended.
   * @throws UpstreamFailure without an answer, UpstreamErrorAnswer for a 5xx.
   */
  async send(request: UpstreamRequest): Promise<IncomingMessage> {
    this.outstanding++;
    this.#logger.debug('circuit asked', {
      upstream: this.name,
      circuit: this.circuit,
      outstanding: this.outstanding,
    });
    let response: IncomingMessage | undefined;
    try {
      response = await this.#breaker.fire(request);
      return response;
    } catch (error) {
      if (error instanceof UpstreamErrorAnswer) response = error.response;
      // A closed port is certain; there is no need to wait for the next health check.
      if (error instanceof UpstreamFailure && error.reason === 'refused')
        this.setHealthy(false, error.message);
      throw error;
    } finally {
      if (response === undefined) this.outstanding--;
      else response.once('close', () => this.outstanding--);
    }
  }

  close(): void {
    this.#breaker.shutdown();
    this.#agent.destroy();
  }
}

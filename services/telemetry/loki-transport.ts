import { Agent } from 'node:http';
import LokiTransport from 'winston-loki';

/** Where winston keeps a line's level and its finished text. */
const LEVEL = Symbol.for('level');
const MESSAGE = Symbol.for('message');

const intervalSeconds = 0.5;
const retryMs = 2_000;
const pushTimeoutMs = 2_000;
/** While Loki is down, newer lines than this are dropped and counted: memory stays bounded. */
const maxBufferedLines = 5_000;

interface Batcher {
  batch: { streams: { entries: unknown[] }[] };
  circuitBreakerInterval: number;
}

/**
 * winston-loki with two gaps closed: its buffer has no bound while Loki is unreachable, and after one failed push
 * it waits a whole minute. It sends protobuf with snappy, or JSON where snappy has no binary for the platform.
 */
export class BoundedLokiTransport extends LokiTransport {
  readonly #batcher: Batcher;
  #dropped = 0;
  #failing = false;

  constructor(
    url: string,
    labels: Record<string, string>,
    options: { onStateChange?: (line: string) => void } = {},
  ) {
    super({
      host: url.replace(/\/$/, ''),
      labels,
      interval: intervalSeconds,
      timeout: pushTimeoutMs,
      replaceTimestamp: false,
      gracefulShutdown: false,
      // Any format makes winston-loki push the finished line instead of composing its own.
      format: { transform: (info) => info },
      httpAgent: new Agent({ keepAlive: true, maxSockets: 2 }),
      onConnectionError: (error: unknown) => {
        if (this.#failing) return;
        this.#failing = true;
        options.onStateChange?.(`loki push fails: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
    this.#batcher = (this as unknown as { batcher: Batcher }).batcher;
    this.#batcher.circuitBreakerInterval = retryMs;
  }

  /** Lines given up since the start because Loki did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  override log(info: { level: string; timestamp: string; message: string }, next: () => void): void {
    const buffered = this.#batcher.batch.streams.reduce((sum, stream) => sum + stream.entries.length, 0);
    if (buffered >= maxBufferedLines) {
      this.#dropped++;
      next();
      return;
    }
    if (buffered < maxBufferedLines / 10) this.#failing = false;
    // Only what the push needs goes on: winston-loki would send the rest as structured metadata in JSON mode.
    const entry = {
      message: info.message,
      timestamp: info.timestamp,
      [LEVEL]: info.level,
      [MESSAGE]: (info as unknown as Record<symbol, string>)[MESSAGE],
    };
    super.log?.(entry, next);
  }
}

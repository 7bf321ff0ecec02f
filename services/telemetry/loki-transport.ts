import { Agent, request } from 'node:http';
import Transport from 'winston-transport';
import type { LogLevel } from './environment.ts';

/** Where winston keeps a line's finished text. */
const MESSAGE = Symbol.for('message');

const intervalMs = 500;
const retryMs = 2_000;
const pushTimeoutMs = 2_000;
/** While Loki is down, newer lines than this are dropped and counted: memory stays bounded. */
const maxBufferedLines = 5_000;
/** Loki takes 4 MB in one message by default. */
const maxPushBytes = 1_000_000;

interface Entry {
  readonly level: LogLevel;
  /** Nanoseconds since the epoch, as Loki wants them. */
  readonly ns: string;
  readonly line: string;
}

/** What became of the lines since the start. */
export interface LokiCounts {
  /** Taken by Loki. */
  sent: number;
  /** Sent once more, because Loki could not be reached or was busy. */
  retried: number;
  /** Never given to Loki: too many waited, or Loki refused them for good. */
  dropped: number;
}

/** An answer of Loki that is no success. */
class PushError extends Error {
  readonly status: number;

  constructor(status: number, body: string) {
    super(`Loki answered ${status}: ${body.trim().slice(0, 300)}`);
    this.status = status;
  }

  /** A refusal stays one: the same lines will be refused again. 429 says "later". */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/**
 * Sends lines to Loki in batches, in the background. What Loki cannot take now waits, within bounds, and is sent again;
 * what it refuses for good (a line too long or too old) is dropped and counted, and costs no other line: a refused batch
 * is sent again in halves. Loki stores a line only once that it is given twice.
 */
export class LokiTransport extends Transport {
  readonly counts: LokiCounts = { sent: 0, retried: 0, dropped: 0 };
  readonly #url: URL;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #tell: (line: string) => void;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #closing = false;
  #isFailing = false;
  #hasRefused = false;
  #lastMs = 0;
  #sameMs = 0;

  /** `tell` hears of the first push that fails, and of the first line that is refused for good. */
  constructor(url: string, labels: Record<string, string>, tell: (line: string) => void = () => {}) {
    super();
    this.#url = new URL(`${url.replace(/\/$/, '')}/loki/api/v1/push`);
    this.#labels = labels;
    this.#tell = tell;
  }

  override log(info: { level: LogLevel; timestamp: string }, next: () => void): void {
    if (this.#waiting.length >= maxBufferedLines) this.counts.dropped++;
    else {
      const line = (info as unknown as Record<symbol, string>)[MESSAGE] ?? '';
      this.#waiting.push({ level: info.level, ns: this.#nanoseconds(info.timestamp), line });
      this.#schedule(intervalMs);
    }
    next();
  }

  /** Sends what waits, once; what cannot be sent then is lost. */
  override async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#flush();
    this.#agent.destroy();
  }

  /** Lines of one millisecond keep their order, and two that are alike stay two. */
  #nanoseconds(timestamp: string): string {
    const ms = Date.parse(timestamp);
    this.#sameMs = ms === this.#lastMs ? this.#sameMs + 1 : 0;
    this.#lastMs = ms;
    return `${ms}${String(this.#sameMs % 1_000_000).padStart(6, '0')}`;
  }

  #schedule(afterMs: number): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#flush().finally(() => {
        this.#sending = undefined;
        if (this.#waiting.length > 0) this.#schedule(this.#isFailing ? retryMs : intervalMs);
      });
    }, afterMs);
    this.#timer.unref();
  }

  /** Sends all that waits at this moment. */
  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    let next = 0;
    try {
      while (next < batch.length) {
        const end = endOfPush(batch, next);
        await this.#push(batch.slice(next, end));
        next = end;
      }
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#tell(`loki push fails: ${messageOf(error)}`);
      this.#isFailing = true;
      const kept = batch.slice(next).concat(this.#waiting).slice(0, maxBufferedLines);
      this.counts.dropped += batch.length - next + this.#waiting.length - kept.length;
      this.counts.retried += Math.min(batch.length - next, kept.length);
      this.#waiting = kept;
    }
  }

  /** Throws when Loki could not take the lines now. Never for a refusal. */
  async #push(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#post(this.#body(entries));
      this.counts.sent += entries.length;
    } catch (error) {
      if (!(error instanceof PushError) || !error.isFinal) throw error;
      // Somebody else answers at that address, or does not know us: no line is to blame.
      if (error.status === 401 || error.status === 403 || error.status === 404) throw error;
      if (entries.length > 1) {
        const half = Math.ceil(entries.length / 2);
        await this.#push(entries.slice(0, half));
        await this.#push(entries.slice(half));
        return;
      }
      this.counts.dropped++;
      if (!this.#hasRefused) this.#tell(`loki refuses a line, which is dropped: ${error.message}`);
      this.#hasRefused = true;
    }
  }

  #body(entries: readonly Entry[]): string {
    const streams = new Map<LogLevel, [string, string][]>();
    for (const { level, ns, line } of entries) {
      const values = streams.get(level);
      if (values === undefined) streams.set(level, [[ns, line]]);
      else values.push([ns, line]);
    }
    return JSON.stringify({
      streams: [...streams].map(([level, values]) => ({ stream: { level, ...this.#labels }, values })),
    });
  }

  #post(body: string): Promise<void> {
    const bytes = Buffer.from(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.#url,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: pushTimeoutMs,
          headers: { 'Content-Type': 'application/json', 'Content-Length': bytes.length },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            if (text.length < 1_000) text += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve();
            else reject(new PushError(status, text));
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${pushTimeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  }
}

/** As many as fit into one push; at least one. */
function endOfPush(batch: readonly Entry[], start: number): number {
  let bytes = 0;
  let end = start;
  while (end < batch.length && (end === start || bytes + batch[end]!.line.length <= maxPushBytes)) {
    bytes += batch[end]!.line.length;
    end++;
  }
  return end;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

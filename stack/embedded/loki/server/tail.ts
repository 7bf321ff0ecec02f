import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { foreignRequest } from '../../../../services/contract/browser-requests.ts';
import { instantOfMilliseconds } from '../../go-time/index.ts';
import type { LokiConfig } from '../config/config.ts';
import { runLogQuery } from '../engine/log-query.ts';
import { newStatistics } from '../engine/statistics.ts';
import type { Distributor } from '../ingest/distributor.ts';
import { formatLabels } from '../ingest/stream-labels.ts';
import type { LogExpression } from '../logql/ast.ts';
import { parseLogQuery } from '../logql/parser.ts';
import { matcherTest } from '../pipeline/label-filter.ts';
import { LineLabels, type Metadata, sortedLabels } from '../pipeline/line-labels.ts';
import { compilePipeline, type Pipeline, runStages } from '../pipeline/pipeline.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, formatNanoseconds, formatRfc3339 } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import type { Stream } from '../storage/stream.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { HttpError } from './http-error.ts';
import { parseBounds, parseLimit } from './parameters.ts';
import { labelsJson, streamJson } from './query-api.ts';

/** Tails at once; Loki's default. */
const maxTails = 10;
const pingMs = 1000;
/** What has come in is sent together this often. */
const flushMs = 100;
/** Entries waiting for a client that reads too slowly; what is beyond is dropped and told. */
const maxWaiting = 10_000;
const maxBufferedBytes = 4 * 1024 * 1024;
const maxDelaySeconds = 5;

interface Waiting {
  readonly dueMs: number;
  readonly at: Instant;
  readonly line: string;
  readonly labels: [string, string][];
}

export interface TailOptions {
  readonly config: LokiConfig;
  readonly store: LogStore;
  readonly distributor: Distributor;
  readonly now: () => number;
}

/** Follows the log: /tail upgrades to a WebSocket, sends what there is and then what comes in. */
export class TailApi {
  readonly #options: TailOptions;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
  readonly #tails = new Set<Tail>();

  constructor(options: TailOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#tails.size;
  }

  /** Takes the upgrades of a server. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const url = new URL(request.url ?? '/', 'http://loki');
      try {
        // A WebSocket of another site's page is not held back by the browser: it is refused as a change would be.
        const refusal = foreignRequest('POST', request.headers);
        if (refusal !== undefined) throw new HttpError(403, refusal);
        if (!['/loki/api/v1/tail', '/api/prom/tail'].includes(url.pathname)) {
          throw new HttpError(404, '404 page not found');
        }
        if (this.#tails.size >= maxTails) {
          throw new HttpError(
            400,
            `max concurrent tail requests limit exceeded, count > limit (${this.#tails.size + 1} > ${maxTails})`,
          );
        }
        const tail = new Tail(url.searchParams, this.#options);
        this.#sockets.handleUpgrade(request, socket, head, (client) => this.#start(tail, client));
      } catch (error) {
        const status = error instanceof HttpError ? error.status : 400;
        const text = `${(error as Error).message}\n`;
        socket.end(
          `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
            `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
        );
      }
    });
  }

  #start(tail: Tail, client: WebSocket): void {
    this.#tails.add(tail);
    this.#options.distributor.listener = (...entry) => {
      for (const one of this.#tails) one.offer(...entry);
    };
    const stop = (): void => {
      tail.stop();
      this.#tails.delete(tail);
      if (this.#tails.size === 0) this.#options.distributor.listener = undefined;
    };
    client.on('close', stop);
    client.on('error', () => client.terminate());
    tail.start(client);
  }

  close(): void {
    for (const tail of this.#tails) tail.end();
    this.#sockets.close();
  }
}

class Tail {
  readonly #query: LogExpression;
  readonly #pipeline: Pipeline;
  readonly #tests: { name: string; test: (value: string) => boolean }[];
  readonly #options: TailOptions;
  readonly #start: Instant;
  readonly #limit: number;
  readonly #delayMs: number;
  readonly #labels = new LineLabels();
  #waiting: Waiting[] = [];
  #dropped: { labels: [string, string][]; at: Instant }[] = [];
  #client: WebSocket | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(parameters: URLSearchParams, options: TailOptions) {
    this.#options = options;
    this.#query = parseLogQuery(parameters.get('query') ?? '');
    this.#pipeline = compilePipeline(this.#query);
    this.#start = parseBounds(parameters, options.now()).start;
    this.#limit = parseLimit(parameters, 'limit', 100);
    const delay = parameters.get('delay_for') ?? '0';
    const delaySeconds = Number(delay);
    if (!/^\d+$/.test(delay)) throw new HttpError(400, `strconv.Atoi: parsing "${delay}": invalid syntax`);
    if (delaySeconds > maxDelaySeconds) {
      throw new HttpError(400, `delay_for can't be greater than ${maxDelaySeconds}`);
    }
    this.#delayMs = delaySeconds * 1000;
    this.#tests = this.#query.matchers.map((matcher) => ({
      name: matcher.name,
      test: matcherTest(matcher),
    }));
  }

  /** Sends what the range holds so far, then what is offered from now on. */
  start(client: WebSocket): void {
    this.#client = client;
    const now = this.#options.now();
    const streams = runLogQuery(this.#options.store, this.#query, {
      start: this.#start,
      end: addNanoseconds(instantOfMilliseconds(now), 1e9),
      limit: this.#limit,
      direction: 'backward',
      intervalNs: 0,
      categorize: false,
      deadlineMs: now + this.#options.config.limits_config.query_timeout,
      now: this.#options.now,
      statistics: newStatistics(),
    });
    const past = streams
      .flatMap(({ labels, entries }) => entries.map((entry) => ({ labels, entry })))
      .sort((left, right) => (BigInt(left.entry.time) < BigInt(right.entry.time) ? -1 : 1))
      .map(({ labels, entry }) => streamJson({ labels, entries: [entry] }));
    if (past.length > 0) this.#send(`{"streams":[${past.join(',')}]}`);
    const end = setTimeout(
      () => client.close(1000, 'reached tail max duration limit'),
      this.#options.config.querier.tail_max_duration,
    );
    this.#timers = [setInterval(() => client.ping(), pingMs), setInterval(() => this.#flush(), flushMs), end];
  }

  /** Takes an entry that has just been stored. */
  offer(stream: Stream, at: Instant, line: string, metadata: Metadata): void {
    for (const { name, test } of this.#tests) if (!test(stream.labels.map.get(name) ?? '')) return;
    for (const filter of this.#pipeline.lineFilters) if (!filter.test(line)) return;
    this.#labels.reset(stream.labels, metadata);
    const result = runStages(this.#pipeline.stages, line, this.#labels, at);
    if (result === undefined) return;
    const labels = sortedLabels(this.#labels.all());
    if (this.#waiting.length >= maxWaiting) {
      if (this.#dropped.length < 1000) this.#dropped.push({ labels, at });
      return;
    }
    this.#waiting.push({ dueMs: this.#options.now() + this.#delayMs, at, line: result, labels });
  }

  #flush(): void {
    const client = this.#client!;
    if (client.bufferedAmount > maxBufferedBytes) return;
    const now = this.#options.now();
    const count = this.#waiting.findIndex(({ dueMs }) => dueMs > now);
    const due = count === -1 ? this.#waiting : this.#waiting.slice(0, count);
    if (due.length === 0 && this.#dropped.length === 0) return;
    this.#waiting = count === -1 ? [] : this.#waiting.slice(count);
    const streams = new Map<string, { labels: [string, string][]; values: string[] }>();
    for (const { at, line, labels } of due) {
      const key = formatLabels(labels);
      const stream = getOrCreate(streams, key, () => ({ labels, values: [] }));
      stream.values.push(`["${formatNanoseconds(at)}",${JSON.stringify(line)}]`);
    }
    const texts = [...streams.values()].map(
      ({ labels, values }) => `{"stream":${labelsJson(labels)},"values":[${values.join(',')}]}`,
    );
    const dropped = this.#dropped.map(
      ({ labels, at }) => `{"labels":${labelsJson(labels)},"timestamp":"${formatRfc3339(at)}"}`,
    );
    this.#dropped = [];
    const note = dropped.length === 0 ? '' : `,"dropped_entries":[${dropped.join(',')}]`;
    this.#send(`{"streams":[${texts.join(',')}]${note}}`);
  }

  #send(text: string): void {
    this.#client!.send(text, (error) => {
      if (error != null) this.#client!.terminate();
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  /** Ends the connection because the server ends. */
  end(): void {
    this.stop();
    this.#client?.terminate();
  }
}

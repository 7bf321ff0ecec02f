import type { IncomingMessage, ServerResponse } from 'node:http';
import { stringify } from 'yaml';
import { listen, type RunningServer } from '../../http/listen.ts';
import type { LokiConfig } from '../config/config.ts';
import { QueryError } from '../engine/query-error.ts';
import { Distributor } from '../ingest/distributor.ts';
import { parseOtlpLogs } from '../ingest/otlp.ts';
import { PushError } from '../ingest/push-error.ts';
import { parseJsonPush, parseLegacyPush } from '../ingest/push-json.ts';
import { parseProtobufPush } from '../ingest/push-protobuf.ts';
import { prettify } from '../logql/format.ts';
import { LogqlParseError } from '../logql/parse-error.ts';
import { parseQuery } from '../logql/parser.ts';
import { Metrics } from '../metrics/metrics.ts';
import { LogStore } from '../storage/store.ts';
import { DetectApi } from './detect-api.ts';
import { HttpError } from './http-error.ts';
import { IndexApi } from './index-api.ts';
import { QueryApi } from './query-api.ts';
import { type ApiRequest, readRequest } from './request.ts';
import { TailApi } from './tail.ts';
import { version } from './version.ts';

/** What an answer is besides its body. */
interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string | Buffer;
}

type Handler = (request: ApiRequest, argument: string) => Answer | Promise<Answer>;

interface Route {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly name: string;
  readonly handle: Handler;
}

export interface LokiOptions {
  /** Milliseconds since the epoch; tests bring their own. */
  readonly now?: () => number;
  /** Bytes of memory for what is stored. */
  readonly maxStoredBytes?: number;
  /** Bytes of a request body, after decompression. */
  readonly maxBodyBytes?: number;
  /** `host:port` instead of the configuration's. */
  readonly address?: string;
}

const jsonType = 'application/json; charset=UTF-8';
const textType = 'text/plain; charset=utf-8';
const defaultStoredBytes = 512 * 1024 * 1024;
/** Below Loki's 100 MiB: one process must hold the body, its parsed form and everything else. */
const defaultBodyBytes = 64 * 1024 * 1024;
/** Bodies being read or parsed at once may take this much; beyond it a push is told to come again. */
const maxBodiesBytes = 192 * 1024 * 1024;
const services = [
  'distributor',
  'ingester',
  'querier',
  'query-frontend',
  'server',
  'store',
  'compactor',
  'ring',
];

/** Starts a Loki: everything in memory, nothing kept over a restart. */
export async function startLoki(config: LokiConfig, options: LokiOptions = {}): Promise<RunningServer> {
  const now = options.now ?? Date.now;
  const maxBodyBytes = options.maxBodyBytes ?? defaultBodyBytes;
  const store = new LogStore({
    maxBytes: options.maxStoredBytes ?? defaultStoredBytes,
    retentionMs: config.compactor.retention_enabled ? config.limits_config.retention_period : 0,
    now,
  });
  const distributor = new Distributor(config, store, now);
  const tails = new TailApi({ config, store, distributor, now });
  const metrics = new Metrics({ store, distributor, tails: () => tails.count, version });
  const query = new QueryApi(config, store, now);
  const index = new IndexApi(config, store, now);
  const detect = new DetectApi(config, store, now);
  const json = (value: object): Answer => ({ body: JSON.stringify(value) });
  const noContent: Answer = { status: 204, body: '' };

  const push: Handler = ({ body, headers, path }) => {
    const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
    if (type !== 'application/json') distributor.push(parseProtobufPush(body, maxBodyBytes));
    else distributor.push(path.startsWith('/api/prom') ? parseLegacyPush(body) : parseJsonPush(body));
    return noContent;
  };
  const otlp: Handler = ({ body, headers }) => {
    try {
      distributor.push(parseOtlpLogs(body, headers['content-type'] ?? '', now()));
    } catch (error) {
      if (!(error instanceof PushError)) throw error;
      return { status: error.status, type: 'application/octet-stream', body: otlpStatus(error.message) };
    }
    return noContent;
  };
  const formatQuery: Handler = ({ parameters }) => {
    const type = 'application/json; charset=utf-8';
    try {
      const text = prettify(parseQuery(parameters.get('query') ?? ''));
      return { type, body: JSON.stringify({ status: 'success', data: text }) };
    } catch (error) {
      if (!(error instanceof LogqlParseError)) throw error;
      return { status: 400, type, body: JSON.stringify({ status: 'invalid-query', error: error.message }) };
    }
  };

  const routes: Route[] = [];
  const route = (methods: string, path: string, handle: Handler): void => {
    routes.push({
      methods: methods.split(' '),
      pattern: new RegExp(`^${path.replace('{name}', '([^/]+)')}$`),
      name: path.slice(1).replace('{name}', 'name').replaceAll('/', '_') || 'other',
      handle,
    });
  };
  route('POST', '/loki/api/v1/push', push);
  route('POST', '/api/prom/push', push);
  route('POST', '/otlp/v1/logs', otlp);
  route('GET POST', '/loki/api/v1/query_range', (request) => ({ body: query.range(request) }));
  route('GET POST', '/loki/api/v1/query', (request) => ({ body: query.instant(request) }));
  route('GET POST', '/loki/api/v1/labels', (request) => json(index.labels(request)));
  route('GET POST', '/loki/api/v1/label', (request) => json(index.labels(request)));
  route('GET POST', '/loki/api/v1/label/{name}/values', (request, name) =>
    json(index.labelValues(request, name)),
  );
  route('GET POST', '/loki/api/v1/series', (request) => json(index.series(request)));
  route('GET POST', '/loki/api/v1/index/stats', (request) => json(index.stats(request)));
  route('GET POST', '/loki/api/v1/index/volume', (request) => ({ body: index.volume(request) }));
  route('GET POST', '/loki/api/v1/index/volume_range', (request) => ({ body: index.volumeRange(request) }));
  route('GET POST', '/loki/api/v1/detected_labels', (request) => json(detect.labels(request)));
  route('GET POST', '/loki/api/v1/detected_fields', (request) => json(detect.fields(request)));
  route('GET POST', '/loki/api/v1/detected_field/{name}/values', (request, name) =>
    json(detect.fieldValues(request, name)),
  );
  route('GET POST', '/loki/api/v1/format_query', formatQuery);
  // What is no upgrade to a WebSocket.
  route('GET', '/loki/api/v1/tail', () => ({ status: 400, type: textType, body: 'Bad Request\n' }));
  // No patterns are mined here, so there are none to tell of: what Loki answers for logs it has not looked at.
  route('GET POST', '/loki/api/v1/patterns', () => json({ status: 'success', data: [] }));
  route('GET', '/loki/api/v1/status/buildinfo', () => ({
    type: 'application/json',
    body: JSON.stringify({
      version,
      revision: 'embedded',
      branch: 'embedded',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  }));
  route('GET', '/ready', () => ({ type: textType, body: 'ready\n' }));
  route('GET', '/config', () => ({ type: 'text/plain; charset=utf-8', body: stringify(config) }));
  route('GET', '/services', () => ({
    type: textType,
    body: services.map((service) => `${service} => Running\n`).join(''),
  }));
  route('GET POST', '/flush', () => {
    store.flush();
    return noContent;
  });
  route('GET', '/metrics', async () => ({
    type: metrics.registry.contentType,
    body: await metrics.registry.metrics(),
  }));

  let bodiesBytes = 0;

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    const url = new URL(message.url ?? '/', 'http://loki');
    const method = message.method ?? 'GET';
    const found = routes.find(
      ({ methods, pattern }) =>
        methods.includes(method === 'HEAD' ? 'GET' : method) && pattern.test(url.pathname),
    );
    let answer: Answer;
    const reserved = Number(message.headers['content-length'] ?? 0) || 0;
    bodiesBytes += reserved;
    try {
      if (found === undefined) {
        message.resume();
        throw new HttpError(404, '404 page not found\n');
      }
      if (bodiesBytes > maxBodiesBytes && reserved > 0 && bodiesBytes > reserved) {
        message.resume();
        throw new HttpError(503, 'too many bytes are being pushed at once, try again\n');
      }
      const request = await readRequest(message, url, maxBodyBytes);
      answer = await found.handle(request, argumentOf(found.pattern, url.pathname));
    } catch (error) {
      answer = errorAnswer(error);
    } finally {
      bodiesBytes -= reserved;
    }
    const status = answer.status ?? 200;
    metrics.observe(method, found?.name ?? 'other', status, (performance.now() - began) / 1000);
    send(response, status, answer);
  }

  const server = await listen(
    (message, response) => {
      serve(message, response).catch((error: unknown) => {
        process.stderr.write(`loki: unexpected: ${String(error)}\n`);
        response.destroy();
      });
    },
    options.address ??
      `${config.server.http_listen_address || '127.0.0.1'}:${config.server.http_listen_port}`,
  );
  tails.attach(server.server);
  const close = async (graceMs?: number): Promise<void> => {
    tails.close();
    await server.close(graceMs);
  };
  return { ...server, close, [Symbol.asyncDispose]: () => close() };
}

function argumentOf(pattern: RegExp, path: string): string {
  const raw = pattern.exec(path)?.[1] ?? '';
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new HttpError(400, `invalid URL escape ${JSON.stringify(raw)}`);
  }
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof PushError) return { status: error.status, type: textType, body: `${error.message}\n` };
  if (error instanceof LogqlParseError) return { status: 400, type: textType, body: error.message };
  if (error instanceof HttpError || error instanceof QueryError) {
    return { status: error.status, type: textType, body: error.message };
  }
  process.stderr.write(
    `loki: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return { status: 500, type: textType, body: 'internal error\n' };
}

function send(response: ServerResponse, status: number, { type, body }: Answer): void {
  response.statusCode = status;
  if (status !== 204) {
    response.setHeader('Content-Type', type ?? jsonType);
    if (type === textType) response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Length', Buffer.byteLength(body));
  }
  response.end(body);
}

/** google.rpc.Status with only a message, as protobuf: field 2, its length, its text. */
function otlpStatus(message: string): Buffer {
  const text = Buffer.from(message);
  const length: number[] = [];
  for (let rest = text.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([0x12, ...length]), text]);
}

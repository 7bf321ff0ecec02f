import type { Express, NextFunction, Request, Response } from 'express';
import { BodyError, readBody } from '../../http/body.ts';
import { cors } from '../../http/cors.ts';
import { ApiError, messageOf } from './api-error.ts';

/** What a handler of the JSON API gives: `data` as a value, or as JSON text where that is large. */
export interface ApiAnswer {
  readonly data?: unknown;
  readonly dataJson?: string | Uint8Array;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  /** Members beside `status` and `data`. */
  readonly noContent?: boolean;
}

/** The signal is aborted when the client went away. */
export type ApiHandler = (
  parameters: URLSearchParams,
  request: Request,
  signal: AbortSignal,
) => ApiAnswer | Promise<ApiAnswer>;
export type Observer = (handler: string, status: number, seconds: number, sizeBytes: number) => void;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';

const formLimitBytes = 10 * 1024 * 1024;

/** Registers routes the way Prometheus' router answers: 405 with `Allow`, CORS and OPTIONS under the API. */
export class Routing {
  readonly #app: Express;
  readonly #observe: Observer;
  readonly #cors = cors();

  constructor(app: Express, observe: Observer) {
    this.#app = app;
    this.#observe = observe;
  }

  /** A page or plain endpoint. */
  plain(
    methods: readonly Method[],
    path: string,
    handler: (request: Request, response: Response) => void | Promise<void>,
  ): void {
    this.#app.all(path, (request, response, next) => {
      this.#measure(path, request, response);
      if (!(methods as readonly string[]).includes(request.method)) {
        notAllowed(response, methods);
        return;
      }
      Promise.resolve(handler(request, response)).catch(next);
    });
  }

  /** An endpoint of the JSON API, under `/api/v1`. Form parameters come before those of the URL, as in Go. */
  api(methods: readonly Method[], path: string, handler: ApiHandler): void {
    const full = `/api/v1${path}`;
    const read = readBody({ maxBytes: formLimitBytes });
    this.#app.all(full, (request, response, next) => {
      this.#measure(full, request, response);
      if (request.method !== 'OPTIONS' && !(methods as readonly string[]).includes(request.method)) {
        notAllowed(response, [...methods, 'OPTIONS']);
        return;
      }
      this.#cors(request, response, () => {
        read(request, response, (error?: unknown) => {
          if (error !== undefined) {
            next(error);
            return;
          }
          answer(request, response, handler).catch(next);
        });
      });
    });
  }

  /** Ends the chain: 404 in Go's words, and errors in the API's shape. */
  finish(): void {
    this.#app.use((request: Request, response: Response) => {
      this.#measure('/*', request, response);
      plainError(response, 404, '404 page not found');
    });
    this.#app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
      if (response.headersSent) {
        next(error);
        return;
      }
      if (error instanceof BodyError) {
        if (error.status === 400) sendError(response, new ApiError('bad_data', error.message));
        else plainError(response, error.status, error.message);
      } else if (error instanceof URIError) plainError(response, 400, 'Bad Request');
      else
        sendError(response, error instanceof ApiError ? error : new ApiError('internal', messageOf(error)));
    });
  }

  #measure(handler: string, _request: Request, response: Response): void {
    const started = performance.now();
    response.once('finish', () => {
      const size = Number(response.getHeader('content-length') ?? 0);
      this.#observe(handler, response.statusCode, (performance.now() - started) / 1000, size);
    });
  }
}

async function answer(request: Request, response: Response, handler: ApiHandler): Promise<void> {
  try {
    const result = await handler(parametersOf(request), request, goneSignal(response));
    if (result.noContent) {
      response.status(204).end();
      return;
    }
    const data = result.dataJson ?? (result.data === undefined ? undefined : JSON.stringify(result.data));
    const head = data === undefined ? '{"status":"success"' : '{"status":"success","data":';
    let tail = '';
    if (result.warnings?.length) tail += `,"warnings":${JSON.stringify(result.warnings)}`;
    if (result.infos?.length) tail += `,"infos":${JSON.stringify(result.infos)}`;
    if (data instanceof Uint8Array) sendJson(response, head, data, `${tail}}`);
    else send(response, 200, 'application/json', `${head}${data ?? ''}${tail}}`);
  } catch (error) {
    if (error instanceof ApiError) sendError(response, error);
    else throw error;
  }
}

function parametersOf(request: Request): URLSearchParams {
  const query = new URL(request.url, 'http://localhost').searchParams;
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' && request.method !== 'PUT') return query;
  if (!type.startsWith('application/x-www-form-urlencoded')) return query;
  const parameters = new URLSearchParams((request.body as Buffer).toString('utf8'));
  for (const [name, value] of query) parameters.append(name, value);
  return parameters;
}

/** Aborted when the connection closes before the answer is sent. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** Sends a large answer in the parts that it has. */
function sendJson(response: Response, head: string, data: Uint8Array, tail: string): void {
  const length = Buffer.byteLength(head) + data.length + Buffer.byteLength(tail);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
  if (response.req.method !== 'HEAD') {
    response.write(head);
    response.write(data);
    response.write(tail);
  }
  response.end();
}

/** Sends text with exactly this content type: express would add a charset to JSON. */
export function send(response: Response, status: number, contentType: string, body: string): void {
  // As text, so that node writes head and body at once.
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Go's http.Error. */
export function plainError(response: Response, status: number, message: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  send(response, status, 'text/plain; charset=utf-8', `${message}\n`);
}

/** Go's http.Redirect. */
export function redirect(response: Response, status: 301 | 302, target: string): void {
  response.setHeader('Location', target);
  const shown = target.replaceAll('&', '&amp;').replaceAll('"', '&#34;').replaceAll('<', '&lt;');
  const words = status === 301 ? 'Moved Permanently' : 'Found';
  send(response, status, 'text/html; charset=utf-8', `<a href="${shown}">${words}</a>.\n\n`);
}

function sendError(response: Response, error: ApiError): void {
  send(
    response,
    error.status,
    'application/json',
    JSON.stringify({ status: 'error', errorType: error.type, error: error.message }),
  );
}

function notAllowed(response: Response, methods: readonly string[]): void {
  response.setHeader('Allow', [...methods].sort().join(', '));
  plainError(response, 405, 'Method Not Allowed');
}

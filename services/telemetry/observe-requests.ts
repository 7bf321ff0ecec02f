import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import type { RequestHandler, Response } from 'express';
import type { HttpMetrics } from './http-metrics.ts';
import type { Logger } from './logger.ts';
import { withRequestContext } from './request-context.ts';
import { nameServerSpan } from './server-span.ts';

/** What a caller may choose as a request ID: it goes into headers and logs as it is. */
const requestIdPattern = /^[\w.:-]{1,128}$/;
/** nginx's code for a client that went away before its answer; nobody receives it. */
const clientClosedRequest = 499;

/** What the request's handlers leave for its closing line. */
export interface ObservedLocals {
  requestId?: string;
  endpoint?: string;
  errorType?: string;
}

export interface ObserveOptions {
  metrics: HttpMetrics;
  logger: Logger;
  endpointOf: (path: string) => string;
  /** Called as each request begins. */
  onRequest?: () => void;
}

/** Gives each request its ID, counts and times it, and writes its line when the answer is out. */
export function observeRequests({ metrics, logger, endpointOf, onRequest }: ObserveOptions): RequestHandler {
  return (request, response, next) => {
    onRequest?.();
    const startedAt = process.hrtime.bigint();
    const { method } = request;
    const endpoint = endpointOf(request.path);
    const given = request.get('x-request-id');
    const requestId = given !== undefined && requestIdPattern.test(given) ? given : randomUUID();
    const locals = observedLocals(response);
    locals.requestId = requestId;
    locals.endpoint = endpoint;
    response.setHeader('X-Request-Id', requestId);
    metrics.started(method, endpoint);
    const span = trace.getActiveSpan();
    span?.setAttribute('request.id', requestId);
    nameServerSpan(endpoint);
    withRequestContext({ requestId }, () => {
      // `close` comes from the socket, outside this request's context: the line belongs inside it.
      const inContext = AsyncLocalStorage.snapshot();
      response.once('close', () =>
        inContext(() => {
          const durationSeconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
          const status = response.writableFinished ? response.statusCode : clientClosedRequest;
          const errorType = locals.errorType ?? errorTypeOf(status);
          metrics.completed({
            method,
            endpoint,
            status,
            durationSeconds,
            errorType,
            span: span?.spanContext(),
          });
          if (logger.isDebug()) {
            logger.debug('response sent', {
              status,
              headers: response.getHeaders(),
              finished: response.writableFinished,
            });
          }
          logger.info('request completed', {
            method,
            path: endpoint,
            status,
            duration_ms: Math.round(durationSeconds * 1e6) / 1e3,
            error_type: errorType,
          });
        }),
      );
      if (logger.isDebug()) {
        const { remoteAddress, remotePort } = request.socket;
        logger.debug('connection served', { remoteAddress, remotePort, http_version: request.httpVersion });
        logger.debug('route matched', { method, path: endpoint, query: request.query });
        logger.debug('request received', {
          method,
          path: endpoint,
          url: request.originalUrl,
          headers: request.headers,
        });
      }
      next();
    });
  };
}

/** Express's `locals` under its real type. */
export function observedLocals(response: Response): ObservedLocals {
  return response.locals as ObservedLocals;
}

function errorTypeOf(status: number): string | undefined {
  if (status === clientClosedRequest) return 'client_closed_request';
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'client_error' : undefined;
}

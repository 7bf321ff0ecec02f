import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { trace } from '@opentelemetry/api';
import type { Request, RequestHandler, Response } from 'express';
import { unmatchedEndpoint } from '../telemetry/endpoint-matcher.ts';
import type { Logger } from '../telemetry/logger.ts';
import { observedLocals } from '../telemetry/observe-requests.ts';
import { Problem } from '../telemetry/problem.ts';
import { nameServerSpan } from '../telemetry/server-span.ts';
import type { Balancer } from './balancer.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { endToEndHeaders, upstreamHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamErrorAnswer, UpstreamFailure, type UpstreamRequest } from './upstream-request.ts';

/** Bodies are kept whole until the answer comes, so that they can be sent again. */
const maxBodyBytes = 131_072;
const maxAttempts = 2;
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** Answers that speak of the upstream, not of the request: another one may do better. A 500 would hide a defect. */
const retriedStatuses = new Set([502, 503, 504]);

export interface ProxyOptions {
  upstreams: readonly Upstream[];
  balancer: Balancer;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Passes a request to an upstream and its answer back; one retry elsewhere where a retry can do no harm. */
export function createProxy(options: ProxyOptions): RequestHandler {
  const { logger } = options;
  return async (request, response) => {
    const locals = observedLocals(response);
    // Express has just named the span after the mount point.
    nameServerSpan(locals.endpoint ?? unmatchedEndpoint);
    const body = await readBody(request);
    logger.debug('body read', { bytes: body.length, limit: maxBodyBytes });
    const abort = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) abort.abort();
    });
    const outgoing: UpstreamRequest = {
      method: request.method,
      target: request.originalUrl,
      headers: upstreamHeaders(request.headers, {
        address: request.socket.remoteAddress,
        host: request.headers.host,
        requestId: locals.requestId,
      }),
      body,
      signal: abort.signal,
    };
    logger.debug('headers composed', { target: outgoing.target, headers: outgoing.headers });
    const { upstream, answer } = await attempt(options, outgoing, `${request.method} ${locals.endpoint}`);
    trace.getActiveSpan()?.setAttribute('gateway.upstream', upstream.name);
    await relay(answer, response, upstream.name, logger);
  };
}

interface Answered {
  upstream: Upstream;
  answer: IncomingMessage;
}

async function attempt(
  { upstreams, balancer, metrics, logger }: ProxyOptions,
  request: UpstreamRequest,
  operation: string,
): Promise<Answered> {
  const tried = new Set<Upstream>();
  let attempts = 0;
  let last: { upstream: Upstream; failure: UpstreamFailure | UpstreamErrorAnswer } | undefined;
  for (;;) {
    if (logger.isDebug()) {
      for (const { name, outstanding, healthy, circuit } of upstreams) {
        logger.debug('upstream considered', { upstream: name, outstanding, healthy, circuit });
      }
    }
    const upstream = balancer.choose(tried);
    if (upstream === undefined) return settle(last);
    // The one before is given up: its connection must not wait for a reader.
    if (last?.failure instanceof UpstreamErrorAnswer) last.failure.response.destroy();
    tried.add(upstream);
    logger.debug('upstream chosen', {
      upstream: upstream.name,
      attempt: attempts + 1,
      bytes: request.body.length,
    });
    const startedAt = performance.now();
    const called = (status: string, success: boolean) => {
      const durationMs = performance.now() - startedAt;
      metrics.called({
        upstream: upstream.name,
        operation,
        status,
        success,
        durationSeconds: durationMs / 1_000,
      });
      logger.debug('upstream answered', { upstream: upstream.name, status, duration_ms: durationMs });
    };
    try {
      const answer = await upstream.send(request);
      called(String(answer.statusCode), true);
      return { upstream, answer };
    } catch (failure) {
      // The circuit let nothing through: that was no attempt.
      if ((failure as { code?: unknown }).code === 'EOPENBREAKER') continue;
      if (!(failure instanceof UpstreamFailure || failure instanceof UpstreamErrorAnswer)) throw failure;
      attempts++;
      last = { upstream, failure };
      const noAnswer = failure instanceof UpstreamFailure;
      called(noAnswer ? failure.reason : String(failure.response.statusCode), false);
      if (attempts >= maxAttempts || !mayRetry(request.method, failure)) return settle(last);
      logger.warn('upstream call retried', { upstream: upstream.name, reason: failure.message });
    }
  }
}

function mayRetry(method: string, failure: UpstreamFailure | UpstreamErrorAnswer): boolean {
  if (failure instanceof UpstreamErrorAnswer) {
    return idempotentMethods.has(method) && retriedStatuses.has(failure.response.statusCode ?? 0);
  }
  if (failure.reason === 'abandoned') return false;
  // Nothing was sent over a refused connection, so nothing can happen twice.
  return failure.reason === 'refused' || idempotentMethods.has(method);
}

/** What the client gets when no further upstream is tried. */
function settle(
  last: { upstream: Upstream; failure: UpstreamFailure | UpstreamErrorAnswer } | undefined,
): Answered {
  if (last === undefined) {
    throw new Problem(503, 'no-healthy-upstream', 'No replica can take the request now; try again.', {
      headers: { 'Retry-After': '1' },
    });
  }
  const { upstream, failure } = last;
  if (failure instanceof UpstreamErrorAnswer) return { upstream, answer: failure.response };
  throw failure.reason === 'timeout'
    ? new Problem(504, 'upstream-timeout', 'The service did not answer in time.', { cause: failure })
    : new Problem(502, 'upstream-failed', 'The service broke off before it answered.', { cause: failure });
}

async function relay(
  answer: IncomingMessage,
  response: Response,
  name: string,
  logger: Logger,
): Promise<void> {
  response.statusCode = answer.statusCode ?? 502;
  for (const [header, value] of Object.entries(endToEndHeaders(answer.headers))) {
    // The gateway has set the request's ID already; the upstream only repeats it.
    if (value !== undefined && header !== 'x-request-id') response.setHeader(header, value);
  }
  response.setHeader('X-Served-By', name);
  try {
    await pipeline(answer, response);
    logger.debug('answer relayed', { upstream: name, status: response.statusCode, headers: answer.headers });
  } catch (error) {
    // Whoever broke off, upstream or client: the head is out, so all that is left is to end the connection.
    logger.warn('answer broke off', { upstream: name, reason: (error as Error).message });
    response.destroy();
  }
}

async function readBody(request: Request): Promise<Buffer> {
  const tooLarge = () =>
    new Problem(413, 'body-too-large', `The body exceeds ${maxBodyBytes} bytes.`, {
      headers: { Connection: 'close' },
    });
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

import { trace } from '@opentelemetry/api';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from './logger.ts';
import { observedLocals } from './observe-requests.ts';
import { Problem, sendProblem } from './problem.ts';
import { recordException } from './tracing.ts';

/** Answers what no route took. */
export const answerNotFound: RequestHandler = (request) => {
  throw new Problem(404, 'not-found', `Nothing answers ${request.method} on this path.`);
};

/**
 * Turns whatever was thrown into a problem body. Server errors are logged with their stack and recorded on the
 * span; the client never sees either.
 */
export function handleErrors(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = asProblem(error);
    const locals = observedLocals(response);
    locals.errorType = problem.errorType;
    if (problem.status >= 500) {
      const span = trace.getActiveSpan();
      if (span !== undefined) recordException(span, error);
      logger.error('request failed', {
        method: request.method,
        path: locals.endpoint,
        status: problem.status,
        error_type: locals.errorType,
        error,
      });
    }
    // Half an answer cannot become a problem body: the client has to see that it broke off.
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem, locals.requestId);
  };
}

/** body-parser and the router throw errors with a status; only the wording below reaches a client. */
const knownErrors: Readonly<Record<string, readonly [status: number, type: string, detail: string]>> = {
  'entity.parse.failed': [400, 'malformed-json', 'The body is not valid JSON.'],
  'entity.too.large': [413, 'body-too-large', 'The body exceeds the limit.'],
  'parameters.too.many': [413, 'too-many-fields', 'The form has too many fields.'],
  'entity.verify.failed': [400, 'malformed-body', 'The body could not be read.'],
  'encoding.unsupported': [415, 'unsupported-encoding', 'The content encoding is not supported.'],
  'charset.unsupported': [415, 'unsupported-charset', 'The charset is not supported.'],
  'request.aborted': [400, 'request-aborted', 'The request broke off.'],
  'request.size.invalid': [400, 'malformed-body', 'The body is not as long as Content-Length says.'],
};

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  const known = typeof type === 'string' && Object.hasOwn(knownErrors, type) ? knownErrors[type] : undefined;
  if (known !== undefined) return new Problem(known[0], known[1], known[2], { cause: error });
  if (error instanceof URIError || status === 400) {
    return new Problem(400, 'bad-request', 'The request could not be understood.', { cause: error });
  }
  return new Problem(500, 'internal-error', 'The service failed to handle the request.', { cause: error });
}

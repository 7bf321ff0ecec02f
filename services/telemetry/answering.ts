import type { Request, RequestHandler, Response } from 'express';
import { observedLocals } from './observe-requests.ts';
import { Problem, sendProblem } from './problem.ts';

/**
 * A route's handler whose refusals are answered here. A refusal (4xx) is an outcome, not an error: passed on to
 * Express, its span would be marked as failed, and "keep every trace with an error" would keep those of typing
 * mistakes. Everything else goes on to the error handler.
 */
export function answering(
  handler: (request: Request, response: Response) => Promise<unknown> | unknown,
): RequestHandler {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500 || response.headersSent) throw error;
      const locals = observedLocals(response);
      locals.errorType = error.errorType;
      sendProblem(response, error, locals.requestId);
    }
  };
}

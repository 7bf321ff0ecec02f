import type { RequestHandler } from 'express';
import type { Logger } from './logger.ts';

/** At debug level, writes what came in and what goes out, as people do who then forget to turn it off. */
export function tellBodies(logger: Logger): RequestHandler {
  return (request, response, next) => {
    if (logger.isDebug()) {
      logger.debug('body parsed', { body: request.body ?? null });
      const sendJson = response.json.bind(response);
      response.json = (body) => {
        logger.debug('response composed', { body });
        return sendJson(body);
      };
    }
    next();
  };
}

import express, { type Express, type RequestHandler } from 'express';
import { z } from 'zod';
import { logLevelSchema } from '../telemetry/environment.ts';
import { answerNotFound, handleErrors } from '../telemetry/handle-errors.ts';
import { bearerToken, tokenMatcher } from '../telemetry/lab-token.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Problem } from '../telemetry/problem.ts';
import type { SwitchableSampler } from '../telemetry/sampling.ts';
import { parseInput } from '../telemetry/validation.ts';
import type { FaultRegistry } from './fault-registry.ts';

const levelBody = z.strictObject({ level: logLevelSchema });
const samplingBody = z.strictObject({ ratio: z.number().min(0).max(1) });

export interface AdminOptions {
  token: string;
  faults: FaultRegistry;
  logger: Logger;
  sampler: SwitchableSampler;
}

/** The admin port: faults, log level, sampling. The gateway never routes to it, and each request needs the token. */
export function createAdminApp({ token, faults, logger, sampler }: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(requireToken(token));
  app.use(express.json({ limit: '16kb', strict: true }));
  app.get('/faults', (_request, response) => {
    response.json({ faults: faults.list() });
  });
  app.put('/faults/:kind', async (request, response) => {
    response.json(await faults.put(request.params.kind, request.body));
  });
  app.delete('/faults/:kind', async (request, response) => {
    await faults.delete(request.params.kind);
    response.status(204).end();
  });
  app.get('/log-level', (_request, response) => {
    response.json({ level: logger.level });
  });
  app.put('/log-level', (request, response) => {
    logger.level = parseInput(levelBody, request.body).level;
    response.json({ level: logger.level });
  });
  app.get('/sampling', (_request, response) => {
    response.json({ ratio: sampler.ratio });
  });
  app.put('/sampling', (request, response) => {
    sampler.setRatio(parseInput(samplingBody, request.body).ratio);
    response.json({ ratio: sampler.ratio });
  });
  app.use(answerNotFound);
  app.use(handleErrors(logger));
  return app;
}

function requireToken(token: string): RequestHandler {
  const isToken = tokenMatcher(token);
  return (request, _response, next) => {
    if (isToken(bearerToken(request.get('authorization')))) return next();
    throw new Problem(401, 'unauthorized', 'The admin port wants the lab’s token as a bearer token.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  };
}

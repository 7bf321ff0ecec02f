import express, { type Express } from 'express';
import { foreignRequest } from '../contract/browser-requests.ts';
import { createEndpointMatcher } from './endpoint-matcher.ts';
import { answerNotFound, handleErrors } from './handle-errors.ts';
import { HttpMetrics } from './http-metrics.ts';
import type { Logger } from './logger.ts';
import type { MetricsRegistry } from './metrics-registry.ts';
import { observeRequests } from './observe-requests.ts';

/** Why a service cannot serve now; empty when it can. */
export type Readiness = () => readonly string[];

export interface ServiceAppOptions {
  logger: Logger;
  registry: MetricsRegistry;
  /** The route patterns, static ones before those with parameters. */
  endpoints: readonly string[];
  readiness: Readiness;
  onRequest?: () => void;
  /** `own`: no page of another site may reach it by a browser; for what people open without a password. */
  browsers?: 'own' | 'any';
  /** Adds the service's own routes between the shared probes and the shared error handling. */
  routes(app: Express): void;
}

/** An Express application with what every service has: probes, metrics, observation of requests, problem bodies. */
export function createServiceApp(options: ServiceAppOptions): Express {
  const { logger, registry } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  if (options.browsers === 'own')
    app.use((request, response, next) => {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      const refusal = foreignRequest(request.method, request.headers);
      if (refusal === undefined) return next();
      response.status(403).type('text/plain').send(`${refusal}\n`);
    });
  // Probes and scrapes stand before the observation: the metrics speak of users' requests only.
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/ready', (_request, response) => {
    const reasons = options.readiness();
    logger.debug('readiness probe answered', { ready: reasons.length === 0, reasons });
    response.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons });
  });
  app.get('/metrics', async (request, response) => {
    const { contentType, body } = await registry.render(request.get('accept'));
    response.setHeader('Content-Type', contentType);
    response.end(body);
  });
  app.use(
    observeRequests({
      metrics: new HttpMetrics(registry),
      logger,
      endpointOf: createEndpointMatcher(options.endpoints),
      onRequest: options.onRequest,
    }),
  );
  options.routes(app);
  app.use(answerNotFound);
  app.use(handleErrors(logger));
  return app;
}

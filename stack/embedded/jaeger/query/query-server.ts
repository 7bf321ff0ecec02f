import type { Express, NextFunction, Request, Response } from 'express';
import { createApp } from '../../http/app.ts';
import { cors } from '../../http/cors.ts';
import type { JaegerMetrics } from '../telemetry/metrics.ts';
import { contentSecurityPolicy, searchPage } from '../ui/search-page.ts';
import { createLabApi } from './lab-api.ts';
import { createLegacyApi } from './legacy-api.ts';
import type { QueryService } from './query-service.ts';
import { createV3Api } from './v3-api.ts';

export interface QueryServerOptions {
  readonly basePath: string;
  readonly service: QueryService;
  readonly metrics: JaegerMetrics;
}

/**
 * The query port: both query APIs, the lab's own endpoints, a page for people, and `/metrics` as well, so that one
 * scrape target is enough when the configuration names no telemetry port.
 */
export function createQueryServer({ basePath, service, metrics }: QueryServerOptions): Express {
  const app = createApp();
  app.use(cors('GET, POST, OPTIONS'));
  app.use((request: Request, response: Response, next: NextFunction) => {
    // Read now: a mounted router shortens the path.
    const route = routeClass(request.path);
    response.on('finish', () => metrics.request(route, response.statusCode));
    next();
  });
  app.use(`${basePath}/api/v3`, createV3Api(service));
  app.use(`${basePath}/api/lab`, createLabApi(service));
  app.use(`${basePath}/api`, createLegacyApi(service));
  app.get('/metrics', (_request: Request, response: Response) => sendMetrics(response, metrics));
  app.get('/health', (_request: Request, response: Response) => {
    response.json({ status: 'Server available', buildinfo: { version: '2.20.0-embedded' } });
  });
  app.get(
    [`${basePath}/`, `${basePath}/search`, `${basePath}/trace/:traceId`],
    (_request: Request, response: Response) => {
      response.setHeader('Content-Security-Policy', contentSecurityPolicy);
      response.type('html').send(searchPage(basePath));
    },
  );
  app.use((_request: Request, response: Response) => {
    response.status(404).type('text/plain').send('404 page not found\n');
  });
  return app;
}

/** Serves nothing but the metrics, for the collector's telemetry port. */
export function createTelemetryServer(metrics: JaegerMetrics): Express {
  const app = createApp();
  app.get('/metrics', (_request: Request, response: Response) => sendMetrics(response, metrics));
  return app;
}

function sendMetrics(response: Response, metrics: JaegerMetrics): void {
  metrics.registry.metrics().then(
    (text) => {
      response.setHeader('Content-Type', metrics.registry.contentType);
      response.end(text);
    },
    (error: unknown) =>
      response
        .status(500)
        .type('text/plain')
        .send(`${String(error)}\n`),
  );
}

/** A bounded label: paths carry trace IDs and service names. */
function routeClass(path: string): string {
  return (
    /\/api\/(?:v3\/|lab\/)?(?:services|operations|traces|trace-summaries|dependencies)/.exec(path)?.[0] ??
    'other'
  );
}

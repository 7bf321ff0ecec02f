import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createApp } from '../http/app.ts';
import { BodyError } from '../http/body.ts';
import { listen, type RunningServer } from '../http/listen.ts';
import { AnnotationStore } from './annotations/annotation-store.ts';
import { createAnnotationsApi } from './api/annotations-api.ts';
import { createAuthentication } from './api/authentication.ts';
import { createDashboardsApi } from './api/dashboards-api.ts';
import { createDataSourcesApi } from './api/data-sources-api.ts';
import { attachTailProxy } from './api/tail-proxy.ts';
import { createMetrics, grafanaVersion } from './metrics.ts';
import { alertsPage } from './pages/alerts-page.ts';
import { dashboardPage } from './pages/dashboard-page.ts';
import { explorePage } from './pages/explore-page.ts';
import { homePage } from './pages/home-page.ts';
import { contentSecurityPolicy } from './pages/layout.ts';
import { readDashboardProviders, readDashboards } from './provisioning/dashboards.ts';
import { readDataSources } from './provisioning/data-sources.ts';
import type { GrafanaSettings } from './settings.ts';

/** Starts Grafana with what is provisioned. Data sources are read once, dashboards at each request. */
export async function startGrafana(settings: GrafanaSettings): Promise<RunningServer> {
  const sources = await readDataSources(settings.provisioningPath);
  const providers = await readDashboardProviders(settings.provisioningPath);
  const dashboards = () => readDashboards(providers);
  const annotations = new AnnotationStore();
  const authentication = createAuthentication(settings.adminPassword, settings.anonymousEnabled);
  const metrics = createMetrics();

  const app: Express = createApp();
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.on('finish', () => metrics.request(response.statusCode));
    response.setHeader('Content-Security-Policy', contentSecurityPolicy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    next();
  });
  app.use('/public', express.static(settings.webPath, { index: false, maxAge: '1m' }));
  app.get('/api/health', (_request: Request, response: Response) => {
    response
      .type('json')
      .send(JSON.stringify({ database: 'ok', version: grafanaVersion, commit: 'embedded' }, null, 2));
  });
  app.get('/metrics', async (_request: Request, response: Response) => {
    const text = await metrics.registry.metrics();
    response.setHeader('Content-Type', metrics.registry.contentType);
    response.end(text);
  });
  app.use('/api/datasources', createDataSourcesApi(sources, authentication));
  app.use('/api/annotations', createAnnotationsApi(annotations, authentication));
  app.use('/api', createDashboardsApi(dashboards, authentication));

  app.get(['/', '/dashboards'], authentication.read, async (_request: Request, response: Response) => {
    const latest = annotations.find({ tags: [], matchAny: false, limit: 50 });
    response.type('html').send(homePage(await dashboards(), sources, latest));
  });
  app.get('/explore', authentication.read, (_request: Request, response: Response) => {
    response.type('html').send(explorePage(sources));
  });
  app.get(
    ['/alerting', '/alerting/list', '/alerting/groups', '/alerting/silences'],
    authentication.read,
    (_request: Request, response: Response) => {
      response.type('html').send(alertsPage(sources));
    },
  );
  app.get(['/d/:uid', '/d/:uid/:slug'], authentication.read, async (request: Request, response: Response) => {
    const dashboard = (await dashboards()).find(({ uid }) => uid === request.params.uid);
    if (dashboard === undefined) response.status(404).json({ message: 'Dashboard not found' });
    else {
      const { searchParams } = new URL(request.originalUrl, 'http://grafana.invalid');
      response.type('html').send(dashboardPage(dashboard, sources, searchParams));
    }
  });
  app.use((_request: Request, response: Response) => {
    response.status(404).json({ message: 'Not found' });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = error instanceof BodyError ? error.status : error instanceof URIError ? 400 : 500;
    response.status(status).json({ message: error instanceof Error ? error.message : String(error) });
  });
  const running = await listen(
    app,
    `${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${settings.port}`,
  );
  attachTailProxy(running.server, sources, authentication);
  return running;
}

import type { Express, NextFunction, Request, Response } from 'express';
import { createApp } from '../../http/app.ts';
import { BodyError, readBody } from '../../http/body.ts';
import { type Alertmanager, version } from '../alertmanager.ts';
import { marshalConfig } from '../config/marshal.ts';
import { matchesAll } from '../labels/matcher.ts';
import { ApiError, openApiError } from './api-error.ts';
import { parseBody } from './body.ts';
import { contentSecurityPolicy, renderPage } from './page.ts';
import { postAlerts } from './post-alerts.ts';
import { postSilence } from './post-silence.ts';
import { listAlerts, listGroups, listSilences, receiverMatchers, silenceView } from './views.ts';

type Handler = (request: Request, response: Response) => unknown;
interface Route {
  readonly path: RegExp;
  readonly handlers: Readonly<Record<string, Handler>>;
}
const maxBodyBytes = 16 << 20;
/** A silence is a few lines; the keys of a larger body would hold the server up for seconds. */
const maxSilenceBytes = 1 << 20;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const v1Gone = {
  status: 'deprecated',
  error:
    'The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API',
};

/** The HTTP face: API v2, health, reload, metrics and a page for people, below the path of the external URL. */
export function createAlertmanagerApp(manager: Alertmanager): Express {
  const app = createApp();
  const prefix = new URL(manager.options.externalUrl).pathname.replace(/\/+$/, '');
  const query = (request: Request) => new URL(request.originalUrl, 'http://localhost').searchParams;
  const silenceId = (request: Request): string => {
    const id = decodeURIComponent(request.path.split('/').at(-1) ?? '');
    if (!uuid.test(id))
      throw openApiError(601, `silenceID in path must be of type uuid: ${JSON.stringify(id)}`);
    return id.toLowerCase();
  };
  const json = (response: Response, body: unknown) => {
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify(body)}\n`);
  };

  const routes: readonly Route[] = [
    { path: /^\/status$/, handlers: { GET: (_, response) => json(response, status(manager)) } },
    {
      path: /^\/receivers$/,
      handlers: {
        GET: (request, response) => {
          const matchers = receiverMatchers(manager, query(request));
          const receivers = (manager.config.receivers ?? []).filter(({ labels }) =>
            matchesAll(matchers, labels),
          );
          json(
            response,
            receivers.map(({ name, labels }) => ({ labels, name })),
          );
        },
      },
    },
    {
      path: /^\/alerts$/,
      handlers: {
        GET: (request, response) => json(response, listAlerts(manager, query(request))),
        POST: (request, response) => {
          postAlerts(manager, parseBody(request.body as Buffer, 'alerts', request.headers['content-type']));
          response.end();
        },
      },
    },
    {
      path: /^\/alerts\/groups$/,
      handlers: { GET: (request, response) => json(response, listGroups(manager, query(request))) },
    },
    {
      path: /^\/silences$/,
      handlers: {
        GET: (request, response) => json(response, listSilences(manager, query(request))),
        POST: (request, response) =>
          json(
            response,
            postSilence(
              manager,
              parseBody(request.body as Buffer, 'silence', request.headers['content-type']),
            ),
          ),
      },
    },
    {
      path: /^\/silence\/[^/]+$/,
      handlers: {
        GET: (request, response) => {
          const silence = manager.silences.get(silenceId(request));
          if (silence === undefined) response.status(404).end();
          else json(response, silenceView(manager, silence));
        },
        DELETE: (request, response) => {
          response.status(manager.silences.expire(silenceId(request)) ? 200 : 404).end();
        },
      },
    },
  ];

  app.use((request, response, next) => {
    if (prefix !== '') {
      if (!request.url.startsWith(prefix)) {
        response.status(404).type('text').send('404 page not found\n');
        return;
      }
      request.url = request.url.slice(prefix.length) || '/';
    }
    const startedAt = performance.now();
    const handler = request.path.replace(/\/silence\/.*/, '/silence/{silenceID}');
    response.on('finish', () => {
      // Only known paths become label values: the number of series stays bounded.
      const known = handler.startsWith('/api/v2/') && response.statusCode !== 404;
      if (known || handler.startsWith('/-/'))
        manager.metrics.requestDuration.observe(
          { code: String(response.statusCode), handler, method: request.method.toLowerCase() },
          (performance.now() - startedAt) / 1000,
        );
    });
    next();
  });

  const plain = (response: Response, text: string) => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(text);
  };
  for (const path of ['/-/healthy', '/-/ready'])
    app.get(path, (_, response) => {
      plain(response, 'OK');
    });
  app.post('/-/reload', (_, response) => {
    try {
      manager.reload();
      response.end();
    } catch (error) {
      response.status(500);
      plain(response, `failed to reload config: ${(error as Error).message}\n`);
    }
  });
  app.get('/metrics', async (_, response) => {
    const counts = manager.counts();
    const text = await manager.metrics.render({
      alerts: () => counts.alerts,
      silences: () => counts.silences,
      groups: () => manager.dispatcher.groupCount,
      inhibitionRules: () => manager.inhibitor.ruleCount,
      receivers: () => (manager.config.receivers ?? []).length,
      integrations: () => manager.integrationCount,
    });
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    response.end(text);
  });
  app.get('/', (_, response) => {
    response.setHeader('cache-control', 'no-cache, no-store, must-revalidate');
    response.setHeader('expires', '0');
    response.setHeader('pragma', 'no-cache');
    response.setHeader('Content-Security-Policy', contentSecurityPolicy);
    response.type('html').send(renderPage(manager));
  });
  app.all(/^\/api\/v1\/.*$/, (_, response) => {
    response.status(410);
    json(response, v1Gone);
  });

  app.use('/api/v2', (request, response, next) => {
    const { origin } = request.headers;
    const requested = request.headers['access-control-request-method'];
    if (request.method === 'OPTIONS' && requested !== undefined) {
      response.setHeader('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
      if (origin !== undefined) {
        response.setHeader('access-control-allow-origin', '*');
        response.setHeader('access-control-allow-methods', requested.toUpperCase());
        const headers = request.headers['access-control-request-headers'];
        if (headers !== undefined) response.setHeader('access-control-allow-headers', headers);
      }
      response.status(204).end();
      return;
    }
    response.setHeader('vary', 'Origin');
    if (origin !== undefined) response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cache-control', 'no-store');
    next();
  });
  app.use('/api/v2/silences', readBody({ maxBytes: maxSilenceBytes }));
  app.use(/^\/api\/v2(?!\/silences)/, readBody({ maxBytes: maxBodyBytes }));
  app.use('/api/v2', (request, response) => {
    const { accept } = request.headers;
    if (accept !== undefined && !/application\/(?:json|\*)|\*\/\*/i.test(accept))
      throw openApiError(406, 'unsupported media type requested, only [application/json] are available');
    const path = request.path.replace(/(?<=.)\/$/, '');
    const route = routes.find((candidate) => candidate.path.test(path));
    if (route === undefined) throw openApiError(404, `path /api/v2${request.path} was not found`);
    const handler = route.handlers[request.method === 'HEAD' ? 'GET' : request.method];
    if (handler === undefined) {
      const allowed = Object.keys(route.handlers).sort();
      response.setHeader('allow', allowed.join(','));
      throw openApiError(405, `method ${request.method} is not allowed, but [${allowed.join(',')}] are`);
    }
    handler(request, response);
  });
  app.all(/^\/-\/(?:healthy|ready|reload)$/, (_, response) => {
    response.status(405);
    plain(response, 'Method Not Allowed\n');
  });
  app.use((_, response) => {
    response.status(404);
    plain(response, '404 page not found\n');
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof ApiError) {
      response.status(error.status);
      // What the generated layer refuses has no newline at its end.
      if (typeof error.body === 'string') json(response, error.body);
      else {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(error.body));
      }
      return;
    }
    const code = error instanceof BodyError ? error.status : error instanceof URIError ? 400 : 500;
    // What is left of a refused body is not read: the connection cannot serve another request.
    if (error instanceof BodyError) response.setHeader('connection', 'close');
    response.status(code);
    json(response, { code, message: error instanceof Error ? error.message : String(error) });
  });
  return app;
}

function status(manager: Alertmanager) {
  return {
    cluster: { peers: [], status: 'disabled' },
    config: { original: marshalConfig(manager.config) },
    uptime: new Date(manager.startedAt).toISOString(),
    versionInfo: {
      branch: 'embedded',
      buildDate: '20260101-00:00:00',
      buildUser: 'break-and-observe',
      goVersion: `node${process.versions.node}`,
      revision: 'embedded',
      version,
    },
  };
}

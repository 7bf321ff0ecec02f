import type { Registry } from 'prom-client';
import { messageOf } from './api-error.ts';
import { plainError, type Routing, redirect, send } from './routing.ts';

export interface ManagementContext {
  readonly registry: Registry;
  readonly lifecycle: boolean;
  readonly configFile: string;
  /** Before every path that a browser is sent to. */
  readonly routePrefix: string;
  /** Throws when the new configuration is bad; the old one then stays. */
  reload(): void;
  quit(): void;
}

const text = 'text/plain; charset=utf-8';

/** `/-/…`, `/metrics` and the way to the pages for people. */
export function addManagementRoutes(routing: Routing, context: ManagementContext): void {
  routing.plain(['GET', 'HEAD'], '/-/healthy', (_request, response) =>
    send(response, 200, text, 'Prometheus Server is Healthy.\n'),
  );
  routing.plain(['GET', 'HEAD'], '/-/ready', (_request, response) =>
    send(response, 200, text, 'Prometheus Server is Ready.\n'),
  );

  for (const path of ['/-/reload', '/-/quit']) {
    routing.plain(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'], path, (request, response) => {
      if (!context.lifecycle) {
        response.setHeader('X-Content-Type-Options', 'nosniff');
        send(response, 403, text, 'Lifecycle API is not enabled.');
        return;
      }
      if (request.method !== 'POST' && request.method !== 'PUT') {
        send(response, 405, text, 'Only POST or PUT requests allowed');
        return;
      }
      if (path === '/-/quit') {
        send(response, 200, text, 'Requesting termination... Goodbye!');
        context.quit();
        return;
      }
      try {
        context.reload();
        response.status(200).end();
      } catch (error) {
        plainError(
          response,
          500,
          `failed to reload config: couldn't load configuration (--config.file=${JSON.stringify(context.configFile)}): ${messageOf(error)}`,
        );
      }
    });
  }

  routing.plain(['GET', 'HEAD'], '/metrics', async (_request, response) => {
    send(
      response,
      200,
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
      await context.registry.metrics(),
    );
  });

  const redirectFrom = (from: string, to: (search: string) => string): void => {
    routing.plain(['GET', 'HEAD'], from, (request, response) => {
      redirect(response, 302, context.routePrefix + to(new URL(request.url, 'http://localhost').search));
    });
  };
  redirectFrom('/', () => '/query');
  redirectFrom('/graph', (search) => `/query?${search.slice(1)}`);
}

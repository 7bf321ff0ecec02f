import type { Express } from 'express';
import { createApp } from '../../http/app.ts';
import { plainError, redirect } from './routing.ts';

/** The application below a path, as `--web.route-prefix` wants it; above it is only the way there. */
export function prefixed(app: Express, routePrefix: string): Express {
  if (routePrefix === '') return app;
  const outer = createApp();
  outer.use((request, response, next) => {
    const { path } = request;
    if (path.startsWith(`${routePrefix}/`)) {
      request.url = request.url.slice(routePrefix.length);
      app(request, response, next);
    } else if (path === '/') redirect(response, 302, routePrefix);
    else if (path === routePrefix) redirect(response, 301, `${routePrefix}/`);
    else plainError(response, 404, '404 page not found');
  });
  return outer;
}

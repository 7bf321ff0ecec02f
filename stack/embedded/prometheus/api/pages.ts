import { contentSecurityPolicy, renderPage } from '../ui/layout.ts';
import { queryScript } from '../ui/query-page.ts';
import { alertsScript, configScript, rulesScript, targetsScript } from '../ui/status-scripts.ts';
import { plainError, type Routing, send } from './routing.ts';

const scripts: Readonly<Record<string, string>> = {
  '/query': queryScript,
  '/alerts': alertsScript,
  '/rules': rulesScript,
  '/targets': targetsScript,
  '/config': configScript,
};

/** Small pages for people, at Prometheus's own addresses. Everything they show comes from the JSON API. */
export function addPages(routing: Routing, routePrefix: string): void {
  const paths = Object.keys(scripts);
  for (const [path, script] of Object.entries(scripts)) {
    routing.plain(['GET', 'HEAD'], path, (_request, response) => {
      response.setHeader('Content-Security-Policy', contentSecurityPolicy);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      send(response, 200, 'text/html; charset=utf-8', renderPage(path, paths, script, routePrefix));
    });
  }
  routing.plain(['GET', 'HEAD'], '/favicon.ico', (_request, response) =>
    plainError(response, 404, '404 page not found'),
  );
}

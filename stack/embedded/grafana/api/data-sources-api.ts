import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Request, type Response, Router } from 'express';
import type { DataSource } from '../provisioning/data-sources.ts';
import type { Authentication } from './authentication.ts';

/** Requests with POST that only read: a long query goes into the body. */
const readingPost = /\/(?:query|query_range|query_exemplars|format_query|parse_query|series|labels)$/;

/**
 * What a page changes without the admin's password: silences. Alertmanager itself asks nobody on this machine for one,
 * and a page of another site is refused before (`foreignRequest`).
 */
const silencing: readonly RegExp[] = [/^POST \/api\/v2\/silences$/, /^DELETE \/api\/v2\/silence\/[^/]+$/];

const proxyTimeoutMs = 60_000;

/** `/api/datasources`, and the proxy through which pages ask a data source. */
export function createDataSourcesApi(sources: readonly DataSource[], authentication: Authentication): Router {
  const router = Router();
  const byUid = new Map(sources.map((source) => [source.uid, source]));

  router.get('/', authentication.read, (_request, response) => {
    response.json(sources.map(toJson));
  });

  router.get('/uid/:uid', authentication.read, (request, response) => {
    const source = byUid.get(String(request.params.uid));
    if (source === undefined) notFound(response);
    else {
      response.json({
        ...toJson(source),
        basicAuthUser: '',
        withCredentials: false,
        secureJsonFields: {},
        version: 1,
        apiVersion: '',
      });
    }
  });

  router.get('/name/:name', authentication.read, (request, response) => {
    const source = sources.find(({ name }) => name === request.params.name);
    if (source === undefined) notFound(response);
    else response.json(toJson(source));
  });

  router.use('/proxy/uid/:uid', authentication.read, (request, response) => {
    const source = byUid.get(String(request.params.uid));
    if (source === undefined) {
      response.status(404).json({ message: 'Unable to find datasource' });
      return;
    }
    const reading =
      request.method === 'GET' ||
      request.method === 'HEAD' ||
      (request.method === 'POST' && readingPost.test(request.path));
    const allowed =
      source.type === 'alertmanager' &&
      silencing.some((one) => one.test(`${request.method} ${request.path}`));
    if (!reading && !allowed && !authentication.isAdmin(request)) {
      authentication.write(request, response, () => forward(source, request, response));
      return;
    }
    forward(source, request, response);
  });
  return router;
}

/** Streams the request to the data source and its answer back. Credentials of the caller stay here. */
function forward(source: DataSource, request: Request, response: Response): void {
  const base = new URL(source.url.endsWith('/') ? source.url : `${source.url}/`);
  const target = new URL(`.${request.url}`, base);
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) {
    response.status(400).json({ message: 'the path leads out of the data source' });
    return;
  }
  const headers: Record<string, string | string[]> = {};
  for (const name of [
    'accept',
    'content-type',
    'content-length',
    'content-encoding',
    'transfer-encoding',
  ] as const) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const upstream = send(target, { method: request.method, headers, timeout: proxyTimeoutMs }, (answer) => {
    response.status(answer.statusCode ?? 502);
    for (const name of ['content-type', 'content-encoding', 'content-length'] as const) {
      const value = answer.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    // What the data source serves is data; it must not run as a page of ours.
    response.setHeader('Content-Security-Policy', 'sandbox');
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  upstream.on('timeout', () => upstream.destroy(new Error(`no answer within ${proxyTimeoutMs / 1000} s`)));
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else response.status(502).json({ message: `cannot reach data source ${source.name}: ${error.message}` });
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function notFound(response: Response): void {
  response.status(404).json({ message: 'Data source not found' });
}

function toJson(source: DataSource): Record<string, unknown> {
  return {
    id: source.id,
    uid: source.uid,
    orgId: 1,
    name: source.name,
    type: source.type,
    typeName: source.type.charAt(0).toUpperCase() + source.type.slice(1),
    typeLogoUrl: '',
    access: source.access,
    url: source.url,
    user: '',
    database: '',
    basicAuth: false,
    isDefault: source.isDefault,
    jsonData: source.jsonData,
    readOnly: true,
  };
}

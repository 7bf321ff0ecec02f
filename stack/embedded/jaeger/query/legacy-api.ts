import { type Request, type Response, Router } from 'express';
import { BodyError, readBody } from '../../http/body.ts';
import { InvalidPayload } from '../../otlp/payload.ts';
import type { Span } from '../model/span.ts';
import { parseTraceId, shortTraceId } from '../model/trace-id.ts';
import { decodeTracesJson } from '../otlp/decode-json.ts';
import { bool, parseDependencyRange, parseLegacySearch } from './legacy-parameters.ts';
import { BadParameter, parameter } from './parameters.ts';
import type { QueryService } from './query-service.ts';
import { streamList } from './stream-list.ts';
import { toUiTrace } from './ui-trace.ts';

interface StructuredError {
  readonly code?: number;
  readonly msg: string;
  readonly traceID?: string;
}

const traceNotFound = 'trace not found';

/** Jaeger's older query API, `/api/…`: what UI 2.14 and Grafana's Jaeger data source ask. */
export function createLegacyApi(service: QueryService, now: () => number = Date.now): Router {
  const router = Router({ caseSensitive: true });

  router.get('/services', (request, response) => {
    const services = service.services();
    // Go prints a nil slice as null.
    answer(request, response, services.length === 0 ? null : services, services.length);
  });

  router.get('/services/:service/operations', (request, response) => {
    const names = [
      ...new Set(service.operations(request.params.service, '').map((operation) => operation.name)),
    ];
    answer(request, response, names.length === 0 ? null : names, names.length);
  });

  router.get('/operations', (request, response) => {
    const url = urlOf(request);
    const name = parameter(url, 'service');
    if (name === '') throw new BadParameter("parameter 'service' is required");
    const operations = service.operations(name, parameter(url, 'spanKind'));
    answer(
      request,
      response,
      operations.map((operation) => ({ name: operation.name, spanKind: operation.spanKind })),
      operations.length,
    );
  });

  router.get('/traces', (request, response) => {
    const search = parseLegacySearch(urlOf(request), now());
    if (search.traceIds.length === 0) {
      answerTraces(request, response, service.findTraces(search.query, search.raw).traces);
      return;
    }
    const found: (readonly Span[])[] = [];
    const errors: StructuredError[] = [];
    for (const id of search.traceIds) {
      const trace = service.getTrace(id, search.raw);
      if (trace === undefined) errors.push({ msg: traceNotFound, traceID: shortTraceId(id) });
      else found.push(trace);
    }
    answerTraces(request, response, found, errors.length === 0 ? null : errors);
  });

  router.get('/traces/:traceId', (request, response) => {
    const id = traceIdOf(request);
    const trace = service.getTrace(id, bool(urlOf(request), 'raw'));
    if (trace === undefined) refuse(response, 404, traceNotFound);
    else answerTraces(request, response, [trace]);
  });

  router.post('/archive/:traceId', (request, response) => {
    traceIdOf(request);
    refuse(response, 500, 'archive span storage was not configured');
  });

  router.get('/dependencies', (request, response) => {
    const url = urlOf(request);
    const { startNanos, endNanos } = parseDependencyRange(url, now());
    const only = parameter(url, 'service');
    const links = service
      .dependencies(startNanos, endNanos)
      .filter((link) => only === '' || link.parent === only || link.child === only);
    answer(request, response, links);
  });

  router.get('/metrics/:kind', (_request, response) =>
    refuse(response, 501, 'metrics querying is currently disabled'),
  );

  router.post('/transform', readBody({ maxBytes: 20 * 1024 * 1024 }), (request, response) => {
    const byTrace = new Map<string, Span[]>();
    for (const span of decodeTracesJson((request.body as Buffer).toString('utf8'))) {
      const spans = byTrace.get(span.traceId);
      if (spans === undefined) byTrace.set(span.traceId, [span]);
      else spans.push(span);
    }
    answer(request, response, [...byTrace.values()].map(toUiTrace));
  });

  router.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
    const bad = error instanceof BadParameter || error instanceof InvalidPayload || error instanceof URIError;
    const status = error instanceof BodyError ? error.status : bad ? 400 : 500;
    refuse(response, status, error instanceof Error ? error.message : String(error));
  });
  return router;
}

function urlOf(request: Request): URL {
  return new URL(request.originalUrl, 'http://jaeger.invalid');
}

function traceIdOf(request: Request): string {
  try {
    return parseTraceId(String(request.params.traceId));
  } catch (error) {
    throw new BadParameter((error as Error).message);
  }
}

function answer(
  request: Request,
  response: Response,
  data: unknown,
  total = 0,
  errors: readonly StructuredError[] | null = null,
): void {
  const pretty = parameter(urlOf(request), 'prettyPrint');
  const indent = pretty !== '' && pretty !== 'false' ? 4 : undefined;
  response.setHeader('Content-Type', 'application/json');
  response.end(`${JSON.stringify({ data, total, limit: 0, offset: 0, errors }, null, indent)}\n`);
}

/** The same envelope as `answer`, a trace at a time; indented text is made at once. */
function answerTraces(
  request: Request,
  response: Response,
  traces: Iterable<readonly Span[]>,
  errors: readonly StructuredError[] | null = null,
): void {
  const pretty = parameter(urlOf(request), 'prettyPrint');
  if (pretty !== '' && pretty !== 'false') {
    answer(request, response, Array.from(traces, toUiTrace), 0, errors);
    return;
  }
  const items = function* (): Generator<string> {
    for (const spans of traces) yield JSON.stringify(toUiTrace(spans));
  };
  const tail = JSON.stringify({ total: 0, limit: 0, offset: 0, errors }).slice(1);
  streamList(response, '{"data":[', items(), `],${tail}\n`);
}

/** Go's http.Error: the JSON goes out as plain text. */
function refuse(response: Response, code: number, msg: string): void {
  response.status(code);
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(`${JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] })}\n`);
}

import { type Request, type Response, Router } from 'express';
import type { Span } from '../model/span.ts';
import { parseTraceId } from '../model/trace-id.ts';
import { encodeTracesJson } from '../otlp/encode-json.ts';
import { BadParameter, parseBool, parseRfc3339Nanos } from './parameters.ts';
import type { QueryService } from './query-service.ts';
import { streamList } from './stream-list.ts';
import { summarize } from './trace-summary.ts';
import { parsed, parseV3Search, resolve } from './v3-parameters.ts';

/** Jaeger's `/api/v3`: OTLP JSON in a `result` envelope, errors as grpc-gateway prints them. */
export function createV3Api(service: QueryService): Router {
  const router = Router({ caseSensitive: true });

  router.get('/services', (_request, response) => {
    send(response, { services: service.services() });
  });

  router.get('/operations', (request, response) => {
    const url = urlOf(request);
    const operations = service.operations(
      url.searchParams.get('service') ?? '',
      resolve(url, 'spanKind', 'span_kind').value,
    );
    send(response, {
      operations: operations.map((operation) => ({
        name: operation.name,
        spanKind: operation.spanKind || 'internal',
      })),
    });
  });

  router.get('/traces', (request, response) => {
    const { query, raw } = parseV3Search(urlOf(request));
    const { count, traces } = service.findTraces(query, raw);
    sendTraces(response, count, traces);
  });

  router.get('/trace-summaries', (request, response) => {
    const { query } = parseV3Search(urlOf(request));
    send(response, { summaries: Array.from(service.findTraces(query).traces, summarize) });
  });

  router.get('/traces/:traceId', (request, response) => {
    const url = urlOf(request);
    const id = traceIdOf(request);
    const start = parsed(url, ['startTime', 'start_time'], parseRfc3339Nanos);
    const end = parsed(url, ['endTime', 'end_time'], parseRfc3339Nanos);
    if (start !== undefined && end !== undefined && start > end) {
      throw new BadParameter('malformed parameter startTime: must be before endTime');
    }
    const raw = parsed(url, ['rawTraces', 'raw_traces'], parseBool) ?? false;
    // As in Jaeger's memory storage, a trace is found by its ID alone; the times are a hint for storages with indices.
    const trace = service.getTrace(id, raw);
    sendTraces(response, trace === undefined ? 0 : 1, trace === undefined ? [] : [trace]);
  });

  router.get('/dependencies', (request, response) => {
    const url = urlOf(request);
    const start = parsed(url, ['startTime', 'start_time'], parseRfc3339Nanos);
    const end = parsed(url, ['endTime', 'end_time'], parseRfc3339Nanos);
    if (start === undefined || end === undefined)
      throw new BadParameter('startTime and endTime are required');
    send(response, {
      dependencies: service
        .dependencies(start, end)
        .map((link) => ({ parent: link.parent, child: link.child, callCount: String(link.callCount) })),
    });
  });

  router.use((request: Request, response: Response) =>
    refuse(response, 404, `no such endpoint: ${request.originalUrl}`),
  );
  router.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
    const bad = error instanceof BadParameter || error instanceof URIError;
    refuse(response, bad ? 400 : 500, error instanceof Error ? error.message : String(error));
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
    throw new BadParameter(`malformed parameter trace_id: ${(error as Error).message}`);
  }
}

/** Several traces come as one list of resource spans, in one envelope, as the gateway sends them. */
function sendTraces(response: Response, count: number, traces: Iterable<readonly Span[]>): void {
  if (count === 0) {
    refuse(response, 404, 'No traces found');
    return;
  }
  const items = function* (): Generator<string> {
    for (const spans of traces) {
      for (const resourceSpans of encodeTracesJson(spans).resourceSpans) yield JSON.stringify(resourceSpans);
    }
  };
  streamList(response, '{"result":{"resourceSpans":[', items(), ']}}');
}

function send(response: Response, body: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

/** Go's http.Error: the JSON goes out as plain text. */
function refuse(response: Response, httpCode: number, message: string): void {
  response.status(httpCode);
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(`${JSON.stringify({ error: { httpCode, message } })}\n`);
}

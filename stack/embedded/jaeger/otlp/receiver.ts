import type { Express, NextFunction, Request, Response } from 'express';
import { createApp } from '../../http/app.ts';
import { BodyError, readBody } from '../../http/body.ts';
import { cors } from '../../http/cors.ts';
import { InvalidPayload } from '../../otlp/payload.ts';
import type { Span } from '../model/span.ts';
import { isSpanId, isTraceId } from '../model/trace-id.ts';
import type { JaegerMetrics } from '../telemetry/metrics.ts';
import { decodeTracesJson } from './decode-json.ts';
import { decodeTracesProtobuf } from './decode-protobuf.ts';
import { encodeExportResponse, encodeStatus, type OtlpEncoding, rpcCode } from './response.ts';

export interface ReceiverOptions {
  /** Usually `/v1/traces`. */
  readonly path: string;
  readonly maxBodyBytes: number;
  readonly consume: (spans: readonly Span[]) => void;
  readonly metrics: JaegerMetrics;
}

/**
 * The collector's OTLP/HTTP receiver for traces. Spans without valid IDs are rejected one by one (partial success);
 * a body that cannot be read is refused whole, with a google.rpc.Status in the request's own encoding.
 */
export function createOtlpReceiver(options: ReceiverOptions): Express {
  const app = createApp();
  app.use(cors('POST, OPTIONS'));
  app.all(
    options.path,
    requirePost,
    readBody({ maxBytes: options.maxBodyBytes }),
    (request: Request, response: Response) => {
      const encoding = encodingOf(request)!;
      const spans = decode(encoding, request.body as Buffer);
      const valid = spans.filter((span) => isTraceId(span.traceId) && isSpanId(span.spanId));
      options.consume(valid);
      options.metrics.accepted(valid.length);
      const rejected = spans.length - valid.length;
      if (rejected > 0) options.metrics.refused(rejected);
      send(
        response,
        200,
        encoding,
        encodeExportResponse(
          encoding,
          rejected === 0
            ? undefined
            : {
                rejectedSpans: rejected,
                errorMessage: `${rejected} of ${spans.length} spans have no valid trace ID (16 bytes, not all zero) or span ID (8 bytes, not all zero)`,
              },
        ),
      );
    },
  );
  app.use((_request: Request, response: Response) => {
    response.status(404).type('text/plain').send('404 page not found\n');
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    // The number of spans in an unreadable body is unknown; it counts as one.
    options.metrics.refused(1);
    const encoding = encodingOf(request) ?? 'application/json';
    if (error instanceof InvalidPayload) {
      send(response, 400, encoding, encodeStatus(encoding, rpcCode.invalidArgument, error.message));
    } else if (error instanceof BodyError) {
      send(response, error.status, encoding, encodeStatus(encoding, rpcCode.invalidArgument, error.message));
    } else {
      const message = error instanceof Error ? error.message : String(error);
      send(response, 500, encoding, encodeStatus(encoding, rpcCode.internal, message));
    }
  });
  return app;
}

function requirePost(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'POST') {
    response.status(405).type('text/plain').send('405 method not allowed, supported: [POST]');
  } else if (encodingOf(request) === undefined) {
    response
      .status(415)
      .type('text/plain')
      .send('415 unsupported media type, supported: [application/json, application/x-protobuf]');
  } else next();
}

function encodingOf(request: Request): OtlpEncoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || type === 'application/x-protobuf' ? type : undefined;
}

function decode(encoding: OtlpEncoding, body: Buffer): Span[] {
  try {
    return encoding === 'application/json'
      ? decodeTracesJson(body.toString('utf8'))
      : decodeTracesProtobuf(body);
  } catch (error) {
    // The stack ends before any depth that somebody sends.
    if (error instanceof RangeError) throw new InvalidPayload('the body is nested too deeply');
    throw error;
  }
}

function send(response: Response, status: number, encoding: OtlpEncoding, body: Buffer): void {
  response.status(status).setHeader('Content-Type', encoding);
  response.end(body);
}

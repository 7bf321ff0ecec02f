import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Environment } from './environment.ts';
import { Problem } from './problem.ts';
import { SwitchableSampler } from './sampling.ts';

/** Probes and scrapes come every second and would drown the traces of users. */
const probePaths = new Set(['/metrics', '/health', '/ready']);
/** What the lab asks of a service's admin port is no request of a user. */
const adminPath = /^\/(?:faults|log-level|sampling)(?:[/?]|$)/;
const exportDelayMs = 500;
const exportTimeoutMs = 2_000;
const queueSpans = 8_192;

export interface Tracing {
  readonly sampler: SwitchableSampler;
  /** Sends what is still queued; gives up after the export timeout. */
  shutdown(): Promise<void>;
}

/**
 * Starts the OpenTelemetry SDK. It must run before express and pg are loaded, because the instrumentations patch
 * them as they are required: `start.ts` is therefore the first import of every `main.ts`.
 */
export function startTracing(environment: Environment): Tracing {
  const sampler = new SwitchableSampler(environment.OTEL_TRACES_SAMPLER, environment.OTEL_TRACES_SAMPLER_ARG);
  const endpoint = environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  const ownTraffic = new Set(
    [endpoint, environment.LOKI_URL].filter((url) => url !== undefined).map((url) => new URL(url).host),
  );
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: resourceFromAttributes({
      'service.name': environment.SERVICE_NAME,
      'service.version': environment.SERVICE_VERSION,
      'service.instance.id': environment.INSTANCE,
      'deployment.environment.name': environment.ENVIRONMENT,
    }),
    sampler,
    // Without a collector spans are still made, so that logs carry their trace IDs; nothing is sent.
    spanProcessors:
      endpoint === undefined
        ? [discardingProcessor]
        : [
            new BatchSpanProcessor(
              new OTLPTraceExporter({
                url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
                timeoutMillis: exportTimeoutMs,
              }),
              {
                scheduledDelayMillis: exportDelayMs,
                exportTimeoutMillis: exportTimeoutMs,
                maxQueueSize: queueSpans,
                maxExportBatchSize: 1_024,
              },
            ),
          ],
    // Metrics are prom-client's and logs are winston's: the SDK exports neither.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url = '' }) =>
          probePaths.has(url.split('?', 1)[0] ?? '') || adminPath.test(url),
        ignoreOutgoingRequestHook: (request) =>
          probePaths.has(request.path ?? '') ||
          ownTraffic.has(`${request.hostname ?? request.host}:${request.port}`),
      }),
      new ExpressInstrumentation({
        ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER],
      }),
      new PgInstrumentation({ requireParentSpan: true }),
    ],
  });
  sdk.start();
  return { sampler, shutdown: () => sdk.shutdown() };
}

const discardingProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: async () => {},
  shutdown: async () => {},
};

const tracer = trace.getTracer('notes');

/** Runs work in a child span; an error is recorded on it as an exception and thrown on. */
export async function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      // A refusal (4xx) is an outcome the caller asked for; only failures make the trace an erroneous one.
      if (error instanceof Problem && error.status < 500) span.setAttribute('error.type', error.type);
      else recordException(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Marks a span as failed by this error. */
export function recordException(span: Span, error: unknown): void {
  const exception = error instanceof Error ? error : new Error(String(error));
  span.recordException(exception);
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
}

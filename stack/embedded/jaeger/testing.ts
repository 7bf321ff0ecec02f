import { parseConfig } from './config/config.ts';
import type { Span } from './model/span.ts';
import { decodeTracesJson } from './otlp/decode-json.ts';
import { type RunningJaeger, startJaeger } from './server.ts';

/** Fields of an OTLP JSON span; times in milliseconds are easier to read than nanoseconds. */
export interface SpanSketch {
  readonly traceId?: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly service?: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly [field: string]: unknown;
}

/** An OTLP JSON request of spans that are sketched: IDs may be short, everything else has a default. */
export function otlpJson(sketches: readonly SpanSketch[]): { resourceSpans: unknown[] } {
  return {
    resourceSpans: sketches.map(({ service = 'api', startMs = 0, endMs = startMs + 10, host, ...span }) => ({
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: service } },
          ...(host === undefined ? [] : [{ key: 'host.name', value: { stringValue: host } }]),
        ],
      },
      scopeSpans: [
        {
          spans: [
            {
              name: 'work',
              startTimeUnixNano: String(BigInt(Math.round(startMs * 1e6))),
              endTimeUnixNano: String(BigInt(Math.round(endMs * 1e6))),
              ...span,
              traceId: (span.traceId ?? '1').padStart(32, '0'),
              spanId: span.spanId.padStart(16, '0'),
              parentSpanId: span.parentSpanId?.padStart(16, '0') ?? '',
            },
          ],
        },
      ],
    })),
  };
}

/** Spans as the receiver would hand them on. */
export function spansOf(sketches: readonly SpanSketch[]): Span[] {
  return decodeTracesJson(JSON.stringify(otlpJson(sketches)));
}

/** A server on ports of the system's choice; `tailSampling` are the processor's settings. */
export async function startTestServer(
  options: { maxTraces?: number; maxBodyBytes?: number; tailSampling?: unknown; maxClockSkew?: string } = {},
): Promise<RunningJaeger> {
  const { maxTraces = 1000, maxBodyBytes = 1024 * 1024, tailSampling, maxClockSkew = '0s' } = options;
  const config = {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: tailSampling === undefined ? [] : ['tail_sampling'],
          exporters: ['jaeger_storage_exporter'],
        },
      },
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 0 } } } }] },
      },
    },
    extensions: {
      jaeger_storage: { backends: { main: { memory: { max_traces: maxTraces } } } },
      jaeger_query: {
        storage: { traces: 'main' },
        http: { endpoint: '127.0.0.1:0' },
        max_clock_skew_adjust: maxClockSkew,
      },
    },
    receivers: {
      otlp: { protocols: { http: { endpoint: '127.0.0.1:0', max_request_body_size: maxBodyBytes } } },
    },
    processors: tailSampling === undefined ? undefined : { tail_sampling: tailSampling },
    exporters: { jaeger_storage_exporter: { trace_storage: 'main' } },
  };
  return startJaeger(parseConfig(JSON.stringify(config)));
}

/** Pushes sketched spans over HTTP as JSON. */
export async function push(jaeger: RunningJaeger, sketches: readonly SpanSketch[]): Promise<Response> {
  return fetch(`${jaeger.otlpUrls[0]}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpJson(sketches)),
  });
}

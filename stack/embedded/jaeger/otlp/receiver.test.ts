import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningJaeger } from '../server.ts';
import { otlpJson, push, startTestServer } from '../testing.ts';
import { encodeTracesProtobuf, otlpType } from './otlp-proto.ts';

let jaeger: RunningJaeger;
let url: string;
beforeEach(async () => {
  jaeger = await startTestServer();
  url = `${jaeger.otlpUrls[0]}/v1/traces`;
});
afterEach(async () => jaeger.close());

const services = async (): Promise<unknown> =>
  ((await (await fetch(`${jaeger.url}/api/v3/services`)).json()) as { services: unknown }).services;
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${jaeger.telemetryUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1]);
};
const post = (body: string | Uint8Array, headers: Record<string, string>): Promise<Response> =>
  fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : Buffer.from(body) });

test('what the OpenTelemetry SDK exports is found with its tree, attributes and exception', async () => {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'sdk' }),
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url }))],
  });
  const tracer = provider.getTracer('lib', '1.2');
  const root = tracer.startSpan('root', {
    attributes: { 'http.response.status_code': 500, tags: ['a', 'b'] },
  });
  const child = tracer.startSpan('child', {}, trace.setSpan(context.active(), root));
  child.recordException(new Error('boom'));
  child.setStatus({ code: 2, message: 'boom' });
  child.end();
  root.end();
  await provider.shutdown();
  const body = (await (await fetch(`${jaeger.url}/api/traces/${root.spanContext().traceId}`)).json()) as {
    data: {
      spans: {
        operationName: string;
        references: unknown[];
        tags: unknown[];
        logs: { fields: unknown[] }[];
      }[];
    }[];
  };
  const spans = new Map(body.data[0]!.spans.map((span) => [span.operationName, span]));
  expect(spans.get('root')!.tags).toEqual(
    expect.arrayContaining([
      { key: 'http.response.status_code', type: 'int64', value: 500 },
      { key: 'tags', type: 'string', value: '["a","b"]' },
      { key: 'otel.scope.name', type: 'string', value: 'lib' },
    ]),
  );
  expect(spans.get('child')!.references).toEqual([
    { refType: 'CHILD_OF', traceID: root.spanContext().traceId, spanID: root.spanContext().spanId },
  ]);
  expect(spans.get('child')!.tags).toEqual(
    expect.arrayContaining([{ key: 'error', type: 'bool', value: true }]),
  );
  expect(spans.get('child')!.logs[0]!.fields).toEqual(
    expect.arrayContaining([
      { key: 'event', type: 'string', value: 'exception' },
      { key: 'exception.message', type: 'string', value: 'boom' },
    ]),
  );
});

test('gzip is undone, and an empty request is a success', async () => {
  const body = gzipSync(encodeTracesProtobuf(otlpJson([{ spanId: '1', service: 'zipped' }])));
  const response = await post(body, { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' });
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    200,
    'application/x-protobuf',
    '',
  ]);
  expect(await services()).toEqual(['zipped']);
  expect((await post('{}', { 'content-type': 'application/json' })).status).toBe(200);
});

test('spans without valid IDs are rejected one by one, in both encodings', async () => {
  const spans = [
    { spanId: '1', service: 'good' },
    { spanId: '0', service: 'bad' },
    { traceId: '0', spanId: '2', service: 'bad' },
  ];
  const response = await push(jaeger, spans);
  const message =
    '2 of 3 spans have no valid trace ID (16 bytes, not all zero) or span ID (8 bytes, not all zero)';
  expect([response.status, await response.json()]).toEqual([
    200,
    { partialSuccess: { rejectedSpans: '2', errorMessage: message } },
  ]);
  const binary = await post(encodeTracesProtobuf(otlpJson(spans)), {
    'content-type': 'application/x-protobuf',
  });
  const decoded = otlpType('ExportTraceServiceResponse').decode(new Uint8Array(await binary.arrayBuffer()));
  expect(JSON.parse(JSON.stringify(decoded))).toEqual({
    partialSuccess: { rejectedSpans: '2', errorMessage: message },
  });
  expect(await services()).toEqual(['good']);
  expect(await metric('otelcol_receiver_accepted_spans_total')).toBe(2);
  expect(await metric('otelcol_receiver_refused_spans_total')).toBe(4);
});

test('a body that is no OTLP is refused with a status in its own encoding; the next request is taken', async () => {
  const json = await post('{"resourceSpans": 1}', { 'content-type': 'application/json' });
  expect([json.status, await json.json()]).toEqual([
    400,
    { code: 3, message: 'resourceSpans: expected an array, got 1' },
  ]);
  const truncated = encodeTracesProtobuf(otlpJson([{ spanId: '1' }])).subarray(0, 40);
  const binary = await post(truncated, { 'content-type': 'application/x-protobuf' });
  expect(binary.status).toBe(400);
  const status = otlpType('RpcStatus').decode(new Uint8Array(await binary.arrayBuffer()));
  expect(JSON.parse(JSON.stringify(status))).toEqual({ code: 3, message: 'unexpected EOF' });
  expect((await push(jaeger, [{ spanId: '1' }])).status).toBe(200);
});

test('other methods and media types are refused as the collector does', async () => {
  const get = await fetch(url);
  expect([get.status, await get.text()]).toEqual([405, '405 method not allowed, supported: [POST]']);
  const text = await post('x', { 'content-type': 'text/plain' });
  expect([text.status, await text.text()]).toEqual([
    415,
    '415 unsupported media type, supported: [application/json, application/x-protobuf]',
  ]);
  expect((await post('x', { 'content-type': 'application/json', 'content-encoding': 'lzw' })).status).toBe(
    415,
  );
  expect((await post('x', { 'content-type': 'application/json', 'content-encoding': 'gzip' })).status).toBe(
    400,
  );
});

test('a body of 100 MB is refused without being held, and so is a small one that inflates to it', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.on('error', reject);
    for (let sent = 0; sent < 100; sent += 1) outgoing.write(chunk);
    outgoing.end();
  });
  expect(status).toBe(413);
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
  const response = await post(bomb, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  expect([response.status, await response.json()]).toEqual([
    413,
    { code: 3, message: 'request body exceeds the limit of 1048576 bytes' },
  ]);
  expect((await push(jaeger, [{ spanId: '1', service: 'after' }])).status).toBe(200);
  expect(await services()).toEqual(['after']);
});

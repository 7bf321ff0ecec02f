/**
 * Spans a second taken in by the embedded Jaeger at bounded memory: the server as its own process, protobuf over
 * HTTP, several batch sizes. Run: `npx tsx scripts/bench/ingest-spans.ts [seconds per run, default 2]`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { decodeTracesProtobuf } from '../../stack/embedded/jaeger/otlp/decode-protobuf.ts';
import { encodeTracesProtobuf } from '../../stack/embedded/jaeger/otlp/otlp-proto.ts';
import { median } from './median.ts';

const seconds = Math.max(1, Math.round(Number(process.argv[2] ?? 2)) || 2);
const runs = 5;
const maxBytes = 128 * 1024 * 1024;

/** The first half of every trace ID of a payload; overwritten before each send, so that every batch is new traces. */
const sentinel = 'b0b1b2b3b4b5b6b7';

/** Spans as the lab's own services send them: five a trace, six attributes, one event in ten. */
function payload(spans: number): Buffer {
  const now = BigInt(Date.now()) * 1_000_000n;
  let traceId = '';
  let parent = '';
  const list = Array.from({ length: spans }, (_, index) => {
    if (index % 5 === 0) {
      traceId = sentinel + randomBytes(8).toString('hex');
      parent = '';
    }
    const spanId = randomBytes(8).toString('hex');
    const span = {
      traceId,
      spanId,
      parentSpanId: parent,
      name: `GET /api/v1/notes/${index % 7}`,
      kind: 2,
      startTimeUnixNano: String(now + BigInt(index)),
      endTimeUnixNano: String(now + 5_000_000n),
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'http.route', value: { stringValue: '/api/v1/notes/:id' } },
        { key: 'http.response.status_code', value: { intValue: 200 } },
        { key: 'server.address', value: { stringValue: '127.0.0.1' } },
        { key: 'db.system.name', value: { stringValue: 'postgresql' } },
        { key: 'user.id', value: { stringValue: `u-${index % 100}` } },
      ],
      events:
        index % 10 === 0
          ? [
              {
                timeUnixNano: String(now),
                name: 'exception',
                attributes: [{ key: 'exception.type', value: { stringValue: 'Error' } }],
              },
            ]
          : [],
      status: {},
    };
    parent = spanId;
    return span;
  });
  return Buffer.from(
    encodeTracesProtobuf({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'notes-api' } }] },
          scopeSpans: [{ scope: { name: 'bench' }, spans: list }],
        },
      ],
    }),
  );
}

/** A payload with the places of its trace IDs. */
interface Batch {
  readonly body: Buffer;
  readonly traceIdOffsets: readonly number[];
}

function batchOf(spans: number): Batch {
  const body = payload(spans);
  const mark = Buffer.from(sentinel, 'hex');
  const traceIdOffsets: number[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 8)) traceIdOffsets.push(at);
  return { body, traceIdOffsets };
}

let batches = 0;

function renew({ body, traceIdOffsets }: Batch): Buffer {
  batches += 1;
  const copy = Buffer.from(body);
  for (const offset of traceIdOffsets) copy.writeDoubleBE(batches, offset);
  return copy;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

function post(port: number, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: '/v1/traces',
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
      },
      (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const folder = await mkdtemp(join(tmpdir(), 'jaeger-bench-'));
const otlpPort = await freePort();
const queryPort = await freePort();
try {
  await build({
    entryPoints: ['stack/embedded/jaeger/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(folder, 'jaeger.cjs'),
  });
  const yaml = (sampling: boolean): string => `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {traces: {receivers: [otlp], processors: [${sampling ? 'tail_sampling' : ''}], exporters: [jaeger_storage_exporter]}}
extensions:
  jaeger_storage: {backends: {main: {memory: {max_traces: 1000000}}}}
  jaeger_query: {storage: {traces: main}, http: {endpoint: "127.0.0.1:${queryPort}"}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlpPort}"}}}}
${sampling ? 'processors: {tail_sampling: {decision_wait: 500ms, num_traces: 100000, policies: [{name: slow, type: latency, latency: {threshold_ms: 1}}]}}' : ''}
exporters: {jaeger_storage_exporter: {trace_storage: main}}
`;
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, heap limited to 384 MiB, store to ${maxBytes / 2 ** 20} MiB`,
  );

  const one = payload(300);
  const started = process.hrtime.bigint();
  let decoded = 0;
  while (process.hrtime.bigint() - started < BigInt(seconds) * 1_000_000_000n)
    decoded += decodeTracesProtobuf(one).length;
  console.log(`decode only, batches of 300: ${Math.round(decoded / seconds)} spans/s`);

  for (const [batch, sampling] of [
    [100, false],
    [300, false],
    [500, false],
    [300, true],
  ] as const) {
    await writeFile(join(folder, 'jaeger.yaml'), yaml(sampling));
    const server = spawn(
      process.execPath,
      [
        // As the lab runs it (stack/topology.ts).
        '--max-old-space-size=384',
        join(folder, 'jaeger.cjs'),
        '--config',
        join(folder, 'jaeger.yaml'),
        '--storage.max-bytes',
        String(maxBytes),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await new Promise<void>((resolve, reject) => {
      server.stderr.once('data', (line: Buffer) =>
        String(line).includes('listening') ? resolve() : reject(new Error(String(line))),
      );
    });
    try {
      const bodies = Array.from({ length: 50 }, () => batchOf(batch));
      const rates: number[] = [];
      for (let run = 0; run <= runs; run += 1) {
        const from = performance.now();
        let sent = 0;
        const worker = async (): Promise<void> => {
          while (performance.now() - from < seconds * 1000) {
            await post(otlpPort, renew(bodies[sent++ % bodies.length]!));
          }
        };
        await Promise.all([worker(), worker(), worker(), worker()]);
        if (run > 0) rates.push((sent * batch * 1000) / (performance.now() - from));
      }
      const metrics = await (await fetch(`http://127.0.0.1:${queryPort}/metrics`)).text();
      const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
      console.log(
        `HTTP, batches of ${batch}${sampling ? ', with tail sampling' : ''}: ${Math.round(median(rates))} spans/s (median of ${runs}), heap ${Math.round(value('otelcol_process_runtime_heap_alloc_bytes') / 2 ** 20)} MiB, RSS ${Math.round(value('otelcol_process_memory_rss_bytes') / 2 ** 20)} MiB, stored ${value('jaeger_storage_memory_spans')} spans in ${Math.round(value('jaeger_storage_memory_bytes') / 2 ** 20)} MiB (estimate)`,
      );
    } finally {
      server.kill('SIGTERM');
      await new Promise((resolve) => server.once('exit', resolve));
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

import { writeFileSync } from 'node:fs';
import protobuf from 'protobufjs/light.js';
import snappy from 'snappyjs';
import { parseConfig } from '../../stack/embedded/loki/config/config.ts';
import { Distributor } from '../../stack/embedded/loki/ingest/distributor.ts';
import { parseJsonPush } from '../../stack/embedded/loki/ingest/push-json.ts';
import { parseProtobufPush } from '../../stack/embedded/loki/ingest/push-protobuf.ts';
import { QueryApi } from '../../stack/embedded/loki/server/query-api.ts';
import { LogStore } from '../../stack/embedded/loki/storage/store.ts';
import { median } from './median.ts';

// What it measures: a push request's body to its lines stored (decompressed, parsed, validated, level detected,
// compressed), without HTTP; then queries over what is stored, once with cold and several times with warm chunks.
// Times are CPU time of the whole process (collecting garbage and compressing on other threads included): lines for
// each second of one core, whatever else the machine does.
const totalLines = Number(process.env.BENCH_LINES ?? 1_000_000);
const linesPerPush = 2000;
const runs = 5;
const services = ['gateway', 'api', 'inbox'];
const levels = ['info', 'info', 'info', 'info', 'debug', 'info', 'info', 'warn', 'info', 'error'];
const startSeconds = Math.floor(Date.now() / 1000) - 3000;

const root = protobuf.Root.fromJSON({
  nested: {
    Push: { fields: { streams: { rule: 'repeated', type: 'Stream', id: 1 } } },
    Stream: {
      fields: { labels: { type: 'string', id: 1 }, entries: { rule: 'repeated', type: 'Entry', id: 2 } },
    },
    Entry: { fields: { timestamp: { type: 'Time', id: 1 }, line: { type: 'string', id: 2 } } },
    Time: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
  },
});
const pushType = root.lookupType('Push');

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let random = 42;
function next(bound: number): number {
  random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
  return random % bound;
}

/** A line as the services write it, about 330 bytes. */
function newLine(index: number): { labels: Record<string, string>; line: string } {
  const service = services[index % services.length]!;
  const instance = service === 'api' ? `api-${1 + (index % 3)}` : service;
  const level = levels[next(levels.length)]!;
  const hex = next(2 ** 31)
    .toString(16)
    .padStart(8, '0');
  const line = JSON.stringify({
    timestamp: new Date((startSeconds + index / 400) * 1000).toISOString(),
    level,
    message: level === 'error' ? 'request failed: connection refused' : 'request completed',
    service,
    instance,
    environment: 'lab',
    version: '1.4.2',
    trace_id: `${hex}${hex}${hex}${hex}`,
    span_id: `${hex}${hex}`,
    request_id: `req-${index}`,
    method: next(3) === 0 ? 'POST' : 'GET',
    path: ['/api/v1/notes', '/api/v1/orders', '/health'][next(3)],
    status: level === 'error' ? 503 : 200,
    duration_ms: next(900),
  });
  return { labels: { app: 'notes', service, instance, level, environment: 'lab' }, line };
}

interface Batch {
  readonly json: Buffer;
  readonly protobuf: Buffer;
  readonly rawBytes: number;
}

function newBatch(from: number, count: number): Batch {
  const streams = new Map<string, { labels: Record<string, string>; entries: [number, string][] }>();
  let rawBytes = 0;
  for (let index = from; index < from + count; index++) {
    const { labels, line } = newLine(index);
    rawBytes += line.length;
    const key = JSON.stringify(labels);
    if (!streams.has(key)) streams.set(key, { labels, entries: [] });
    streams.get(key)!.entries.push([index, line]);
  }
  const time = (index: number) => ({
    seconds: startSeconds + Math.floor(index / 400),
    nanos: (index % 400) * 2_500_000,
  });
  const json = {
    streams: [...streams.values()].map(({ labels, entries }) => ({
      stream: labels,
      values: entries.map(([index, line]) => {
        const { seconds, nanos } = time(index);
        return [`${seconds}${String(nanos).padStart(9, '0')}`, line];
      }),
    })),
  };
  const message = {
    streams: [...streams.values()].map(({ labels, entries }) => ({
      labels: `{${Object.entries(labels)
        .map(([name, value]) => `${name}="${value}"`)
        .join(',')}}`,
      entries: entries.map(([index, line]) => ({ timestamp: time(index), line })),
    })),
  };
  return {
    json: Buffer.from(JSON.stringify(json)),
    protobuf: Buffer.from(snappy.compress(pushType.encode(pushType.fromObject(message)).finish())),
    rawBytes,
  };
}

const config = parseConfig(
  'auth_enabled: false\nlimits_config: {ingestion_rate_mb: 100000, ingestion_burst_size_mb: 100000, per_stream_rate_limit: 100000MB, per_stream_rate_limit_burst: 100000MB, max_query_series: 5000}',
);

function newServer(): { store: LogStore; distributor: Distributor; query: QueryApi } {
  const store = new LogStore({ maxBytes: 2 ** 31, retentionMs: 0, now: Date.now });
  return {
    store,
    distributor: new Distributor(config, store, Date.now),
    query: new QueryApi(config, store, Date.now),
  };
}

const results: Record<string, string> = {};
function report(name: string, value: string): void {
  results[name] = value;
  console.log(`${name.padEnd(44)} ${value}`);
}
const rate = (lines: number, ms: number): string =>
  `${Math.round(lines / (ms / 1000)).toLocaleString('en')} lines/s`;

/** Pushes `lines` lines in one form; returns lines per second of each tenth, and what is stored. */
async function ingest(form: 'json' | 'protobuf', lines: number) {
  random = 42;
  const server = newServer();
  const rates: number[] = [];
  let rawBytes = 0;
  let spentMs = 0;
  let counted = 0;
  for (let from = 0; from < lines; from += linesPerPush) {
    const batch = newBatch(from, linesPerPush);
    rawBytes += batch.rawBytes;
    const body = batch[form];
    const began = cpuMs();
    server.distributor.push(form === 'json' ? parseJsonPush(body) : parseProtobufPush(body, 2 ** 30));
    spentMs += cpuMs() - began;
    counted += linesPerPush;
    if (counted >= lines / 10) {
      rates.push(counted / (spentMs / 1000));
      spentMs = 0;
      counted = 0;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...server, rate: median(rates), rawBytes };
}

const json = await ingest('json', Math.min(totalLines, 200_000));
report('push JSON', `${Math.round(json.rate).toLocaleString('en')} lines/s`);
const loaded = await ingest('protobuf', totalLines);
report('push protobuf (snappy)', `${Math.round(loaded.rate).toLocaleString('en')} lines/s`);
loaded.store.flush();
await new Promise((resolve) => setTimeout(resolve, 500));
report('raw bytes of lines', `${(loaded.rawBytes / 1e6).toFixed(0)} MB`);
report('memory per raw byte', (loaded.store.memoryBytes / loaded.rawBytes).toFixed(3));

const end = (startSeconds + totalLines / 400 + 1) * 1000;
const queries: [string, string][] = [
  ['line filter, rare', '{app="notes"} |= "req-777777"'],
  ['line filter, one in ten', 'sum(count_over_time({app="notes"} |= "connection refused" [1h]))'],
  ['regexp line filter', 'sum(count_over_time({app="notes"} |~ "status\\":5.." [1h]))'],
  ['json filter', 'sum(count_over_time({app="notes"} | json | duration_ms > 800 [1h]))'],
  ['json filter, all labels', '{app="notes"} | json | duration_ms > 10000'],
  ['rate by stream label', 'sum by (level) (rate({app="notes"}[1m]))'],
  ['rate by json label', 'sum by (path) (rate({app="notes"} | json [1m]))'],
];
for (const [name, text] of queries) {
  const parameters = new URLSearchParams({
    query: text,
    start: `${startSeconds}000000000`,
    end: `${Math.ceil(end)}000000`,
    step: '15',
    limit: '100',
  });
  const times: number[] = [];
  let cold = 0;
  for (let run = 0; run <= runs; run++) {
    const began = cpuMs();
    loaded.query.range({ method: 'GET', path: '', parameters, headers: {}, body: Buffer.alloc(0) });
    const spent = cpuMs() - began;
    if (run === 0) cold = spent;
    else times.push(spent);
  }
  report(name, `${rate(totalLines, median(times))} (first ${rate(totalLines, cold)})`);
}
const output = process.env.BENCH_OUTPUT;
if (output !== undefined) writeFileSync(output, JSON.stringify(results, null, 2));

/**
 * `npm run bench:promql`: the lab's metrics as history (1 k and 10 k series, 1 h at 15 s) in the embedded server
 * (`dist/prometheus.cjs`, its own process) and, where `prometheus` and `promtool` are installed, in the real one; both
 * asked over HTTP on loopback in the same run, turn by turn. Prints medians side by side, bytes per sample and memory.
 * `-- --engine` asks the embedded engine in this process instead: what evaluation costs without HTTP and JSON.
 * `-- --series 1000 --rounds 9` narrows it. Above 300 lines: one program, from the data to the table.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Labels } from '../../stack/embedded/prometheus/labels/labels.ts';
import { createEngine } from '../../stack/embedded/prometheus/promql/engine.ts';
import { parseSeries } from '../../stack/embedded/prometheus/scrape/exposition/series-text.ts';
import { measureBytesPerSample } from '../../stack/embedded/prometheus/storage/bytes-per-sample.ts';
import { Head } from '../../stack/embedded/prometheus/storage/head.ts';
import type { SeriesSamples } from '../../stack/embedded/prometheus/storage/queryable.ts';
import {
  type LabSeries,
  labSeries,
  recordedSeries,
  storedText,
  upSeries,
} from '../../stack/embedded/prometheus/testing/lab-metrics.ts';
import { paces } from '../../stack/pace.ts';
import { dashboardQueries, ruleQueries, type ShippedQuery } from '../../stack/prometheus/queries.ts';
import type { Placement } from '../../stack/topology.ts';
import { median } from './median.ts';

const { values: options } = parseArgs({
  options: {
    engine: { type: 'boolean', default: false },
    each: { type: 'boolean', default: false },
    series: { type: 'string', multiple: true },
    rounds: { type: 'string', default: process.env.BENCH_ROUNDS ?? '15' },
  },
});
const rounds = Math.max(1, Number(options.rounds));
const root = join(import.meta.dirname, '../..');
/** Both servers run for hours in the lab and evaluate their rules every second: what is measured is warm. */
const warmUpMs = 300;
const scrapeSeconds = 15;
const samples = 240;
const startSeconds = 1_767_225_600;
const endSeconds = startSeconds + (samples - 1) * scrapeSeconds;

const own: readonly ShippedQuery[] = [
  { name: 'nothing (1): what asking costs', promql: '1' },
  { name: 'selector', promql: 'http_requests_total{job="api"}' },
  {
    name: 'histogram_quantile, sum by',
    promql:
      'histogram_quantile(0.95, sum by (le, instance) (rate(http_request_duration_seconds_bucket[5m])))',
  },
  { name: 'topk', promql: 'topk(5, sum by (instance, endpoint) (rate(http_requests_total[5m])))' },
  { name: 'subquery', promql: 'max_over_time(sum(rate(http_requests_total[5m]))[30m:1m])' },
  { name: 'over time', promql: 'max by (endpoint) (avg_over_time(http_requests_in_progress[10m]))' },
];

const at = {
  pace: paces.real,
  url: (id: string) => `http://${id}`,
  address: () => '',
} as unknown as Placement;
const shipped = [
  ...ruleQueries(join(root, 'stack'), at),
  ...dashboardQueries(join(root, 'stack'), paces.real),
];

interface Target extends AsyncDisposable {
  ask(kind: 'instant' | 'range', promql: string): Promise<number> | number;
}

/** The lab with as many endpoints as it takes to have `count` series. */
function makeSeries(count: number): LabSeries[] {
  const make = (endpoints: number): LabSeries[] => [
    ...recordedSeries(),
    ...upSeries(),
    ...labSeries({ endpoints, motion: 'uneven' }),
  ];
  let endpoints = 1;
  while (make(endpoints).length < count) endpoints++;
  return make(endpoints).slice(0, count);
}

/** OpenMetrics text; series grouped by family, as the format wants it. */
async function writeData(all: readonly LabSeries[], file: string): Promise<void> {
  const out = createWriteStream(file);
  for (const series of [...all].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const text = storedText(series);
    let lines = '';
    for (let index = 0; index < samples; index++)
      lines += `${text} ${series.valueAt(index * scrapeSeconds)} ${startSeconds + index * scrapeSeconds}\n`;
    if (!out.write(lines)) await once(out, 'drain');
  }
  out.end('# EOF\n');
  await finished(out);
}

function samplesOf(all: readonly LabSeries[]): SeriesSamples[] {
  return all.map((series) => ({
    labels: Labels.from(parseSeries(storedText(series))),
    timestamps: Float64Array.from(
      { length: samples },
      (_, index) => (startSeconds + index * scrapeSeconds) * 1000,
    ),
    values: Float64Array.from({ length: samples }, (_, index) => series.valueAt(index * scrapeSeconds)),
  }));
}

/** The engine over the embedded storage, in this process. */
function engineTarget(all: readonly LabSeries[]): Target {
  const engine = createEngine();
  const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: Number.POSITIVE_INFINITY });
  for (const { labels, timestamps, values } of samplesOf(all)) {
    const series = head.series(labels);
    for (const [index, time] of timestamps.entries()) head.load(series, time, values[index]!);
  }
  return {
    ask(kind, promql) {
      const result =
        kind === 'instant'
          ? engine.instantQuery(head, promql, endSeconds * 1000)
          : engine.rangeQuery(head, promql, startSeconds * 1000, endSeconds * 1000, scrapeSeconds * 1000);
      return result.type === 'matrix'
        ? result.series.length
        : result.type === 'vector'
          ? result.samples.length
          : 1;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

interface ServerTarget extends Target {
  readonly residentBytes: () => number;
  readonly importedMs: number;
}

/** Starts a server, waits until it is ready and asks it over one connection that is kept open. */
async function startServer(command: string, args: readonly string[], port: number): Promise<ServerTarget> {
  const started = performance.now();
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const fetchText = (path: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('latin1') }),
        );
        response.on('error', reject);
      }).on('error', reject);
    });
  while (true) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${said}`);
    const ready = await fetchText('/-/ready').catch(() => undefined);
    if (ready?.status === 200) break;
    await sleep(50);
  }
  const importedMs = performance.now() - started;
  return {
    importedMs,
    residentBytes() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
    },
    async ask(kind, promql) {
      const parameters: Record<string, string> =
        kind === 'instant'
          ? { query: promql, time: String(endSeconds) }
          : {
              query: promql,
              start: String(startSeconds),
              end: String(endSeconds),
              step: String(scrapeSeconds),
            };
      const path = kind === 'instant' ? 'query' : 'query_range';
      const { status, body } = await fetchText(`/api/v1/${path}?${new URLSearchParams(parameters)}`);
      if (status !== 200) throw new Error(`${promql}: ${status} ${body.slice(0, 300)}`);
      return body.length;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function startEmbedded(folder: string): Promise<ServerTarget> {
  const port = await freePort();
  return startServer(
    process.execPath,
    [
      '--max-old-space-size=2048',
      join(root, 'dist/prometheus.cjs'),
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--storage.tsdb.import-openmetrics=${join(folder, 'data.om')}`,
      '--storage.tsdb.retention.time=100y',
    ],
    port,
  );
}

/** The real server over blocks made of the same file, and what they weigh. */
async function startReal(
  folder: string,
): Promise<{ target: ServerTarget; chunkBytes: number; blockBytes: number }> {
  const data = join(folder, 'data');
  const made = spawnSync('promtool', [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    join(folder, 'data.om'),
    data,
  ]);
  if (made.status !== 0) throw new Error(`promtool: ${made.stderr}`);
  let chunkBytes = 0;
  let blockBytes = 0;
  for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(data, name));
    if (!stat.isFile()) continue;
    blockBytes += stat.size;
    if (name.includes('/chunks/')) chunkBytes += stat.size;
  }
  const port = await freePort();
  const target = await startServer(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=100y',
    ],
    port,
  );
  return { target, chunkBytes, blockBytes };
}

/** Turn by turn, so that whatever else the machine does meets all of them alike. Returns a median for each target. */
async function race(targets: readonly Target[], ask: (target: Target) => Promise<void>): Promise<number[]> {
  for (const target of targets) {
    const until = performance.now() + warmUpMs;
    for (let asked = 0; asked < 3 || performance.now() < until; asked++) await ask(target);
  }
  const times: number[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, target] of targets.entries()) {
      const started = performance.now();
      await ask(target);
      times[index]!.push(performance.now() - started);
    }
  }
  return times.map(median);
}

const installed = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);
const version = installed
  ? spawnSync('prometheus', ['--version']).stdout.toString().split(' (')[0]
  : undefined;
const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${gibibytes} GiB, node ${process.version}, ${version ?? 'no prometheus'}`,
);
console.log(
  `load ${loadavg()[0]!.toFixed(1)}; medians of ${rounds} runs in ms, warm; ratio = embedded / real\n`,
);
const row = (name: string, ...cells: readonly string[]): void =>
  console.log(`| ${name.padEnd(44)} | ${cells.map((cell) => cell.padStart(9)).join(' | ')} |`);

/** Every query of this benchmark, of each target. */
async function measureAll(targets: readonly Target[]): Promise<void> {
  const report = (name: string, times: readonly number[]): void => {
    const [mine, other] = times;
    const ratio = other === undefined ? '-' : (mine! / other).toFixed(2);
    row(name, mine!.toFixed(2), other?.toFixed(2) ?? '-', ratio);
  };
  for (const { name, promql } of own) {
    for (const kind of ['instant', 'range'] as const) {
      const times = await race(targets, async (target) => void (await target.ask(kind, promql)));
      report(`${name}, ${kind}`, times);
    }
  }
  const groups: [string, (query: ShippedQuery) => boolean][] = [
    ['recording rules', ({ name }) => name.startsWith('record')],
    ['alerting rules', ({ name }) => name.startsWith('alert')],
    ['dashboard panels', ({ name }) => name.startsWith('dashboard')],
  ];
  for (const [name, belongs] of groups) {
    const queries = shipped.filter(belongs);
    if (queries.length === 0) continue;
    for (const kind of ['instant', 'range'] as const) {
      if (options.each) {
        for (const query of queries) {
          const times = await race(targets, async (target) => void (await target.ask(kind, query.promql)));
          report(`${query.name}, ${kind}`, times);
        }
      }
      const times = await race(targets, async (target) => {
        for (const { promql } of queries) await target.ask(kind, promql);
      });
      report(`all ${queries.length} ${name}, ${kind}`, times);
    }
  }
}

for (const count of (options.series ?? ['1000', '10000']).map(Number)) {
  const all = makeSeries(count);
  const title = `${all.length} series, ${all.length * samples} samples`;
  row(title, options.engine ? 'engine' : 'embedded', 'real', 'ratio');
  row('---', '--:', '--:', '--:');
  if (options.engine) {
    await measureAll([engineTarget(all)]);
    console.log('');
    continue;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-promql-'));
  const servers: ServerTarget[] = [];
  try {
    await writeData(all, join(folder, 'data.om'));
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
    const embedded = await startEmbedded(folder);
    servers.push(embedded);
    const real = installed ? await startReal(folder) : undefined;
    if (real !== undefined) servers.push(real.target);
    await measureAll(servers);
    const mebibytes = (server: ServerTarget): string =>
      `${(server.residentBytes() / 2 ** 20).toFixed(0)} MiB resident`;
    const weight = measureBytesPerSample(samplesOf(all));
    console.log(
      `\nembedded: ${weight.compressed.toFixed(2)} bytes a sample compressed, ${weight.total.toFixed(2)} with series and index; ${mebibytes(embedded)}`,
    );
    if (real !== undefined) {
      const each = (bytes: number): string => (bytes / (all.length * samples)).toFixed(2);
      console.log(
        `real: ${each(real.chunkBytes)} bytes a sample in the block's chunks, ${each(real.blockBytes)} with its index; ${mebibytes(real.target)}`,
      );
    }
    console.log('');
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

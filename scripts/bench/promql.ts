/**
 * `npm run bench:promql`: the same series (1 k and 10 k, 1 h at 15 s) in the embedded engine and, where `prometheus` and
 * `promtool` are installed, in the real server; medians of several runs side by side. The real one is asked over HTTP
 * on loopback, the embedded engine in this process: the HTTP row shows what the asking itself costs.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Labels } from '../../stack/embedded/prometheus/labels/labels.ts';
import { createEngine } from '../../stack/embedded/prometheus/promql/engine.ts';
import type { Matcher, Queryable, SeriesSamples } from '../../stack/embedded/prometheus/storage/queryable.ts';

const scrapeMs = 15_000;
const samples = 240;
const startMs = 1_767_225_600_000;
const endMs = startMs + samples * scrapeMs;
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);

const queries = [
  ['HTTP', '1'],
  ['selector', 'http_requests_total{job="api"}'],
  ['rate by service', 'sum by (endpoint) (rate(http_requests_total[5m]))'],
  ['error ratio', 'sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))'],
  ['p95', 'histogram_quantile(0.95, sum by (le, endpoint) (rate(http_request_duration_seconds_bucket[5m])))'],
  ['topk', 'topk(5, sum by (instance, endpoint) (rate(http_requests_total[1m])))'],
  ['subquery', 'max_over_time(sum(rate(http_requests_total[1m]))[30m:1m])'],
  ['over time', 'max by (endpoint) (avg_over_time(http_requests_in_progress[10m]))'],
] as const;

interface Target {
  instant(query: string): Promise<void> | void;
  range(query: string): Promise<void> | void;
}

/** A third counters, a third histogram buckets, a third gauges, as in a service's own metrics. */
function makeSeries(count: number): SeriesSamples[] {
  const series: SeriesSamples[] = [];
  let seed = 42;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const bounds = ['0.01', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];
  const kind = Math.floor(count / 3);
  const add = (labels: Record<string, string>, next: (previous: number) => number): void => {
    const timestamps = new Float64Array(samples);
    const values = new Float64Array(samples);
    let value = 0;
    for (let index = 0; index < samples; index++) {
      timestamps[index] = startMs + index * scrapeMs;
      value = next(value);
      values[index] = value;
    }
    series.push({ labels: Labels.from(labels), timestamps, values });
  };
  for (let index = 0; index < kind; index++) {
    const common = { job: 'api', instance: `api-${index % 10}`, endpoint: `/e${Math.floor(index / 50)}` };
    const status = ['200', '201', '404', '500', '503'][Math.floor(index / 10) % 5]!;
    add({ __name__: 'http_requests_total', ...common, status }, (value) => value + Math.floor(random() * 50));
    add({ __name__: 'http_requests_in_progress', ...common, status }, () => Math.floor(random() * 20));
  }
  for (let index = 0; series.length < count; index++) {
    const le = index % bounds.length;
    const owner = Math.floor(index / bounds.length);
    const labels = { job: 'api', instance: `api-${owner % 10}`, endpoint: `/e${Math.floor(owner / 10)}` };
    add(
      { __name__: 'http_request_duration_seconds_bucket', ...labels, le: bounds[le]! },
      (value) => value + (le + 1) * 3,
    );
  }
  return series.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/** Finds series by metric name and cuts their samples: the least that a storage does. */
function makeQueryable(all: readonly SeriesSamples[]): Queryable {
  const byName = new Map<string, SeriesSamples[]>();
  for (const series of all) {
    const name = series.labels.get('__name__');
    byName.set(name, [...(byName.get(name) ?? []), series]);
  }
  const low = (times: Float64Array, time: number): number => {
    let from = 0;
    let to = times.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (times[middle]! >= time) to = middle;
      else from = middle + 1;
    }
    return from;
  };
  return {
    select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesSamples[] {
      const name = matchers.find((matcher) => matcher.name === '__name__' && matcher.operator === '=');
      const rest = matchers.filter((matcher) => matcher !== name);
      const found: SeriesSamples[] = [];
      for (const series of name === undefined ? all : (byName.get(name.value) ?? [])) {
        if (!rest.every((matcher) => matcher.matches(series.labels.get(matcher.name)))) continue;
        const from = low(series.timestamps, minMs);
        const to = low(series.timestamps, maxMs + 1);
        if (to <= from) continue;
        found.push({
          labels: series.labels,
          timestamps: series.timestamps.subarray(from, to),
          values: series.values.subarray(from, to),
        });
      }
      return found;
    },
  };
}

function embedded(all: readonly SeriesSamples[]): Target {
  const engine = createEngine();
  const queryable = makeQueryable(all);
  return {
    instant: (query) => void engine.instantQuery(queryable, query, endMs),
    range: (query) => void engine.rangeQuery(queryable, query, startMs, endMs, 15_000),
  };
}

/** The same data in the real server's own storage; undefined when it is not installed. */
async function real(all: readonly SeriesSamples[]): Promise<(Target & AsyncDisposable) | undefined> {
  const installed = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);
  if (!installed) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-promql-'));
  const lines: string[] = [];
  for (const { labels, timestamps, values } of all) {
    const name = labels.get('__name__');
    const rest = labels.pairs
      .filter(([label]) => label !== '__name__')
      .map(([label, value]) => `${label}="${value}"`);
    for (let index = 0; index < timestamps.length; index++) {
      lines.push(`${name}{${rest.join(',')}} ${values[index]} ${timestamps[index]! / 1000}`);
    }
  }
  writeFileSync(join(folder, 'data.om'), `${lines.join('\n')}\n# EOF\n`);
  writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
  const data = join(folder, 'data');
  spawnSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'data.om'), data]);
  const port = await freePort();
  const server: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=100y',
    ],
    { stdio: 'ignore' },
  );
  const base = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const ready = await fetch(`${base}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) break;
    await sleep(100);
  }
  const ask = async (path: string, parameters: Record<string, string>): Promise<void> => {
    const response = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${parameters.query}: ${response.status}`);
  };
  const seconds = (ms: number): string => String(ms / 1000);
  return {
    instant: (query) => ask('query', { query, time: seconds(endMs) }),
    range: (query) => ask('query_range', { query, start: seconds(startMs), end: seconds(endMs), step: '15' }),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
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

async function median(ask: () => Promise<void> | void): Promise<number> {
  const times: number[] = [];
  await ask();
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await ask();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}

const version = spawnSync('prometheus', ['--version']).stdout?.toString().split('\n')[0];
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, node ${process.version}, ${version ?? 'no prometheus'}`,
);
console.log(`medians of ${rounds} runs in ms; ratio = embedded / real\n`);
const row = (...cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(10))).join(' ');
for (const count of [1000, 10_000]) {
  const all = makeSeries(count);
  const ours = embedded(all);
  const theirs = await real(all);
  console.log(row(`${count} series`, 'embedded', 'real', 'ratio'));
  for (const [name, query] of queries) {
    for (const kind of ['instant', 'range'] as const) {
      const mine = await median(() => ours[kind](query));
      const other = theirs === undefined ? undefined : await median(() => theirs[kind](query));
      const ratio = other === undefined ? '' : (mine / other).toFixed(2);
      console.log(row(`${name}, ${kind}`, mine.toFixed(2), other?.toFixed(2) ?? '-', ratio));
    }
  }
  await theirs?.[Symbol.asyncDispose]();
  console.log('');
}

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startTarget, startTestServer, until } from './testing/test-server.ts';

function realIsThere(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.LAB_REQUIRE_NATIVE === '1')
      throw new Error('prometheus and promtool are not on the PATH and LAB_REQUIRE_NATIVE=1 wants them');
    process.stderr.write('skipped: prometheus or promtool is not on the PATH\n');
    return false;
  }
}

/** The real server on a free port, over a data folder of its own. */
async function startReal(config: string, data: string) {
  const directory = mkdtempSync(join(tmpdir(), 'real-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, config);
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

type Result = Map<string, [number, number][]>;

async function ask(url: string, path: string, parameters: Record<string, string>): Promise<Result> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as {
    error?: string;
    data: {
      result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[];
    };
  };
  if (body.error !== undefined) throw new Error(body.error);
  return new Map(
    body.data.result.map(({ metric, value, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      (values ?? [value!]).map(([time, text]): [number, number] => [
        time,
        text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text),
      ]),
    ]),
  );
}

/** What the rules and dashboards of the lab ask, in kind. */
const queries = [
  'requests_total',
  'sum by (endpoint) (rate(requests_total[10s]))',
  'sum(rate(requests_total{status=~"5.."}[10s])) / sum(rate(requests_total[10s]))',
  'histogram_quantile(0.95, sum by (le) (rate(duration_seconds_bucket[10s])))',
  'histogram_quantile(0.5, sum by (le, endpoint) (rate(duration_seconds_bucket[10s])))',
  'max_over_time(in_progress[20s])',
  'avg_over_time(in_progress[20s])',
  'topk(1, sum by (endpoint) (increase(requests_total[20s])))',
  'max_over_time(sum(rate(requests_total[5s]))[20s:5s])',
  'count by (__name__) ({job="shop"})',
  'up',
  'absent(nothing{a="b"})',
];

describe.skipIf(!realIsThere())('beside the real Prometheus', () => {
  test('both scrape the same target for half a minute and answer the same within the jitter of scraping', async () => {
    const started = Date.now();
    await using shop = await startTarget((_request, response) => {
      const seconds = (Date.now() - started) / 1000;
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end(
        [
          ...['/notes', '/orders'].flatMap((endpoint, index) => [
            `requests_total{endpoint="${endpoint}",status="200"} ${1000 * (index + 1) * seconds}`,
            `requests_total{endpoint="${endpoint}",status="500"} ${50 * seconds}`,
            `duration_seconds_bucket{endpoint="${endpoint}",le="0.1"} ${600 * seconds}`,
            `duration_seconds_bucket{endpoint="${endpoint}",le="0.5"} ${900 * seconds}`,
            `duration_seconds_bucket{endpoint="${endpoint}",le="+Inf"} ${1000 * seconds}`,
          ]),
          '# TYPE in_progress gauge',
          `in_progress ${20 + Math.sin(seconds / 20)}`,
          '',
        ].join('\n'),
      );
    });
    const config = `
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['${shop.address}']}]}]
`;
    const data = mkdtempSync(join(tmpdir(), 'real-prometheus-data-'));
    try {
      await using real = await startReal(config, data);
      await using embedded = await startTestServer({ 'prometheus.yml': config });
      // The real one looks for targets only every five seconds: the clock starts when both have scraped.
      for (const { url } of [real, embedded.server])
        await until(async () => (await ask(url, 'query', { query: 'up == 1' })).size > 0);
      await sleep(32_000);
      const now = Math.floor(Date.now() / 1000) - 1;
      for (const query of queries) {
        const parameters = { query, start: String(now - 8), end: String(now), step: '2' };
        const [wanted, got] = await Promise.all([
          ask(real.url, 'query_range', parameters),
          ask(embedded.server.url, 'query_range', parameters),
        ]);
        expect([...got.keys()].sort(), query).toEqual([...wanted.keys()].sort());
        for (const [series, points] of wanted) {
          const others = got.get(series)!;
          expect(
            others.map(([time]) => time),
            query,
          ).toEqual(points.map(([time]) => time));
          // A counter scraped up to a second later has grown by so much; rates differ by what their window lacks.
          const tolerance = query === 'requests_total' ? 0.06 : 0.03;
          for (const [index, [, value]] of points.entries()) {
            expect(
              Math.abs(others[index]![1] - value) / Math.max(Math.abs(value), 1e-9),
              `${query} ${series} ${value}`,
            ).toBeLessThan(tolerance);
          }
        }
      }
    } finally {
      rmSync(data, { recursive: true });
    }
  });

  test('over the same imported data they answer exactly the same', async () => {
    const start = Math.floor(Date.now() / 1000 / 7200) * 7200 - 7200;
    const lines: string[] = ['# TYPE requests counter'];
    let seed = 7;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const series = (name: string, labels: string, next: (previous: number) => number): void => {
      let value = 0;
      for (let index = 0; index < 200; index++) {
        value = next(value);
        lines.push(`${name}${labels} ${value} ${start + index * 5}`);
      }
    };
    for (const endpoint of ['/notes', '/orders']) {
      for (const status of ['200', '500'])
        series('requests_total', `{endpoint="${endpoint}",status="${status}",job="shop"}`, (previous) =>
          random() < 0.01 ? 0 : previous + Math.floor(random() * 50),
        );
    }
    lines.push('# TYPE duration_seconds histogram');
    for (const endpoint of ['/notes', '/orders']) {
      const counts = [0, 0, 0];
      for (let index = 0; index < 200; index++) {
        counts[0]! += Math.floor(random() * 9);
        counts[1] = counts[0]! + index;
        counts[2] = counts[1] + 2 * index;
        for (const [at, le] of ['0.1', '0.5', '+Inf'].entries())
          lines.push(
            `duration_seconds_bucket{endpoint="${endpoint}",job="shop",le="${le}"} ${counts[at]} ${start + index * 5}`,
          );
      }
    }
    lines.push('# TYPE in_progress gauge');
    series('in_progress', '{job="shop"}', () => random() * 100);
    const directory = mkdtempSync(join(tmpdir(), 'import-'));
    const file = join(directory, 'data.om');
    writeFileSync(file, `${lines.join('\n')}\n# EOF\n`);
    try {
      execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, join(directory, 'data')], {
        stdio: 'ignore',
      });
      await using real = await startReal('', join(directory, 'data'));
      await using embedded = await startTestServer({}, [
        `--storage.tsdb.import-openmetrics=${file}`,
        '--storage.tsdb.retention.time=0s',
      ]);
      // Between two samples, so that it does not matter whether a range has its left end (2.x) or not (3.x).
      const parameters = { start: String(start + 103), end: String(start + 903), step: '20' };
      for (const query of queries.filter((text) => text !== 'up' && !text.includes(':5s]'))) {
        const [wanted, got] = await Promise.all([
          ask(real.url, 'query_range', { query, ...parameters }),
          ask(embedded.server.url, 'query_range', { query, ...parameters }),
        ]);
        expect(got.size, query).toBeGreaterThan(0);
        expect([...got.keys()].sort(), query).toEqual([...wanted.keys()].sort());
        for (const [key, points] of wanted) {
          const others = got.get(key)!;
          expect(
            others.map(([time]) => time),
            query,
          ).toEqual(points.map(([time]) => time));
          for (const [index, [, value]] of points.entries()) {
            const other = others[index]![1];
            // The releases sum in different order: the last bits may differ.
            if (!Object.is(other, value))
              expect(Math.abs(other - value) / Math.abs(value), `${query} ${key}`).toBeLessThan(1e-12);
          }
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

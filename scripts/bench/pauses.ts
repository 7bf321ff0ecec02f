/**
 * `npm run bench:pauses`: how long a heavy query keeps the embedded Prometheus from anything else. 1,000 series of an
 * hour at 1 s; the longest time that the server's event loop stood still during each query, told by the server's own
 * process. `-- --program FILE` measures another build, `-- --series N` another size.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: join(import.meta.dirname, '../../dist/prometheus.cjs') },
    series: { type: 'string', default: '1000' },
    port: { type: 'string', default: '24990' },
  },
});
const seconds = 3600;
const start = 1_767_225_600;
const end = start + seconds - 1;
const range = (query: string, points: number) =>
  `query_range?${new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: `${seconds / points}` })}`;
const instant = (query: string) => `query?${new URLSearchParams({ query, time: `${end}` })}`;
const queries: readonly (readonly [name: string, path: string])[] = [
  ['nothing, for comparison', instant('1')],
  ['one series over 300 points', range('requests_total{instance="7"}', 300)],
  ['sum(rate) over 60 points', range('sum(rate(requests_total[1m]))', 60)],
  ['all series over 300 points', range('{__name__=~".+"}', 300)],
  ['all series over 10,000 points', range('{__name__=~".+"}', 10_000)],
  ['sum(rate) over 10,000 points', range('sum(rate(requests_total[5m]))', 10_000)],
  ['all samples of the hour', instant('{__name__=~".+"}[1h]')],
  ['subquery of 1 h by 1 ms', instant('max_over_time(vector(time())[1h:1ms])')],
  ['subquery of 10 m by 10 ms', instant('sum(sum_over_time(requests_total[10m:10ms]))')],
  ['quantile_over_time of an hour', range('quantile_over_time(0.9, requests_total[1h])', 60)],
];

const directory = mkdtempSync(join(tmpdir(), 'bench-pauses-'));
const meter = join(directory, 'meter.cjs');
writeFileSync(
  meter,
  `const { writeFileSync } = require('node:fs');
if (require('node:worker_threads').isMainThread) {
  const loop = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  process.on('SIGUSR2', () => {
    writeFileSync(${JSON.stringify(join(directory, 'pause'))}, String(loop.max / 1e6));
    loop.reset();
  });
}`,
);
for (let instance = 0; instance < Number(options.series); instance++) {
  const lines: string[] = [];
  for (let second = 0; second < seconds; second++)
    lines.push(
      `requests_total{instance="${instance}"} ${second * (instance % 17) + (second % 7)} ${start + second}`,
    );
  writeFileSync(
    join(directory, 'data.om'),
    `${instance === 0 ? '# TYPE requests counter\n' : ''}${lines.join('\n')}\n`,
    { flag: 'a' },
  );
}
writeFileSync(join(directory, 'data.om'), '# EOF\n', { flag: 'a' });
writeFileSync(join(directory, 'prometheus.yml'), '');

const child = spawn(
  process.execPath,
  [
    '-r',
    meter,
    '--max-old-space-size=384',
    options.program,
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--web.listen-address=127.0.0.1:${options.port}`,
    `--storage.tsdb.import-openmetrics=${join(directory, 'data.om')}`,
    '--storage.tsdb.retention.time=0s',
    '--query.timeout=2m',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const base = `http://127.0.0.1:${options.port}`;

/** The longest pause since the last call, in milliseconds. */
async function pause(): Promise<number> {
  const file = join(directory, 'pause');
  writeFileSync(file, '');
  child.kill('SIGUSR2');
  for (;;) {
    await sleep(5);
    const text = readFileSync(file, 'utf8');
    if (text !== '') return Number(text);
  }
}

try {
  while (
    !(await fetch(`${base}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await sleep(100);
  for (let round = 0; round < 20; round++) await (await fetch(`${base}/api/v1/${queries[1]![1]}`)).text();
  for (const [name, path] of queries) {
    await sleep(300);
    await pause();
    const started = performance.now();
    let said: string;
    try {
      const answer = await fetch(`${base}/api/v1/${path}`);
      const bytes = (await answer.arrayBuffer()).byteLength;
      said = `${answer.status}, ${(bytes / 1e6).toFixed(1)} MB`;
    } catch (error) {
      said = String((error as Error).cause ?? error);
    }
    const took = performance.now() - started;
    await sleep(50);
    process.stdout.write(
      `${name.padEnd(32)} pause ${(await pause()).toFixed(0).padStart(6)} ms  answer after ${took.toFixed(0).padStart(6)} ms (${said})\n`,
    );
  }
} finally {
  child.kill();
  rmSync(directory, { recursive: true, force: true });
}

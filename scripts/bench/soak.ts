// What a laptop sees over hours: memory of every component, their output files and what fires by itself, under the
// steady load. Run: npm run bench:soak [-- --minutes 240] [--every 60] [--profile steady] [--json]
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { chalk, minimist } from 'zx';
import { PrometheusClient } from '../../lab/observe/prometheus-client.ts';
import { findProcess } from '../../lab/process/identity.ts';
import { projectRoot } from '../../lab/root.ts';
import { residentBytes } from '../../lab/runtime/embedded/component-status.ts';
import { labPaths } from '../../lab/state/paths.ts';
import { topology } from '../../stack/topology.ts';

const options = minimist(process.argv.slice(2), {
  default: { minutes: 240, every: 60, profile: 'steady', json: false },
});
const minutes = Number(options.minutes);
const everyMinutes = Math.min(Number(options.every), minutes);
const name = `soak-${process.pid}`;
const environment = { LAB_NAME: name, LAB_RUNTIME: 'embedded', NO_COLOR: '1' };
const main = join(projectRoot, 'dist', 'lab', 'main.js');
const lab = (...args: string[]) => execa(process.execPath, [main, ...args], { env: environment });
const paths = labPaths(projectRoot, name);
const mebibytes = (bytes: number): number => Math.round((bytes / 1024 / 1024) * 10) / 10;

/** All output files of a component together, rotated ones included. */
function outputBytes(id: string): number {
  if (!existsSync(paths.logs)) return 0;
  return readdirSync(paths.logs)
    .filter((file) => file.startsWith(`${id}.log`))
    .reduce((sum, file) => sum + (statSync(join(paths.logs, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}

interface Sample {
  readonly minute: number;
  readonly memory: Readonly<Record<string, number>>;
  /** V8's heap in use, of those that tell. */
  readonly heap: Readonly<Record<string, number>>;
  readonly output: Readonly<Record<string, number>>;
  readonly firing: readonly string[];
}

async function sample(minute: number): Promise<Sample> {
  const { components } = JSON.parse((await lab('status', '--json')).stdout) as {
    components: { id: string; handle?: string }[];
  };
  const { urls } = JSON.parse((await lab('urls', '--json')).stdout) as {
    urls: { component: string; url: string }[];
  };
  const prometheus = new PrometheusClient(urls.find((one) => one.component === 'prometheus')!.url);
  const [heap, alerts] = await Promise.all([
    prometheus.query('nodejs_heap_size_used_bytes'),
    prometheus.alerts(),
  ]);
  return {
    minute,
    memory: Object.fromEntries(
      components.map(({ id, handle }) => {
        const entry = handle === undefined ? undefined : findProcess(Number(handle));
        return [id, mebibytes(entry === undefined ? 0 : (residentBytes(entry) ?? 0))];
      }),
    ),
    heap: Object.fromEntries(heap.map(({ labels, value }) => [labels.instance ?? '', mebibytes(value)])),
    output: Object.fromEntries(topology.map(({ id }) => [id, mebibytes(outputBytes(id))])),
    firing: alerts
      .filter(({ state, labels }) => state === 'firing' && labels.alertname !== 'Watchdog')
      .map(({ labels }) => `${labels.alertname}{${labels.instance ?? ''}}`),
  };
}

const samples: Sample[] = [];
let over = false;
try {
  await lab('up');
  const began = Date.now();
  // One load lasts half an hour at most: the next follows it.
  const load = (async () => {
    while (!over) {
      const child = spawn(process.execPath, [main, 'load', options.profile, '--for', '29m'], {
        env: { ...process.env, ...environment },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      while (!over && child.exitCode === null && child.signalCode === null) await sleep(500);
      if (over) child.kill('SIGTERM');
      await ended;
    }
  })();
  for (let minute = 0; minute <= minutes; minute += everyMinutes) {
    await sleep(Math.max(0, began + minute * 60_000 - Date.now()));
    const now = await sample(minute);
    samples.push(now);
    if (options.json !== true) {
      const memory = Object.entries(now.memory).map(([id, value]) => `${id} ${value}`);
      console.log(`minute ${minute}: ${memory.join(', ')}; firing: ${now.firing.join(', ') || 'nothing'}`);
    }
  }
  over = true;
  await load;
} finally {
  over = true;
  await lab('down').catch(() => {});
}

/** What grew after the first half hour, or after the first half of a shorter run. */
const settled = samples.find(({ minute }) => minute >= Math.min(30, minutes / 2)) ?? samples[0]!;
const last = samples.at(-1)!;
const rows = topology.map(({ id, memoryMebibytes }) => {
  const growth = (last.memory[id] ?? 0) - (settled.memory[id] ?? 0);
  const hours = Math.max(last.minute - settled.minute, 1) / 60;
  return {
    id,
    atFirst: samples[0]?.memory[id] ?? 0,
    settled: settled.memory[id] ?? 0,
    last: last.memory[id] ?? 0,
    perHour: Math.round((growth / hours) * 10) / 10,
    heapSettled: settled.heap[id],
    heapLast: last.heap[id],
    outputLast: last.output[id] ?? 0,
    limit: memoryMebibytes,
    held: (last.memory[id] ?? 0) <= memoryMebibytes,
  };
});
const fired = [...new Set(samples.flatMap(({ firing }) => firing))];
const held = rows.every((row) => row.held) && fired.length === 0;
if (options.json === true) {
  console.log(
    JSON.stringify(
      { node: process.version, minutes, profile: options.profile, held, fired, rows, samples },
      null,
      2,
    ),
  );
} else {
  console.log(`\nMiB            first  settled   last  a hour  limit  heap settled, last   output`);
  for (const row of rows) {
    const cells = [row.atFirst, row.settled, row.last, row.perHour, row.limit].map((cell) =>
      String(cell).padStart(7),
    );
    const heap = row.heapLast === undefined ? '' : `${row.heapSettled ?? '-'}, ${row.heapLast}`;
    console.log(
      `${row.id.padEnd(17)}${cells.join('')}  ${heap.padEnd(19)} ${String(row.outputLast).padStart(6)} ${row.held ? chalk.green('within') : chalk.red('over')}`,
    );
  }
  console.log(`fired by itself: ${fired.join(', ') || 'nothing'}`);
}
process.exit(held ? 0 : 1);

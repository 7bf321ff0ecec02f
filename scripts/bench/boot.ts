// How long `up` takes until everything is ready, cold (no .lab) and warm (data kept), where the time goes, and what the
// whole lab weighs. Run: npm run bench:boot [-- --runs 5] [--runtime docker]
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { argv, chalk, minimist } from 'zx';
import { findProcess } from '../../lab/process/identity.ts';
import { projectRoot } from '../../lab/root.ts';
import { residentBytes } from '../../lab/runtime/embedded/component-status.ts';
import { median } from './median.ts';

interface UpResult {
  elapsedMs: number;
  readyAfterMs: Record<string, number>;
}
interface StatusResult {
  components: { id: string; handle?: string }[];
}
interface Run extends UpResult {
  wallMs: number;
  memoryBytes: Record<string, number>;
}

const options = minimist(process.argv.slice(2), { default: { runs: 5, json: false } });
const runs = Math.max(1, Math.trunc(Number(options.runs)) || 5);
const name = `bench-${process.pid}`;
const environment = { LAB_NAME: name, LAB_RUNTIME: 'embedded', NO_COLOR: '1' };
const main = join(projectRoot, 'dist', 'lab', 'main.js');
const lab = (...args: string[]) => execa(process.execPath, [main, ...args], { env: environment });

const targets = { coldMs: 6000, warmMs: 4000, memoryMebibytes: 900 };

async function measure(): Promise<Run> {
  const began = performance.now();
  const up = JSON.parse((await lab('up', '--json')).stdout) as UpResult;
  const wallMs = performance.now() - began;
  const { components } = JSON.parse((await lab('status', '--json')).stdout) as StatusResult;
  const memoryBytes = Object.fromEntries(
    components.map(({ id, handle }) => {
      const entry = handle === undefined ? undefined : findProcess(Number(handle));
      return [id, entry === undefined ? 0 : (residentBytes(entry) ?? 0)];
    }),
  );
  return { ...up, wallMs, memoryBytes };
}

if (options.runtime === 'docker') {
  const { benchDockerBoot } = await import('./boot-docker.ts');
  await benchDockerBoot(runs);
  process.exit(0);
}

const cold: Run[] = [];
const warm: Run[] = [];
try {
  for (let run = 0; run < runs; run++) {
    // The cache holds compiled code (Node 22 and newer): without it, what a fresh clone pays.
    rmSync(join(projectRoot, '.lab', '.cache'), { recursive: true, force: true });
    cold.push(await measure());
    await lab('down', '--keep-data');
    warm.push(await measure());
    await lab('down');
  }
} finally {
  await lab('down').catch(() => {});
}

const total = (run: Run): number => Object.values(run.memoryBytes).reduce((sum, bytes) => sum + bytes, 0);
const report = {
  node: process.version,
  processors: availableParallelism(),
  runs,
  coldMs: Math.round(median(cold.map((run) => run.wallMs))),
  warmMs: Math.round(median(warm.map((run) => run.wallMs))),
  memoryMebibytes: Math.round(Math.max(...[...cold, ...warm].map(total)) / 1024 / 1024),
  components: Object.keys(cold[0]?.memoryBytes ?? {}).map((id) => ({
    id,
    coldMs: Math.round(median(cold.map((run) => run.readyAfterMs[id] ?? Number.NaN))),
    warmMs: Math.round(median(warm.map((run) => run.readyAfterMs[id] ?? Number.NaN))),
    mebibytes: Math.round(
      Math.max(...[...cold, ...warm].map((run) => run.memoryBytes[id] ?? 0)) / 1024 / 1024,
    ),
  })),
};
if (argv.json === true) console.log(JSON.stringify(report, null, 2));
else print();

function print(): void {
  const judge = (value: number, target: number): string =>
    value <= target ? chalk.green(`within ${target}`) : chalk.red(`over ${target}`);
  console.log(`Node ${report.node}, ${report.processors} processors, median of ${runs} runs`);
  console.log(`cold    ${report.coldMs} ms (${judge(report.coldMs, targets.coldMs)})`);
  console.log(`warm    ${report.warmMs} ms (${judge(report.warmMs, targets.warmMs)})`);
  console.log(
    `memory  ${report.memoryMebibytes} MiB, PSS of all processes (${judge(report.memoryMebibytes, targets.memoryMebibytes)})`,
  );
  console.log('\ncomponent          cold ms  warm ms   MiB   (from the moment its dependencies are ready)');
  for (const one of report.components) {
    console.log(
      `${one.id.padEnd(18)} ${String(one.coldMs).padStart(7)} ${String(one.warmMs).padStart(8)} ${String(one.mebibytes).padStart(5)}`,
    );
  }
}

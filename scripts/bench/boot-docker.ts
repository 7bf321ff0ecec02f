// How long the docker runtime's `up` takes beside `docker compose up --wait` on the exported file: the same images, the
// same engine, in turn. Run: npm run bench:boot -- --runtime docker [--runs 3] (with LAB_IMAGE_… set where no registry is)
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../../lab/root.ts';
import { median } from './median.ts';

interface Timing {
  readonly ours: number[];
  readonly compose: number[];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Boots and removes the lab both ways, `runs` times in turn, and prints the medians and their ratio. */
export async function benchDockerBoot(runs: number): Promise<void> {
  const name = `bench-${process.pid}`;
  const environment = { LAB_NAME: name, LAB_RUNTIME: 'docker', LAB_PORT_OFFSET: '6000', NO_COLOR: '1' };
  const main = join(projectRoot, 'dist', 'lab', 'main.js');
  const lab = (...args: string[]) => execa(process.execPath, [main, ...args], { env: environment });
  const folder = mkdtempSync(join(tmpdir(), 'lab-bench-'));
  const file = join(folder, 'compose', 'compose.yaml');
  const compose = (...args: string[]) => execa('docker', ['compose', '--file', file, ...args]);
  const keep = `break-and-observe/bench-keep:${process.pid}`;
  const timing: Timing = { ours: [], compose: [] };
  try {
    await lab('export', 'compose', '--output', join(folder, 'compose'));
    // Both find their images ready: a second name keeps the services' image while labs come and go.
    await lab('up');
    const images = (await execa('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout.split(
      '\n',
    );
    const service = images.find((image) => image.startsWith('break-and-observe/services:'));
    if (service === undefined) throw new Error('no image of the services after up');
    await execa('docker', ['tag', service, keep]);
    await lab('down');
    for (let run = 0; run < runs; run++) {
      timing.ours.push(await timed(() => lab('up')));
      await lab('down');
      timing.compose.push(await timed(() => compose('up', '--detach', '--wait')));
      await compose('down', '--volumes');
    }
  } finally {
    await compose('down', '--volumes').catch(() => {});
    await execa('docker', ['rmi', keep]).catch(() => {});
    await lab('down').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
  const [ours, theirs] = [median(timing.ours), median(timing.compose)];
  console.log(
    `Node ${process.version}, ${availableParallelism()} processors, median of ${runs} runs, images ready`,
  );
  console.log(`lab up --runtime docker        ${Math.round(ours)} ms`);
  console.log(`docker compose up --wait       ${Math.round(theirs)} ms`);
  console.log(`ratio (below 1: ours is faster) ${(ours / theirs).toFixed(2)}`);
}

// How heavy a dashboard of the embedded Grafana is and how fast it paints and refreshes, over the embedded Prometheus
// and, where its binary is on the PATH, over the real one. Run: npm run bench:web [-- --runs 5]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { chalk, minimist } from 'zx';
import { findChromium, launchChromium } from '../../lab/browser/chromium.ts';
import { projectRoot } from '../../lab/root.ts';
import { median } from './median.ts';

const options = minimist(process.argv.slice(2), { default: { runs: 5 } });
const runs = Math.max(1, Math.trunc(Number(options.runs)) || 5);
const main = join(projectRoot, 'dist', 'lab', 'main.js');
const targets = { paintMs: 1000, compressedBytes: 300_000, refreshMs: 200 };
/** Panels in sight of a screen of this height: twelve of the service dashboard. */
const viewport = { width: 1280, height: 1500 };
const trafficSeconds = 60;

interface Figures {
  readonly paintMs: number;
  readonly refreshMs: number;
  readonly panels: number;
  readonly rawBytes: number;
  readonly compressedBytes: number;
}

const chromium = findChromium();
if (chromium === undefined) {
  process.stderr.write('No Chromium was found: install it, or name it in LAB_CHROMIUM.\n');
  process.exit(2);
}

function realPrometheus(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function measure(native: boolean): Promise<Figures[]> {
  const environment = { LAB_NAME: `web-${process.pid}`, LAB_RUNTIME: 'embedded', NO_COLOR: '1' };
  const flags = native ? ['--native'] : [];
  const lab = (...args: string[]) => execa(process.execPath, [main, ...flags, ...args], { env: environment });
  try {
    const up = JSON.parse((await lab('up', '--json')).stdout) as {
      urls: { component: string; url: string }[];
    };
    const url = up.urls.find(({ component }) => component === 'grafana')?.url;
    const load = spawn(process.execPath, [main, 'load', 'steady', '--for', `${trafficSeconds}s`], {
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    await once(load, 'exit');
    const figures: Figures[] = [];
    for (let run = 0; run < runs; run++) figures.push(await visit(`${url}/d/service`));
    return figures;
  } finally {
    await lab('down');
  }
}

/** One visit with an empty cache. */
async function visit(address: string): Promise<Figures> {
  await using browser = await launchChromium(chromium ?? '');
  const page = await browser.context.newPage();
  await page.setViewportSize(viewport);
  const bodies: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (/\/(?:d|public)\//.test(new URL(response.url()).pathname)) bodies.push(response.body());
  });
  await page.goto(address, { waitUntil: 'networkidle' });
  // The second refresh: the first one fills every panel, the others are what a reader lives with.
  await sleep(7_000);
  const timings = (await page.evaluate(`({
    paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    refreshMs: performance.getEntriesByName('refresh').at(-1)?.duration,
    panels: document.querySelectorAll('section.panel[data-state="drawn"]').length,
  })`)) as Pick<Figures, 'paintMs' | 'refreshMs' | 'panels'>;
  const parts = await Promise.all(bodies);
  return {
    ...timings,
    rawBytes: parts.reduce((sum, part) => sum + part.length, 0),
    compressedBytes: parts.reduce((sum, part) => sum + gzipSync(part).length, 0),
  };
}

function report(title: string, figures: readonly Figures[]): void {
  const of = (key: keyof Figures): number => Math.round(median(figures.map((one) => one[key])));
  const line = (what: string, value: number, unit: string, target?: number): void => {
    const words =
      target === undefined
        ? ''
        : value <= target
          ? chalk.green(` (aim ${target})`)
          : chalk.red(` (aim ${target})`);
    process.stdout.write(`  ${what.padEnd(28)} ${value} ${unit}${words}\n`);
  };
  process.stdout.write(`${title}, median of ${figures.length}\n`);
  line('first contentful paint', of('paintMs'), 'ms', targets.paintMs);
  line(`refresh of ${of('panels')} panels`, of('refreshMs'), 'ms', targets.refreshMs);
  line('page, raw', of('rawBytes'), 'bytes');
  line('page, compressed', of('compressedBytes'), 'bytes', targets.compressedBytes);
}

report('Embedded Prometheus', await measure(false));
if (realPrometheus()) report('The real Prometheus', await measure(true));
else process.stdout.write('The real Prometheus is not on the PATH: nothing to compare with.\n');

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { InboxClient } from '../observe/inbox-client.ts';
import { projectRoot } from '../root.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { openWatched, type WatchedPage } from './watched-page.ts';

/** Undefined where there is none; with `LAB_REQUIRE_BROWSER=1` that is an error. */
export const chromium = findChromium();
if (chromium === undefined && process.env.LAB_REQUIRE_BROWSER === '1') {
  throw new Error(
    'LAB_REQUIRE_BROWSER=1, but no Chromium was found: install it, or name it in LAB_CHROMIUM.',
  );
}
export const skipReason =
  chromium === undefined ? ' (skipped: no Chromium here; LAB_CHROMIUM names one)' : '';

export interface BrokenLab extends AsyncDisposable {
  /** The address of a component. */
  url(component: string): string;
  open(address: string): Promise<WatchedPage>;
}

/**
 * An embedded lab of its own under traffic, with api-1 600 ms slow, and somebody told of it. Screenshots are kept
 * for a person to look at when `LAB_SCREENSHOTS` names a folder.
 */
export async function bootBrokenLab(name: string, profile: 'light' | 'steady'): Promise<BrokenLab> {
  const environment = {
    LAB_RUNTIME: 'embedded',
    LAB_PACE: 'lab',
    LAB_NAME: `${name}-${process.pid}`,
    NO_COLOR: '1',
  };
  const main = join(projectRoot, 'dist', 'lab', 'main.js');
  const lab = (...args: string[]) => execa(process.execPath, [main, ...args], { env: environment });
  const pictures = process.env.LAB_SCREENSHOTS ?? join(tmpdir(), `lab-screenshots-${process.pid}`);
  mkdirSync(pictures, { recursive: true });
  const tally = join(pictures, `${name}-tally.json`);

  // Undone from the last to the first, each even when another one fails.
  const undo: (() => unknown)[] = [];
  const dispose = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const step of undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'The lab was not taken down.');
  };
  try {
    undo.push(() => {
      rmSync(tally, { force: true });
      if (process.env.LAB_SCREENSHOTS === undefined) rmSync(pictures, { recursive: true, force: true });
    });
    undo.push(() => lab('down'));
    const up = JSON.parse((await lab('up', '--json')).stdout) as {
      urls: { component: string; url: string }[];
    };
    const url = (component: string): string => {
      const found = up.urls.find((one) => one.component === component);
      if (found === undefined) throw new Error(`up gave no address for ${component}`);
      return found.url;
    };
    // As the exercises send it, tied: it ends with this process.
    const traffic = spawn(
      process.execPath,
      [
        main,
        'traffic-worker',
        ...['--url', url('gateway'), '--profile', profile, '--seconds', '600', '--tied', '--tally', tally],
      ],
      { env: { ...process.env, ...environment }, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    undo.push(async () => {
      if (traffic.exitCode !== null) return;
      const ended = once(traffic, 'exit');
      traffic.kill('SIGTERM');
      await ended;
    });
    await lab('break', 'slow-queries', 'delayMs=600', '--target', 'api-1', '--for', '15m');
    const inbox = new InboxClient(url('inbox'));
    while ((await inbox.notifications({ alertname: 'HighLatency' })).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const browser = await launchChromium(chromium ?? '');
    undo.push(() => browser[Symbol.asyncDispose]());
    return {
      url,
      open: (address) => openWatched(browser.context, address, pictures),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The Chromium to test pages with: `LAB_CHROMIUM`, else where distributions put it; undefined when there is none. */
export function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const places = environment.LAB_CHROMIUM ? [environment.LAB_CHROMIUM] : usualPlaces;
  return places.find((place) => existsSync(place));
}

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts it with a profile of its own, which goes with it. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'lab-chromium-'));
  const remove = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      // Root in a container has no sandbox; nothing may call home.
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      viewport: { width: 1280, height: 900 },
    });
    return {
      context,
      async [Symbol.asyncDispose]() {
        await context.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

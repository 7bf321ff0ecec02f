import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

/** A page that remembers what went wrong in it: errors of scripts and of the console, requests that failed or left the machine. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly problems: string[];
  /** Takes a picture of the page, at most its first 1600 pixels, for a person to look at. */
  picture(name: string): Promise<void>;
}

export async function openWatched(
  context: BrowserContext,
  url: string,
  pictures: string,
): Promise<WatchedPage> {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'data:' && hostname !== '127.0.0.1') problems.push(`elsewhere: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    // Aborted: the page was left while it asked.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') problems.push(`request: ${request.url()} ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`answer: ${response.status()} ${response.url()}`);
  });
  await page.goto(url, { waitUntil: 'networkidle' });
  return {
    page,
    problems,
    async picture(name) {
      const height = await page.evaluate('document.documentElement.scrollHeight');
      const clip = { x: 0, y: 0, width: 1280, height: Math.min(Number(height), 1_600) };
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, clip });
    },
    [Symbol.asyncDispose]: () => page.close(),
  };
}

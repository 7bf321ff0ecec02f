import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabCli } from '../exercise/testing/lab-cli.ts';

const cli = new LabCli('watchdog');
let inbox = '';

interface Told {
  readonly alertname: string;
  readonly status: string;
}

beforeAll(async () => {
  expect(await cli.run('up')).toMatchObject({ code: 0 });
  const { urls } = JSON.parse((await cli.run('urls', '--json')).stdout) as {
    urls: { component: string; url: string }[];
  };
  inbox = urls.find(({ component }) => component === 'inbox')?.url ?? '';
});
afterAll(() => cli.remove());

const get = async (path: string) => await (await fetch(new URL(path, inbox))).text();

/** What the switch has said so far, the oldest first. */
async function told(): Promise<string[]> {
  const all = JSON.parse(await get('/api/notifications')) as { notifications?: Told[] } | Told[];
  const list = Array.isArray(all) ? all : (all.notifications ?? []);
  return list.filter(({ alertname }) => alertname === 'WatchdogMissing').map(({ status }) => status);
}

/** Waits until the switch says it once more; the time that took, in seconds. */
async function next(status: string, after: number, withinSeconds: number): Promise<number> {
  const from = Date.now();
  for (;;) {
    const now = await told();
    if (now.length > after) {
      expect(now[after]).toBe(status);
      return (Date.now() - from) / 1_000;
    }
    if (Date.now() - from > withinSeconds * 1_000) throw new Error(`not ${status}: ${JSON.stringify(now)}`);
    await sleep(250);
  }
}

// Fifteen seconds of silence; Alertmanager goes on for twenty with what a dead Prometheus said last. A process that hangs
// is to the inbox what a cut network is. The rest is for a busy machine.
test.each([
  ['kill', 'alertmanager', 45],
  ['pause', 'alertmanager', 45],
  ['kill', 'prometheus', 75],
] as const)('%s %s: the inbox alarms by itself, and resolves', async (fault, target, withinSeconds) => {
  const before = (await told()).length;
  expect(await cli.run('break', fault, '--target', target)).toMatchObject({ code: 0 });
  // Not at the first late one.
  expect(await next('firing', before, withinSeconds)).toBeGreaterThan(5);
  expect(await get('/')).toMatch(/Watchdog: missing, last seen \d+ s ago: no alert can reach you/);
  expect(await get('/metrics')).toMatch(/^inbox_watchdog_healthy(\{.*\})? 0$/m);
  expect(await cli.run('heal')).toMatchObject({ code: 0 });
  await next('resolved', before + 1, 60);
  expect(await get('/')).toMatch(/Watchdog: alive/);
  expect(await get('/metrics')).toMatch(/^inbox_watchdog_healthy(\{.*\})? 1$/m);
});

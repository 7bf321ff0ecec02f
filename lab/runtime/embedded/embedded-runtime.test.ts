import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Component } from '../../../stack/topology.ts';
import { findProcess } from '../../process/identity.ts';
import { allProcesses } from '../../process/tree.ts';
import { labPaths } from '../../state/paths.ts';
import { isPortFree } from '../ports.ts';
import type { ProgressEvent, Runtime } from '../runtime.ts';
import { createEmbeddedRuntime } from './embedded-runtime.ts';

const bundle = fileURLToPath(new URL('fixtures/fake-component.cjs', import.meta.url));

let root: string;
let runtimes: Runtime[];
let base: number;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lab-embedded-'));
  runtimes = [];
  base = await freePort();
});
afterEach(async () => {
  for (const runtime of runtimes) await runtime.down();
  rmSync(root, { recursive: true, force: true });
});

/** Below the ports that the system hands out for outgoing connections, with room for the set to move. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 8_000);
    const wanted = [0, 1, 1000, 1001, 2000, 2001].map((offset) => isPortFree(port + offset));
    if ((await Promise.all(wanted)).every(Boolean)) return port;
  }
}

/** A fake component: a small HTTP server in place of a service, see fixtures/. */
function fake(
  id: string,
  index: number,
  options: { mode?: string; dependsOn?: string[]; title?: string } = {},
): Component {
  return {
    id,
    role: 'service',
    title: id,
    image: 'fake',
    imageName: 'FAKE',
    program: { kind: 'node', bundle, heapMebibytes: 64, arguments: () => [] },
    config: [],
    ports: { http: base + index },
    readiness: { kind: 'http', port: 'http', path: '/' },
    dependsOn: options.dependsOn ?? [],
    memoryMebibytes: 64,
    environment: (at) => ({
      PORT: at.listen(id).split(':')[1] ?? '',
      GREETING: 'declared',
      ...(options.mode === undefined ? {} : { MODE: options.mode }),
    }),
  };
}

function runtimeOf(
  components: readonly Component[],
  environment: Record<string, string> = {},
  name = 'test',
) {
  const notes: string[] = [];
  const runtime = createEmbeddedRuntime(
    {
      name,
      paths: labPaths(root, name),
      root,
      pace: undefined,
      native: false,
      environment: { PATH: process.env.PATH, ...environment },
      note: (text) => notes.push(text),
    },
    components,
  );
  runtimes.push(runtime);
  return { runtime, notes, again: () => runtimeOf(components, environment, name).runtime };
}

const ask = async (url: string): Promise<{ pid: number; greeting: string }> =>
  (await (await fetch(url, { headers: { connection: 'close' } })).json()) as {
    pid: number;
    greeting: string;
  };

test('up starts dependencies first, a later command finds the lab, down leaves nothing', async () => {
  const { runtime, again } = runtimeOf([fake('web', 0, { dependsOn: ['store'] }), fake('store', 1)]);
  const events: ProgressEvent[] = [];
  const lab = await runtime.up({ onProgress: (event) => events.push(event) });
  const order = events.filter((one) => ['starting', 'ready'].includes(one.phase));
  expect(order.map((one) => `${one.component} ${one.phase}`)).toEqual([
    'store starting',
    'store ready',
    'web starting',
    'web ready',
  ]);

  const attached = await again().attach();
  expect(attached?.token).toBe(lab.token);
  const { pid } = await ask(lab.address('web').url);
  expect((await again().status()).map(({ id, state, ready }) => ({ id, state, ready }))).toEqual([
    { id: 'web', state: 'running', ready: true },
    { id: 'store', state: 'running', ready: true },
  ]);

  await again().down();
  expect(findProcess(pid)).toBeUndefined();
  await expect(ask(lab.address('web').url)).rejects.toThrow();
  expect(readdirSync(root)).toEqual([]);
  expect((await again().status()).map((one) => one.state)).toEqual(['missing', 'missing']);
});

test('a second up changes nothing; after a kill -9 it starts what is missing, and only that', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0), fake('b', 1)]);
  const lab = await runtime.up();
  const [a, b] = await Promise.all([ask(lab.address('a').url), ask(lab.address('b').url)]);
  await again().up();
  expect(await ask(lab.address('a').url)).toEqual(a);

  process.kill(a.pid, 'SIGKILL');
  await until(() => findProcess(a.pid) === undefined);
  expect((await again().status()).map((one) => one.state)).toEqual(['crashed', 'running']);
  await again().up();
  expect((await ask(lab.address('a').url)).pid).not.toBe(a.pid);
  expect(await ask(lab.address('b').url)).toEqual(b);
});

test('a component that dies at start gives one line with its last words, and takes the others along', async () => {
  const { runtime } = runtimeOf([fake('good', 0), fake('bad', 1, { mode: 'dies', dependsOn: ['good'] })]);
  await expect(runtime.up()).rejects.toThrow(
    expect.objectContaining({
      code: 'LAB_COMPONENT_FAILED',
      exitCode: 2,
      message:
        'bad ended while it started. Its last lines: first line | bad configuration: the sky is green -- All of them: npm run lab -- logs bad',
    }),
  );
  await expect(ask(`http://127.0.0.1:${base}`)).rejects.toThrow();
  // The logs stay for the person; nothing else does.
  expect(readdirSync(join(root, '.lab'))).toEqual(['test']);
  expect(readdirSync(join(root, '.lab', 'test'))).toEqual(['logs']);
});

test('stop, kill, pause, restart with other variables: each is what a later command sees', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0, { mode: 'with-child' })]);
  const lab = await runtime.up();
  const { url } = lab.address('a');
  const stateOf = async (): Promise<string | undefined> => (await again().status())[0]?.state;

  await lab.pause('a');
  await expect(fetch(url, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
  expect(await stateOf()).toBe('paused');
  await lab.unpause('a');
  expect((await ask(url)).greeting).toBe('declared');

  await lab.restart('a', { GREETING: 'changed' });
  expect((await ask(url)).greeting).toBe('changed');
  const later = (await again().attach())!;
  expect(await later.overrides('a')).toEqual({ GREETING: 'changed' });
  await later.restart('a');
  expect((await ask(url)).greeting).toBe('changed');
  await later.restart('a', {});
  expect((await ask(url)).greeting).toBe('declared');

  await later.stop('a');
  await later.stop('a');
  expect(await stateOf()).toBe('stopped');
  // The only component is stopped, so nothing of the lab runs: `up` starts it again.
  await again().up();
  const { pid } = await ask(url);
  await lab.kill('a');
  expect(await stateOf()).toBe('crashed');
  expect(findProcess(pid)).toBeUndefined();
});

test('a component that ignores SIGTERM is ended when its grace period is over', async () => {
  const { runtime } = runtimeOf([fake('a', 0, { mode: 'stubborn' })]);
  const lab = await runtime.up();
  const { pid } = await ask(lab.address('a').url);
  await lab.stop('a', { graceMs: 100 });
  expect(findProcess(pid)).toBeUndefined();
});

test('a paused component is stopped all the same', async () => {
  const { runtime } = runtimeOf([fake('a', 0)]);
  const lab = await runtime.up();
  const { pid } = await ask(lab.address('a').url);
  await lab.pause('a');
  await runtime.down();
  expect(findProcess(pid)).toBeUndefined();
});

test('a component that somebody else paused, or a process that it started, is told and goes on with up', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0, { mode: 'with-child' })]);
  const lab = await runtime.up();
  const { pid } = await ask(lab.address('a').url);
  const child = allProcesses().find(({ parent }) => parent === pid)!;
  for (const victim of [pid, child.pid]) {
    process.kill(victim, 'SIGSTOP');
    await until(() => findProcess(victim)?.state === 'T');
    expect(await again().status()).toMatchObject([{ state: 'paused', ready: false }]);
    const later = runtimeOf([fake('a', 0, { mode: 'with-child' })]);
    await later.runtime.up();
    expect(later.notes).toEqual(['a was paused; it goes on.']);
    expect(await again().status()).toMatchObject([{ state: 'running', ready: true }]);
  }
});

test('an interrupted up stops what it had started and leaves no state', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0), fake('b', 1, { mode: 'never-ready' })]);
  const interruption = new AbortController();
  const up = runtime.up({
    signal: interruption.signal,
    onProgress: ({ component, phase }) => {
      if (component === 'a' && phase === 'ready') interruption.abort(new Error('Ctrl-C'));
    },
  });
  await expect(up).rejects.toThrow('Ctrl-C');
  await expect(ask(`http://127.0.0.1:${base}`)).rejects.toThrow();
  expect((await again().status()).map((one) => one.state)).toEqual(['missing', 'missing']);
});

test('a taken port moves the whole set and says so; a second lab stands beside the first', async () => {
  const first = runtimeOf([fake('a', 0), fake('b', 1)]);
  const second = runtimeOf([fake('a', 0), fake('b', 1)], {}, 'other');
  const lab = await first.runtime.up();
  const other = await second.runtime.up();
  expect(other.address('b').port - lab.address('b').port).toBeGreaterThanOrEqual(1000);
  expect(second.notes).toEqual([
    expect.stringMatching(`^Port ${base} \\(a\\) is taken: every port of this lab moves by`),
  ]);
  await first.runtime.down();
  expect((await ask(other.address('a').url)).greeting).toBe('declared');
});

test('with LAB_PORT_OFFSET a taken port is an error, and nothing is left behind', async () => {
  const server = createServer().listen(base, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { runtime } = runtimeOf([fake('a', 0)], { LAB_PORT_OFFSET: '0' });
    await expect(runtime.up()).rejects.toThrow(
      expect.objectContaining({
        code: 'LAB_PORT_TAKEN',
        message: expect.stringContaining(`Port ${base} of a is taken`),
      }),
    );
    expect(readdirSync(root)).toEqual([]);
  } finally {
    server.close();
  }
});

test('a process that was started and never recorded is found and ended', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0)]);
  const lab = await runtime.up();
  const { pid } = await ask(lab.address('a').url);
  // As if the command had been killed between the start and the PID file.
  rmSync(join(lab.directory, 'run', 'a.pid'));
  await again().down();
  expect(findProcess(pid)).toBeUndefined();
});

test('a PID file that names a stranger signals nobody', async () => {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  // Start times count in hundredths of a second: a number cannot come round to another process in less.
  await new Promise((resolve) => setTimeout(resolve, 30));
  try {
    const { runtime, again } = runtimeOf([fake('a', 0)]);
    const lab = await runtime.up();
    await lab.kill('a');
    const file = join(lab.directory, 'run', 'a.pid');
    const record = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...record, pid: stranger.pid }));
    expect((await again().status())[0]?.state).toBe('crashed');
    await again().down();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('a corrupt state file stops every command but down, which ends the processes all the same', async () => {
  const { runtime, again } = runtimeOf([fake('a', 0)]);
  const lab = await runtime.up();
  const { pid } = await ask(lab.address('a').url);
  writeFileSync(join(lab.directory, 'state.json'), '{"version": 1, "na');
  await expect(again().status()).rejects.toThrow(expect.objectContaining({ code: 'LAB_STATE_CORRUPT' }));
  await expect(again().up()).rejects.toThrow(expect.objectContaining({ code: 'LAB_STATE_CORRUPT' }));
  await again().down();
  expect(findProcess(pid)).toBeUndefined();
  expect(existsSync(lab.directory)).toBe(false);
});

test('what a learner edited in a config file survives a repair; a changed template replaces it', async () => {
  const source = join(root, 'stack', 'rules');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'rules.yml'), 'for: 5s\n');
  const component = { ...fake('a', 0), config: ['rules'] };
  const { runtime, again } = runtimeOf([component]);
  const lab = await runtime.up();
  const rendered = join(lab.directory, 'config', 'rules', 'rules.yml');
  writeFileSync(rendered, 'for: 99s\n');
  await again().up();
  expect(readFileSync(rendered, 'utf8')).toBe('for: 99s\n');
  writeFileSync(join(source, 'rules.yml'), 'for: 6s\n');
  await again().up();
  expect(readFileSync(rendered, 'utf8')).toBe('for: 6s\n');
});

test('asking a running lab for another pace is an error, not a surprise', async () => {
  const { runtime } = runtimeOf([fake('a', 0)]);
  await runtime.up();
  const other = createEmbeddedRuntime(
    {
      name: 'test',
      paths: labPaths(root, 'test'),
      root,
      pace: 'real',
      native: false,
      environment: {},
      note: () => {},
    },
    [fake('a', 0)],
  );
  await expect(other.up()).rejects.toThrow(expect.objectContaining({ code: 'LAB_MISMATCH' }));
});

test('logs gives the last lines of what a component wrote', async () => {
  const { runtime } = runtimeOf([fake('a', 0)]);
  const lab = await runtime.up();
  const lines: string[] = [];
  for await (const line of lab.logs('a', { tailLines: 1 })) lines.push(line);
  expect(lines).toEqual([`listens on ${base}`]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

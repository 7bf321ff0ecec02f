import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jaeger-main-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile: join(folder, 'jaeger.cjs'),
    logLevel: 'error',
  });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const yaml = (query: string, extra = '') => `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}}
extensions:
  jaeger_storage: {backends: {main: {memory: {max_traces: 10}}}}
  jaeger_query: {storage: {traces: main}, http: {endpoint: "${query}"}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {jaeger_storage_exporter: {trace_storage: main}}
${extra}`;

async function run(text: string): Promise<ChildProcess> {
  const file = join(folder, 'jaeger.yaml');
  await writeFile(file, text);
  return spawn(process.execPath, [join(folder, 'jaeger.cjs'), '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function end(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, stderr };
}

test('the bundled process says where it listens, answers, and ends on SIGTERM with 0', async () => {
  const child = await run(yaml('127.0.0.1:0'));
  const line = await new Promise<string>((resolve) =>
    child.stderr!.once('data', (chunk) => resolve(String(chunk))),
  );
  const url = /listening on (http:\S+)/.exec(line)![1]!;
  expect(await (await fetch(`${url}/api/services`)).json()).toMatchObject({ data: null });
  const ended = end(child);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
});

test('a bad configuration ends with 1 and one line', async () => {
  const result = await end(await run(yaml('127.0.0.1:0', 'processors: {batch: {}}')));
  expect(result).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^jaeger: processors::batch is configured but nothing uses it;[^\n]*\n$/),
  });
});

test('a taken port ends with 1 and one line', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  try {
    const result = await end(await run(yaml(taken)));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(new RegExp(`^jaeger: address ${taken} is already in use;[^\\n]*\\n$`));
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page, startTarget, startTestServer, until } from './testing/test-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'prometheus-process-'));
const bundle = join(directory, 'prometheus.cjs');

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

function start(config: string, flags: string[] = []) {
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, config);
  const child = spawn(process.execPath, [
    bundle,
    `--config.file=${file}`,
    '--web.listen-address=127.0.0.1:0',
    ...flags,
  ]);
  const state = { stderr: '', exit: undefined as number | null | undefined };
  child.stderr.on('data', (chunk: Buffer) => {
    state.stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, state, ended, file };
}

async function listening(started: { child: ChildProcess; state: { stderr: string } }): Promise<string> {
  return until(() => /listening on (\S+)/.exec(started.state.stderr)?.[1]);
}

describe('the process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens in one line and ends on %s',
    async (signal) => {
      const started = start('');
      const url = await listening(started);
      expect((await fetch(`${url}/-/ready`)).status).toBe(200);
      started.child.kill(signal);
      expect(await started.ended).toBe(0);
      expect(started.state.stderr).toBe(`prometheus: listening on ${url}\n`);
    },
  );

  test('ends with 1 and one line when the configuration is bad', async () => {
    const started = start('global: {scrape_interval: soon}');
    expect(await started.ended).toBe(1);
    expect(started.state.stderr).toBe(
      `prometheus: Error loading config (--config.file=${started.file}): parsing YAML file ${started.file}: not a valid duration string: "soon"\n`,
    );
  });

  test('ends with 1 and one line when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const started = start('', [`--web.listen-address=127.0.0.1:${port}`]);
    expect(await started.ended).toBe(1);
    other.close();
    expect(started.state.stderr).toBe(
      `prometheus: address 127.0.0.1:${port} is already in use; stop what listens there or choose another port\n`,
    );
  });

  test.each([
    [['--nope'], "unknown long flag '--nope'"],
    [
      ['--storage.tsdb.retention.time=x'],
      '--storage.tsdb.retention.time=x: not a valid duration string: "x"',
    ],
    [['stray'], 'unexpected stray'],
  ])('ends with 1 for the flags %j: %s', async (flags, message) => {
    const started = start('', flags);
    expect(await started.ended).toBe(1);
    expect(started.state.stderr).toContain(`prometheus: ${message}`);
  });
});

describe('a reload', () => {
  test.each([
    ['broken YAML', 'prometheus.yml', 'global: [', /parsing YAML file .*prometheus\.yml: yaml: line 1/],
    [
      'a certificate that is not there',
      'prometheus.yml',
      'scrape_configs: [{job_name: t, scheme: https, tls_config: {ca_file: /nowhere/ca.pem}}]',
      /no such file or directory/,
    ],
    [
      'an unknown field',
      'prometheus.yml',
      'globals: {}',
      /line 1: field globals not found in type config\.plain/,
    ],
    [
      'a bad rule',
      'rules.yml',
      'groups: [{name: g, rules: [{record: r, expr: "sum("}]}]',
      /rules\.yml: 1:46: group "g", rule 1, "r": could not parse expression/,
    ],
  ])('with %s is refused and changes nothing', async (_title, file, text, message) => {
    await using shop = await startTarget(page('a 1\n'));
    const good = `
global: {scrape_interval: 100ms, evaluation_interval: 100ms}
rule_files: [rules.yml]
scrape_configs: [{job_name: t, static_configs: [{targets: ['${shop.address}']}]}]
`;
    await using prometheus = await startTestServer({
      'prometheus.yml': good,
      'rules.yml': 'groups: [{name: g, rules: [{record: r, expr: a}]}]',
    });
    await until(async () => (await prometheus.query('r')).length === 1);
    prometheus.write(file, text);
    const { status, text: answer } = await prometheus.reload();
    expect(status).toBe(500);
    expect(answer).toMatch(message);
    const count = async () => Number((await prometheus.query('count_over_time(r[1m])'))[0]!.value);
    const before = await count();
    await until(async () => (await count()) >= before + 3);
    expect((await prometheus.get('status/runtimeinfo')).body.data.reloadConfigSuccess).toBe(false);
    prometheus.write('prometheus.yml', good);
    prometheus.write('rules.yml', 'groups: [{name: g, rules: [{record: r2, expr: a}]}]');
    expect((await prometheus.reload()).status).toBe(200);
    await until(
      async () => (await prometheus.query('r2')).length === 1 && (await prometheus.query('r')).length === 0,
    );
    expect((await prometheus.get('status/runtimeinfo')).body.data.reloadConfigSuccess).toBe(true);
  });
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { topology } from '../../../stack/topology.ts';
import { allProcesses } from '../../process/tree.ts';
import { projectRoot } from '../../root.ts';
import { readCredentials } from '../../state/credentials.ts';
import { labPaths } from '../../state/paths.ts';
import { choosePortOffset, isPortFree, wantedPorts } from '../ports.ts';
import type { RunningLab } from '../runtime.ts';
import { createEmbeddedRuntime } from './embedded-runtime.ts';

const name = `e2e-${process.pid}`;
/** Away from where labs usually stand, so that one that a person runs on this machine does not meddle. */
const { offset } = await choosePortOffset(
  wantedPorts(topology).map((one) => ({ ...one, port: one.port + 10_000 + (process.pid % 10) * 100 })),
  { pinned: undefined },
);
const environment = {
  ...process.env,
  LAB_NAME: name,
  LAB_PORT_OFFSET: String(offset + 10_000 + (process.pid % 10) * 100),
  NO_COLOR: '1',
};
const paths = labPaths(projectRoot, name);
const main = join(projectRoot, 'dist', 'lab', 'main.js');

interface UpResult {
  name: string;
  readyAfterMs: Record<string, number>;
  urls: { component: string; url: string }[];
}

const cli = (args: string[]) => execa(process.execPath, [main, ...args], { env: environment, reject: false });
const attach = async (): Promise<RunningLab> => {
  const runtime = createEmbeddedRuntime({
    name,
    paths,
    root: projectRoot,
    pace: undefined,
    native: false,
    environment,
    note: () => {},
  });
  const lab = await runtime.attach();
  if (lab === undefined) throw new Error('the lab does not run');
  return lab;
};
const statesOf = async (lab: RunningLab): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await lab.status()).map(({ id, state, ready }) => [id, `${state}${ready ? ', ready' : ''}`]),
  );
const allReady = Object.fromEntries(topology.map(({ id }) => [id, 'running, ready']));

/** Command lines of every process that has to do with this folder. */
function processesOf(folder: string): string[] {
  return allProcesses()
    .map(({ pid }) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(folder));
}

/** The System V segment of the PostgreSQL in this folder, by its ID in postmaster.pid. */
const segmentOf = (node: string): string =>
  readFileSync(join(paths.data, node, 'postmaster.pid'), 'utf8')
    .split('\n')[6]
    ?.trim()
    .split(/\s+/)[1] ?? '';
const segments = (): (string | undefined)[] =>
  execFileSync('ipcs', ['-m'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.split(/\s+/)[1]);

function connect(lab: RunningLab, node: string): pg.Client {
  const { host, port } = lab.address(node, 'postgres');
  const client = new pg.Client({
    host,
    port,
    user: 'notes',
    database: 'notes',
    password: readCredentials(paths.credentialsFile)?.databasePassword,
  });
  client.on('error', () => {});
  return client;
}

async function ask<Row extends pg.QueryResultRow>(
  lab: RunningLab,
  node: string,
  sql: string,
): Promise<Row[]> {
  const client = connect(lab, node);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('the whole embedded lab', () => {
  let ports: number[] = [];

  beforeAll(async () => {
    const { build } = (await import('../../../scripts/build.mjs' as string)) as { build(): Promise<boolean> };
    await build();
    const result = await cli(['up', '--json']);
    expect(result).toMatchObject({ exitCode: 0 });
    const up = JSON.parse(result.stdout) as UpResult;
    expect(Object.keys(up.readyAfterMs).toSorted()).toEqual(topology.map((one) => one.id).toSorted());
    const lab = await attach();
    ports = topology.flatMap((one) => Object.keys(one.ports).map((port) => lab.address(one.id, port).port));
  });
  afterAll(async () => {
    await cli(['down']);
  });

  test('every component is ready, and every secret stays out of every argument list', async () => {
    const lab = await attach();
    expect(await statesOf(lab)).toEqual(allReady);
    const lines = processesOf(paths.directory).join('\n');
    for (const secret of Object.values(readCredentials(paths.credentialsFile) ?? {})) {
      expect(lines).not.toContain(secret);
    }
  });

  test('the standby streams what the primary commits', async () => {
    const lab = await attach();
    await ask(lab, 'postgres-primary', 'CREATE TABLE e2e (id int)');
    await until(
      async () =>
        (await ask(lab, 'postgres-replica', "SELECT 1 FROM pg_class WHERE relname = 'e2e'")).length === 1,
    );
    expect(await ask(lab, 'postgres-replica', 'SELECT pg_is_in_recovery() AS standby')).toEqual([
      { standby: true },
    ]);
  });

  test('a lab whose standby does not stream is not up, although every component is ready', async () => {
    const rules = join(paths.data, 'postgres-primary', 'pg_hba.conf');
    const before = readFileSync(rules, 'utf8');
    const primary = Number(
      (await (await attach()).status()).find((one) => one.id === 'postgres-primary')?.handle,
    );
    const sender = allProcesses().find(
      ({ pid, parent }) =>
        parent === primary && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('walsender'),
    );
    // A reload that refuses the standby, and the end of its connection.
    writeFileSync(rules, `host replication all all reject\n${before}`);
    process.kill(primary, 'SIGHUP');
    process.kill(sender?.pid ?? 0, 'SIGTERM');
    const up = await cli(['up']);
    writeFileSync(rules, before);
    process.kill(primary, 'SIGHUP');
    expect(up.exitCode).toBe(2);
    expect(up.stderr).toContain(
      'LAB_DISCONNECTED: Every component is ready, but this does not hold: the standby streams from the primary (no standby is connected).',
    );
    expect((await cli(['doctor'])).stdout).toContain(
      '✓ Connections: replication, scraping, alerts, logs and spans: all arrive',
    );
  });

  test('pause, kill and stop do what they say, and up brings everything back', async () => {
    const lab = await attach();
    await lab.pause('api-1');
    await lab.kill('inbox');
    await lab.stop('jaeger');
    expect(await statesOf(await attach())).toMatchObject({
      'api-1': 'paused',
      inbox: 'crashed',
      jaeger: 'stopped',
    });
    expect((await cli(['up'])).exitCode).toBe(0);
    expect(await statesOf(lab)).toEqual(allReady);
  });

  test('a paused PostgreSQL answers nobody: its backends stand still as well', async () => {
    const lab = await attach();
    const client = connect(lab, 'postgres-primary');
    await client.connect();
    await lab.pause('postgres-primary');
    const answer = client.query('SELECT 1').then(() => 'answered');
    expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, 'silent'))])).toBe(
      'silent',
    );
    await lab.unpause('postgres-primary');
    expect(await answer).toBe('answered');
    await client.end();
  });

  test('when the primary is killed under load no committed row is lost, and it comes back as a standby', async () => {
    const lab = await attach();
    const client = connect(lab, 'postgres-primary');
    await client.connect();
    const committed: number[] = [];
    const writing = (async () => {
      for (let id = 1; ; id++) {
        await client.query('INSERT INTO e2e VALUES ($1)', [id]);
        committed.push(id);
      }
    })().catch(() => {});
    await until(async () => committed.length > 200);
    await lab.kill('postgres-primary');
    await writing;
    await lab.promote('postgres-replica');
    const rows = await ask<{ id: number }>(lab, 'postgres-replica', 'SELECT id FROM e2e ORDER BY id');
    expect(rows.map((row) => row.id)).toEqual(expect.arrayContaining(committed));
    await ask(lab, 'postgres-replica', 'INSERT INTO e2e VALUES (-1)');

    expect((await cli(['up'])).exitCode).toBe(0);
    await until(
      async () => (await ask(lab, 'postgres-primary', 'SELECT 1 FROM e2e WHERE id = -1')).length === 1,
    );
    expect((await lab.status()).filter((one) => one.detail).map(({ id, detail }) => [id, detail])).toEqual([
      ['postgres-primary', 'standby'],
      ['postgres-replica', 'primary'],
    ]);
  });

  test('down leaves no process, no port, no shared memory and no file', async () => {
    const lab = await attach();
    const segment = segmentOf('postgres-replica');
    expect(segments()).toContain(segment);
    // Killed from outside, so that its shared memory segment stays behind.
    process.kill(
      Number((await lab.status()).find((one) => one.id === 'postgres-replica')?.handle),
      'SIGKILL',
    );
    const result = await cli(['down']);
    expect(result.exitCode).toBe(0);
    expect(processesOf(paths.directory)).toEqual([]);
    expect(await Promise.all(ports.map(isPortFree))).toEqual(ports.map(() => true));
    expect(existsSync(paths.directory)).toBe(false);
    expect(existsSync(paths.lockFile)).toBe(false);
    expect(segments()).not.toContain(segment);
  });
});

describe('an up that is cut short', () => {
  afterAll(async () => {
    await cli(['down']);
  });

  test('Ctrl-C leaves nothing', async () => {
    const up = cli(['up']);
    await until(async () => existsSync(join(paths.run, 'postgres-primary.pid')));
    up.kill('SIGINT');
    expect((await up).exitCode).toBe(130);
    expect(processesOf(paths.directory)).toEqual([]);
    expect(existsSync(paths.directory) ? readdirSync(paths.directory) : []).toEqual([]);
  });

  test('after SIGKILL the next up completes what was begun', async () => {
    const up = cli(['up']);
    await until(async () => existsSync(join(paths.run, 'postgres-primary.pid')));
    up.kill('SIGKILL');
    await up;
    const again = await cli(['up']);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(await statesOf(await attach())).toEqual(allReady);
    expect((await cli(['down'])).exitCode).toBe(0);
    expect(processesOf(paths.directory)).toEqual([]);
  });
});

/** A copy of what runs, in a folder of its own. */
function copyProject(folder: string): void {
  mkdirSync(folder);
  for (const part of ['package.json', 'dist', 'stack'])
    cpSync(join(projectRoot, part), join(folder, part), { recursive: true });
}

/** The packages as links to the same files: the project itself may stand where another user cannot read. */
function linkPackages(folder: string): void {
  const [from, to] = [join(projectRoot, 'node_modules'), join(folder, 'node_modules')];
  try {
    execFileSync('cp', ['--archive', '--link', from, to], { stdio: 'ignore' });
  } catch {
    // Another file system: no links across.
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
  }
}

describe.runIf(process.getuid?.() === 0)('who runs it', () => {
  test.each([
    ['an ordinary user', 0o777, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']],
    ['root, in a folder that only root may enter', 0o700, []],
  ])('%s', async (_, mode, prefix) => {
    const folder = mkdtempSync(join(tmpdir(), 'lab-user-'));
    const clone = join(folder, 'clone');
    let run: ((...args: string[]) => Promise<{ stdout: string; exitCode?: number | undefined }>) | undefined;
    try {
      copyProject(clone);
      if (prefix.length > 0) execFileSync('chown', ['-R', '65534:65534', folder]);
      // After the change of owner: a link shares it with the project's own file.
      linkPackages(clone);
      chmodSync(folder, mode);
      const [command = '', ...args] = [...prefix, process.execPath, join(clone, 'dist', 'lab', 'main.js')];
      run = (...rest) =>
        execa(command, [...args, ...rest], {
          env: { ...environment, HOME: folder },
          cwd: clone,
          reject: false,
        });
      expect(await run('up', '--json')).toMatchObject({ exitCode: 0 });
      const status = JSON.parse((await run('status', '--json')).stdout) as { ready: boolean };
      expect(status.ready).toBe(true);
      await run('down');
      expect(processesOf(clone)).toEqual([]);
      expect(existsSync(join(clone, '.lab', name))).toBe(false);
    } finally {
      await run?.('down');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

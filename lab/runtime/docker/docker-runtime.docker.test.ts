import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { topology } from '../../../stack/topology.ts';
import { projectRoot } from '../../root.ts';
import { readCredentials } from '../../state/credentials.ts';
import { type LabPaths, labPaths } from '../../state/paths.ts';
import type { RunningLab, Runtime } from '../runtime.ts';
import { createDockerRuntime } from './docker-runtime.ts';
import { connectEngine } from './engine.ts';
import { containerName, ofLab } from './labels.ts';
import { removeUnusedImages } from './removal.ts';
import { dockerMissing, engineSnapshot } from './test-engine.ts';

const missing = await dockerMissing();
if (missing !== undefined) process.stderr.write(`Docker tests are skipped: ${missing}\n`);

/** Enough of the topology to break it: a database pair, two replicas behind the gateway, and Prometheus. */
const ids = ['gateway', 'api-1', 'api-2', 'postgres-primary', 'postgres-replica', 'prometheus'];
const components = topology.filter(({ id }) => ids.includes(id));

async function runtimeOf(name: string, folder: string): Promise<{ runtime: Runtime; paths: LabPaths }> {
  const paths = labPaths(folder, name);
  const engine = await connectEngine(process.env);
  const options = {
    name,
    paths,
    root: projectRoot,
    pace: undefined,
    native: false,
    environment: process.env,
  };
  return { runtime: createDockerRuntime(engine, { ...options, note: () => {} }, components), paths };
}

async function poll<Value>(read: () => Promise<Value>, until: (value: Value) => boolean): Promise<Value> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (until(value) || Date.now() > deadline) return value;
    await sleep(100);
  }
}

/** `up` of an instance as Prometheus sees it: `1`, `0`, or undefined before the first scrape. */
async function upOf(lab: RunningLab, instance: string): Promise<string | undefined> {
  const url = new URL('/api/v1/query', lab.address('prometheus').url);
  url.searchParams.set('query', `up{instance="${instance}"}`);
  const body = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  return body.data.result[0]?.value[1];
}

describe.skipIf(missing !== undefined)('the Docker runtime', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-docker-'));
  let before: Record<string, string[]>;
  let runtime: Runtime;
  let paths: LabPaths;
  let lab: RunningLab;

  beforeAll(async () => {
    // What an earlier version built here goes first: this test counts what its own lab leaves.
    await removeUnusedImages(new Docker());
    before = await engineSnapshot();
    ({ runtime, paths } = await runtimeOf('test-one', folder));
    lab = await runtime.up();
  });

  afterAll(async () => {
    await runtime.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const idOf = async (id: string): Promise<string> =>
    (await new Docker().getContainer(containerName('test-one', id)).inspect()).Id;
  const writeNote = async (component: string): Promise<string> => {
    const { host, port } = lab.address(component, 'postgres');
    const password = readCredentials(paths.credentialsFile)?.databasePassword;
    const client = new pg.Client({ host, port, user: 'notes', database: 'notes', password });
    await client.connect();
    try {
      await client.query('CREATE TABLE IF NOT EXISTS proof (at timestamptz)');
      await client.query('INSERT INTO proof VALUES (now())');
      const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM proof');
      return rows[0]?.count ?? '';
    } finally {
      await client.end();
    }
  };

  test('every component is ready, and every port is on loopback', async () => {
    const status = await lab.status();
    expect(status.filter(({ ready }) => !ready)).toEqual([]);
    for (const id of ids) {
      const { HostConfig: host } = await new Docker().getContainer(containerName('test-one', id)).inspect();
      const bindings = Object.values(host.PortBindings as Record<string, { HostIp: string }[]>).flat();
      expect(bindings.map(({ HostIp: ip }) => ip)).toEqual(bindings.map(() => '127.0.0.1'));
      expect(host.Binds ?? []).toEqual([]);
    }
  });

  test('a second up changes nothing', async () => {
    const ofAll = (): Promise<string[]> => Promise.all(ids.map(idOf));
    const first = await ofAll();
    await runtime.up();
    expect(await ofAll()).toEqual(first);
  });

  test.each(['stop', 'kill', 'pause'] as const)(
    '%s: Prometheus sees it, the gateway goes on, up repairs it',
    async (how) => {
      await lab[how]('api-2');
      expect(
        await poll(
          () => upOf(lab, 'api-2'),
          (up) => up === '0',
        ),
      ).toBe('0');
      expect((await fetch(`${lab.address('gateway').url}/ready`)).status).toBe(200);
      expect((await lab.status()).find(({ id }) => id === 'api-2')?.state).toBe(
        { stop: 'stopped', kill: 'crashed', pause: 'paused' }[how],
      );
      await runtime.up();
      expect(
        await poll(
          () => upOf(lab, 'api-2'),
          (up) => up === '1',
        ),
      ).toBe('1');
    },
  );

  test('a partition cuts a replica off while its process lives, and ends', async () => {
    await lab.disconnect?.('api-2');
    expect(
      await poll(
        () => upOf(lab, 'api-2'),
        (up) => up === '0',
      ),
    ).toBe('0');
    expect(
      (await new Docker().getContainer(containerName('test-one', 'api-2')).inspect()).State.Running,
    ).toBe(true);
    await lab.connect?.('api-2');
    expect(
      await poll(
        () => upOf(lab, 'api-2'),
        (up) => up === '1',
      ),
    ).toBe('1');
  });

  test('restart lays variables over the declared ones, and an empty set takes them off', async () => {
    const levelOf = async (): Promise<string | undefined> =>
      (await new Docker().getContainer(containerName('test-one', 'api-1')).inspect()).Config.Env.find(
        (entry) => entry.startsWith('LOG_LEVEL='),
      );
    await lab.restart('api-1', { LOG_LEVEL: 'debug' });
    expect(await levelOf()).toBe('LOG_LEVEL=debug');
    expect(await lab.overrides('api-1')).toEqual({ LOG_LEVEL: 'debug' });
    await lab.restart('api-1', {});
    expect(await levelOf()).toBe('LOG_LEVEL=info');
  });

  test('a lost primary: the standby is promoted without losing a row, the old primary rejoins behind it', async () => {
    expect(await writeNote('postgres-primary')).toBe('1');
    await lab.kill('postgres-primary');
    await lab.promote('postgres-replica');
    expect(await writeNote('postgres-replica')).toBe('2');
    await lab.start('postgres-primary');
    await expect(writeNote('postgres-primary')).rejects.toThrow(/read-only|recovery/);
    const details = (await lab.status()).map(({ id, detail }) => `${id} ${detail}`);
    expect(details).toContain('postgres-primary standby');
    expect(details).toContain('postgres-replica primary');
  });

  test('logs come with their last lines', async () => {
    const lines: string[] = [];
    for await (const line of lab.logs('api-1', { tailLines: 3 })) lines.push(line);
    expect(lines).toHaveLength(3);
    const all: string[] = [];
    for await (const line of lab.logs('api-1')) all.push(line);
    expect(all.slice(-3)).toEqual(lines);
    const started = all.find((line) => line.includes('service started')) ?? '{}';
    expect(JSON.parse(started)).toMatchObject({ service: 'api', instance: 'api-1' });
  });

  test('a second lab stands beside the first and goes without touching it', async () => {
    const { runtime: other } = await runtimeOf('test-two', folder);
    const second = await other.up();
    expect(second.address('gateway').port).not.toBe(lab.address('gateway').port);
    await other.down();
    expect(await new Docker().listContainers({ all: true, filters: ofLab('test-two') })).toEqual([]);
    expect((await lab.status()).filter(({ ready }) => !ready)).toEqual([]);
  });

  test('a component that dies at start is named with its last words, and up leaves nothing behind', async () => {
    const { runtime: doomed } = await runtimeOf('test-three', folder);
    const image = process.env.LAB_IMAGE_PROMETHEUS;
    // A Node image is no Prometheus: its first argument is an option that it does not know.
    process.env.LAB_IMAGE_PROMETHEUS = process.env.LAB_IMAGE_NODE ?? 'node:24-alpine';
    try {
      await expect(doomed.up()).rejects.toThrow(/prometheus ended while it started|prometheus/);
    } finally {
      if (image === undefined) delete process.env.LAB_IMAGE_PROMETHEUS;
      else process.env.LAB_IMAGE_PROMETHEUS = image;
    }
    expect(await new Docker().listContainers({ all: true, filters: ofLab('test-three') })).toEqual([]);
  });

  test('keep-data keeps the volumes and nothing else; down removes all and nothing of others', async () => {
    await runtime.down({ keepData: true });
    const kept = await engineSnapshot();
    expect(kept.containers).toEqual(before.containers);
    expect(kept.volumes?.filter((name) => name.includes('test-one'))).toHaveLength(3);
    lab = await runtime.up();
    expect(await writeNote('postgres-replica')).toBe('3');
    await runtime.down();
    expect(await engineSnapshot()).toEqual(before);
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { paces } from '../../../stack/pace.ts';
import { topology } from '../../../stack/topology.ts';
import { projectRoot } from '../../root.ts';
import { createCredentials } from '../../state/credentials.ts';
import { archive } from './archive.ts';
import { demultiplex } from './container-logs.ts';
import { dockerPlacement } from './docker-placement.ts';
import { remoteHost } from './engine.ts';
import { exportCompose } from './export-compose.ts';
import { describePull } from './images.ts';
import { planContainer } from './plan.ts';

const secrets = createCredentials();
const at = dockerPlacement({
  pace: paces.lab,
  portOffset: 1000,
  publishedHost: '127.0.0.1',
  secrets,
  environment: {},
});
const plan = (id: string, overrides: Record<string, string> = {}, postgresPrimary = 'postgres-primary') => {
  const component = topology.find((one) => one.id === id);
  if (component === undefined) throw new Error(id);
  return planContainer(component, {
    lab: 'x',
    at,
    portOffset: 1000,
    publishOn: '127.0.0.1',
    image: 'image:1',
    overrides,
    postgresPrimary,
  });
};

describe('the plan of a container', () => {
  test('publishes on loopback, limits memory, drops every capability and repairs nothing by itself', () => {
    for (const { id } of topology) {
      const { HostConfig: host } = plan(id).container;
      const published = Object.values(host?.PortBindings as Record<string, { HostIp: string }[]>).flat();
      expect(new Set(published.map(({ HostIp: ip }) => ip))).toEqual(new Set(['127.0.0.1']));
      expect(host?.Memory).toBeGreaterThan(64 * 2 ** 20);
      expect(host?.CapDrop).toEqual(['ALL']);
      expect(host?.RestartPolicy?.Name).toBe('no');
      expect(host?.Binds).toBeUndefined();
    }
  });

  test('keeps its hash for equal input, and changes it with a variable', () => {
    expect(plan('api-1').hash).toBe(plan('api-1').hash);
    expect(plan('api-1', { LOG_LEVEL: 'debug' }).hash).not.toBe(plan('api-1').hash);
  });

  test('has no secret in a command line', () => {
    for (const { id } of topology) {
      const { Cmd: command, Entrypoint: entrypoint } = plan(id).container;
      const line = [entrypoint ?? [], command ?? []].flat().join(' ');
      for (const secret of Object.values(secrets)) expect(line).not.toContain(secret);
    }
  });

  test('makes a standby of whichever PostgreSQL node does not take writes', () => {
    expect(plan('postgres-primary').container.Entrypoint).toBeUndefined();
    expect(plan('postgres-replica').container.Env).toContain('PRIMARY_HOST=postgres-primary');
    expect(plan('postgres-primary', {}, 'postgres-replica').container.Env).toContain(
      'PRIMARY_HOST=postgres-replica',
    );
    expect(plan('postgres-replica', {}, 'postgres-replica').container.Entrypoint).toBeUndefined();
  });
});

describe('export compose', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-compose-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('writes every component with the ports, limits and commands of the plan', () => {
    const file = exportCompose(topology, {
      root: projectRoot,
      lab: 'x',
      pace: 'lab',
      environment: { LAB_PORT_OFFSET: '3000', LAB_IMAGE_LOKI: 'my/loki:1' },
      directory: join(folder, 'out'),
    });
    const document = parse(readFileSync(file, 'utf8')) as {
      services: Record<string, { image: string; ports: string[]; restart: string; environment: object }>;
    };
    expect(Object.keys(document.services)).toEqual(topology.map(({ id }) => id));
    expect(document.services.loki?.image).toBe('my/loki:1');
    expect(document.services.gateway?.ports).toContain('127.0.0.1:11080:8080');
    expect(document.services.gateway?.restart).toBe('no');
    const rules = readFileSync(join(folder, 'out/config/prometheus/rules/alerts.yml'), 'utf8');
    expect(rules).toContain('http://127.0.0.1:11085/runbooks/HighLatency');
  });

  test('under a careful umask the images can read what they need, and nobody else gets in', () => {
    const directory = join(folder, 'careful');
    const before = process.umask(0o077);
    try {
      exportCompose(topology, { root: projectRoot, lab: 'x', pace: 'lab', environment: {}, directory });
    } finally {
      process.umask(before);
    }
    const modeOf = (path: string): string => (statSync(join(directory, path)).mode & 0o777).toString(8);
    expect(['.', 'compose.yaml'].map(modeOf)).toEqual(['700', '600']);
    const read = ['config', 'config/prometheus', 'config/prometheus/prometheus.yml', 'services/Dockerfile'];
    expect(read.map(modeOf)).toEqual(['755', '755', '644', '644']);
  });
});

test.each([
  [undefined, undefined],
  ['unix:///var/run/docker.sock', undefined],
  ['tcp://127.0.0.1:2375', undefined],
  ['tcp://build.example:2376', 'build.example'],
  ['ssh://me@box.example', 'box.example'],
])('DOCKER_HOST=%s: published ports are reached at %s', (value, host) => {
  expect(remoteHost(value)).toBe(host);
});

test('a pull is told as layers and megabytes', () => {
  const layers = [
    { current: 10e6, total: 10e6, done: true },
    { current: 5e6, total: 30e6, done: false },
  ];
  expect(describePull('prom/prometheus:v3', layers)).toBe('prom/prometheus:v3 1/2 layers, 15 of 40 MB');
});

test('multiplexed output loses its headers and nothing else', () => {
  const frame = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  expect(demultiplex(Buffer.concat([frame(1, 'one\n'), frame(2, 'zwölf\n')]))).toBe('one\nzwölf\n');
});

test('an archive of equal content is equal', async () => {
  const entries = [{ path: 'a/b', content: 'x' }];
  const [first, second] = [await archive(entries), await archive(entries)];
  expect(first.equals(second)).toBe(true);
  expect(first.toString('latin1')).toContain('a/b');
});

import { beforeEach, expect, it } from 'vitest';
import { findVersion } from '../../stack/versions.ts';
import { repoint } from '../failover/failover.ts';
import { deployFault } from '../faults/deploy.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { deploy, deployedVersion, undoDeploys } from './deploy.ts';

/** Replicas that remember what they were started with; none of them is a process. */
let overrides: Record<string, Record<string, string>>;
let restarted: string[];
let primary: string;
let lab: RunningLab;
beforeEach(() => {
  overrides = {};
  restarted = [];
  primary = 'postgres-primary';
  lab = {
    overrides: async (id: string) => overrides[id] ?? {},
    restart: async (id: string, environment: Record<string, string>) => {
      restarted.push(id);
      overrides[id] = environment;
    },
    primary: async () => primary,
    address: () => ({ host: '127.0.0.1', port: 5433, url: '' }),
  } as unknown as RunningLab;
});
const bad = findVersion('1.1.0')!;

it('replaces one replica after the other, with the settings of the version', async () => {
  const steps = await deploy(lab, bad, { environment: { LOG_LEVEL: 'debug' } });
  expect(restarted).toEqual(['api-1', 'api-2', 'api-3']);
  expect(steps[0]).toEqual({ replica: 'api-1', from: '1.0.0', to: '1.1.0' });
  expect(overrides['api-2']).toEqual({ ...bad.environment, LOG_LEVEL: 'debug', SERVICE_VERSION: '1.1.0' });
});

it('leaves alone what runs already, and goes on where it was cut short', async () => {
  await deploy(lab, bad, { only: ['api-1'] });
  restarted = [];
  await deploy(lab, bad);
  expect(restarted).toEqual(['api-2', 'api-3']);
});

it('stops between two replicas when it is interrupted', async () => {
  const abort = new AbortController();
  const work = deploy(lab, bad, { signal: abort.signal, onStep: () => abort.abort(new Error('Ctrl-C')) });
  await expect(work).rejects.toThrow('Ctrl-C');
  expect(restarted).toEqual(['api-1']);
});

it('is undone with the version that the lab began with', async () => {
  await deploy(lab, bad, { only: ['api-2'] });
  expect(await undoDeploys(lab)).toEqual([{ replica: 'api-2', from: '1.1.0', to: '1.0.0' }]);
  expect(overrides['api-2']).toEqual({});
  expect(await undoDeploys(lab)).toEqual([]);
});

it('keeps the database that replicas were pointed at', async () => {
  primary = 'postgres-replica';
  await repoint(lab);
  expect(overrides['api-1']).toEqual({ DATABASE_ADDRESS: '127.0.0.1:5433' });
  await deploy(lab, bad);
  expect(overrides['api-1']).toMatchObject({ DATABASE_ADDRESS: '127.0.0.1:5433', SERVICE_VERSION: '1.1.0' });
  primary = 'postgres-primary';
  expect(await repoint(lab)).toHaveLength(3);
  expect(overrides['api-1']).not.toHaveProperty('DATABASE_ADDRESS');
  expect(await repoint(lab)).toEqual([]);
});

it('as a fault is gone when another version or other settings run', async () => {
  const params = { version: '1.0.1', env: { LOG_LEVEL: 'debug' } };
  await deployFault.inject({ lab }, 'api-1', params, 1);
  expect(await deployFault.isActive({ lab }, 'api-1', params)).toBe(true);
  await deploy(lab, findVersion('1.0.1')!, { only: ['api-1'] });
  expect(await deployFault.isActive({ lab }, 'api-1', params)).toBe(false);
  await deployFault.revert({ lab }, 'api-1', params);
  expect(await deployedVersion(lab, 'api-1')).toBe('1.0.0');
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComponentState, RunningLab } from '../runtime/runtime.ts';
import { faultCatalogue, faultSpec } from './catalogue.ts';
import { heal } from './heal.ts';
import { injectFault, renewFaults } from './inject.ts';
import { FaultJournal } from './journal.ts';
import { isLeftover, ownedByThisProcess } from './ownership.ts';

/** A stand-in for a service's admin port, over real HTTP: it keeps faults until their time is over. */
class AdminDouble {
  readonly faults = new Map<
    string,
    { kind: string; params: object; injectedAt: string; expiresAt: string }
  >();
  /** Called before each request is answered; a thrown error becomes a 500. */
  before: (method: string) => void = () => {};
  server!: Server;
  stubborn = false;
  /** So many requests are never answered. */
  silentFor = 0;

  async listen(): Promise<string> {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const method = request.method ?? '';
        if (this.silentFor > 0) {
          this.silentFor--;
          return;
        }
        try {
          this.before(method);
        } catch {
          response.writeHead(500).end('{}');
          return;
        }
        const kind = request.url?.split('/')[2] ?? '';
        if (request.headers.authorization !== 'Bearer secret') response.writeHead(401).end('{}');
        else if (method === 'GET') response.end(JSON.stringify({ faults: [...this.faults.values()] }));
        else if (method === 'PUT') {
          const { ttlMs, ...params } = JSON.parse(body);
          const now = Date.now();
          this.faults.set(kind, {
            kind,
            params,
            injectedAt: new Date(now).toISOString(),
            expiresAt: new Date(now + ttlMs).toISOString(),
          });
          response.end('{}');
        } else {
          if (!this.stubborn) this.faults.delete(kind);
          response.writeHead(204).end();
        }
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

let directory: string;
let journal: FaultJournal;
let admins: Record<string, AdminDouble>;
let states: Record<string, ComponentState>;
let lab: RunningLab;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'faults-'));
  journal = new FaultJournal(join(directory, 'faults.json'));
  admins = {};
  states = {};
  const urls: Record<string, string> = {};
  for (const id of ['gateway', 'api-1', 'api-2', 'api-3']) {
    admins[id] = new AdminDouble();
    urls[id] = await admins[id].listen();
    states[id] = 'running';
  }
  lab = {
    token: 'secret',
    kind: 'embedded',
    capabilities: new Set(['stop']),
    address: (component: string) => ({ host: '127.0.0.1', port: 0, url: urls[component]! }),
    status: async () =>
      Object.entries(states).map(([id, state]) => ({ id, state, ready: state === 'running' })),
    stop: async (id: string) => {
      states[id] = 'stopped';
    },
    start: async (id: string) => {
      states[id] = 'running';
    },
    unpause: async (id: string) => {
      states[id] = 'running';
    },
  } as unknown as RunningLab;
});

afterEach(() => {
  for (const { server } of Object.values(admins)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

const slow = faultSpec('slow-queries', { target: 'api-1', params: { delayMs: 500 } });
const asProcess = { ttlMs: 60_000, owner: ownedByThisProcess() };

describe('injecting', () => {
  it('has the undo on disk before the target is asked', async () => {
    let journalledAtInjection: string | undefined;
    admins['api-1']!.before = (method) => {
      if (method === 'PUT') journalledAtInjection = readFileSync(journal.path, 'utf8');
    };
    await injectFault({ lab }, journal, slow, asProcess);
    expect(JSON.parse(journalledAtInjection!).faults).toMatchObject([
      { id: 'slow-queries@api-1', params: { delayMs: 500 } },
    ]);
    expect(admins['api-1']!.faults.get('slow-queries')).toMatchObject({ params: { delayMs: 500 } });
  });

  it('is an error when the target says that the fault did not take, and the entry stays', async () => {
    admins['api-1']!.before = (method) => {
      if (method === 'GET') admins['api-1']!.faults.clear();
    };
    await expect(injectFault({ lab }, journal, slow, asProcess)).rejects.toMatchObject({
      code: 'LAB_FAULT_NOT_TAKEN',
    });
    expect(journal.read().faults).toHaveLength(1);
  });

  it('keeps the entry when the injection itself fails', async () => {
    admins['api-1']!.before = () => {
      throw new Error('broken');
    };
    await expect(injectFault({ lab }, journal, slow, asProcess)).rejects.toThrow('500');
    expect(journal.read().faults).toHaveLength(1);
  });

  it('refuses at once what the runtime cannot do, and journals nothing', async () => {
    const pause = faultSpec('pause', { target: 'api-2' });
    await expect(injectFault({ lab }, journal, pause, asProcess)).rejects.toMatchObject({
      code: 'LAB_CAPABILITY_MISSING',
    });
    expect(journal.read().faults).toEqual([]);
  });

  it('renews what is active, and does not bring back what is gone', async () => {
    const entry = await injectFault({ lab }, journal, slow, { ...asProcess, ttlMs: 1_000 });
    await injectFault({ lab }, journal, faultSpec('latency', { target: 'api-2' }), {
      ...asProcess,
      ttlMs: 1_000,
    });
    admins['api-2']!.faults.clear();
    await renewFaults({ lab }, journal, 60_000, () => true);
    const renewed = journal.read().faults.find((one) => one.id === entry.id)!;
    expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.parse(entry.expiresAt) + 50_000);
    expect(Date.parse(admins['api-1']!.faults.get('slow-queries')!.expiresAt)).toBeGreaterThan(
      Date.now() + 50_000,
    );
    expect(admins['api-2']!.faults.size).toBe(0);
  });
});

describe('healing', () => {
  it('reverts what is journalled, and what only the target knows', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    const now = new Date().toISOString();
    admins.gateway!.faults.set('latency', {
      kind: 'latency',
      params: { delayMs: 5 },
      injectedAt: now,
      expiresAt: now,
    });
    const report = await heal(lab, journal);
    expect(report.reverted.map((one) => one.id).sort()).toEqual(['latency@gateway', 'slow-queries@api-1']);
    expect(report.failed).toEqual([]);
    expect(journal.read().faults).toEqual([]);
    expect(admins['api-1']!.faults.size + admins.gateway!.faults.size).toBe(0);
  });

  it('continues a component that somebody else paused, and leaves one whose pause is wanted', async () => {
    states['api-2'] = 'paused';
    states['api-3'] = 'paused';
    journal.put({
      ...faultSpec('pause', { target: 'api-3' }),
      id: 'pause@api-3',
      injectedAt: new Date().toISOString(),
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
      owner: { kind: 'person' },
    });
    const report = await heal(lab, journal, { which: () => false });
    expect(report.reverted).toEqual([{ id: 'pause@api-2', description: 'api-2 hangs' }]);
    expect(states).toMatchObject({ 'api-2': 'running', 'api-3': 'paused' });
  });

  it('tries every fault even when one fails, and keeps the failed one', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    await injectFault({ lab }, journal, faultSpec('errors', { target: 'api-2' }), asProcess);
    await injectFault({ lab }, journal, faultSpec('stop', { target: 'api-3' }), asProcess);
    admins['api-2']!.stubborn = true;
    const report = await heal(lab, journal);
    expect(report.reverted.map((one) => one.id)).toEqual(['stop@api-3', 'slow-queries@api-1']);
    expect(report.failed).toMatchObject([{ id: 'errors@api-2', reason: 'api-2 still has it' }]);
    expect(journal.read().faults.map((one) => one.id)).toEqual(['errors@api-2']);
  });

  it('asks again when a target, on a busy machine, was too slow to answer', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    admins['api-1']!.silentFor = 1;
    const report = await heal(lab, journal, { askTargets: false });
    expect(report).toMatchObject({ reverted: [{ id: 'slow-queries@api-1' }], failed: [] });
    expect(admins['api-1']!.faults.size).toBe(0);
    expect(journal.read().faults).toEqual([]);
  });

  it('gives up at its own deadline when a target hangs, and says which fault stays', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    admins['api-1']!.server.removeAllListeners('request');
    const report = await heal(lab, journal, { deadlineMs: 300, askTargets: false });
    expect(report.failed).toMatchObject([{ id: 'slow-queries@api-1' }]);
    expect(journal.read().faults).toHaveLength(1);
  });

  it('takes a fault inside a stopped process as gone', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    states['api-1'] = 'stopped';
    admins['api-1']!.server.closeAllConnections();
    await new Promise((resolve) => admins['api-1']!.server.close(resolve));
    expect(await heal(lab, journal)).toMatchObject({ reverted: [{ id: 'slow-queries@api-1' }], failed: [] });
  });

  it('asks the targets when the journal cannot be understood', async () => {
    await injectFault({ lab }, journal, slow, asProcess);
    writeFileSync(journal.path, '{"version":1,"faults":[{"kind":');
    expect(journal.read().corrupt).toBeDefined();
    expect(await heal(lab, journal)).toMatchObject({ reverted: [{ id: 'slow-queries@api-1' }], failed: [] });
    expect(journal.read()).toEqual({ faults: [] });
  });

  it('leaves what somebody wants', async () => {
    await injectFault({ lab }, journal, slow, { ttlMs: 60_000, owner: { kind: 'person' } });
    const report = await heal(lab, journal, { which: (entry) => isLeftover(entry, new Set()) });
    expect(report.reverted).toEqual([]);
    expect(admins['api-1']!.faults.size).toBe(1);
  });
});

describe('leftovers', () => {
  const soon = new Date(Date.now() + 60_000).toISOString();
  const past = new Date(Date.now() - 1).toISOString();

  it.each([
    ['a process that lives', { owner: ownedByThisProcess(), expiresAt: soon }, false],
    [
      'a process of that number that began at another time',
      { owner: { kind: 'process', pid: process.pid, startTime: 'another' }, expiresAt: soon },
      true,
    ],
    ['an open exercise', { owner: { kind: 'exercise', id: '01-high-latency' }, expiresAt: soon }, false],
    [
      'an exercise that is over',
      { owner: { kind: 'exercise', id: '02-service-outage' }, expiresAt: soon },
      true,
    ],
    ['a person', { owner: { kind: 'person' }, expiresAt: soon }, false],
    ['a person, its time over', { owner: { kind: 'person' }, expiresAt: past }, true],
  ] as const)('%s', (_, entry, expected) => {
    expect(isLeftover(entry, new Set(['01-high-latency']))).toBe(expected);
  });
});

describe('the catalogue', () => {
  it('completes parameters and refuses what is out of range, with the rule', () => {
    expect(faultSpec('slow-queries')).toEqual({
      kind: 'slow-queries',
      target: 'api-1',
      params: { delayMs: 500 },
    });
    expect(() => faultSpec('slow-queries', { params: { delayMs: 0 } })).toThrow(
      'delayMs=0 is not valid for the fault "slow-queries": at least 1 ms; parameters: delayMs 1..9000 (500).',
    );
    expect(() => faultSpec('slow-queries', { params: { speed: 1 } })).toThrow(/slow-queries/);
    expect(() => faultSpec('slow-queries', { target: 'gateway' })).toThrow(
      'it can strike api-1, api-2, api-3',
    );
    expect(() => faultSpec('earthquake')).toThrow('"earthquake" is not a fault of the lab');
  });

  it('has every fault that the design wants, each with usable defaults', () => {
    const wanted = [
      'slow-queries',
      'latency',
      'errors',
      'rare-error',
      'stop',
      'kill',
      'pause',
      'restart-with-env',
      'debug-logging',
      'sampling',
      'connection-leak',
      'memory-leak',
      'cpu-burn',
      'event-loop-block',
      'cardinality',
      'partition',
      'deploy',
      'config-overlay',
    ];
    expect(faultCatalogue.map((kind) => kind.id)).toEqual(expect.arrayContaining(wanted));
    const wantParameters = ['restart-with-env', 'config-overlay'];
    for (const kind of faultCatalogue.filter((one) => !wantParameters.includes(one.id))) {
      expect(faultSpec(kind.id).target).toBe(kind.defaultTarget);
    }
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from '../events/event-log.ts';
import { faultSpec } from '../faults/catalogue.ts';
import { configOverlay } from '../faults/config-overlay.ts';
import { injectFault } from '../faults/inject.ts';
import { FaultJournal } from '../faults/journal.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { Changes } from './changes.ts';
import { installConfig } from './install.ts';
import { contentChange, Workspace } from './workspace.ts';

const path = 'prometheus/rules/alerts.yml';
const file = { component: 'prometheus', path };

/** A Prometheus that reads one file when it is told to, and takes none that holds the word "bad". */
let server: Server;
let directory: string;
let files: Record<string, string | undefined>;
let inForce: string | undefined;
let state: string;
let logged: string[];
let answer: (words: string) => string;
let lab: RunningLab;
let events: EventLog;
let changes: Changes;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'configuration-'));
  files = { [path]: 'own' };
  inForce = 'own';
  state = 'running';
  logged = [];
  answer = (words) => words;
  server = createServer((request, response) => {
    if (request.url !== '/-/reload' || request.method !== 'POST') return response.writeHead(404).end();
    const content = files[path] ?? '';
    if (content.includes('bad')) return response.writeHead(500).end(answer(`line 3: ${content}`));
    inForce = files[path];
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  lab = {
    address: () => ({ host: '127.0.0.1', port, url: `http://127.0.0.1:${port}` }),
    status: async () => [{ id: 'prometheus', state, ready: state === 'running' }],
    readConfig: (name: string) => files[name],
    declaredConfig: (name: string) => (name === path ? 'own' : undefined),
    writeConfig: async (_: string, name: string, content: string | undefined) => {
      files[name] = content;
    },
    async *logs() {
      yield* logged;
    },
  } as unknown as RunningLab;
  events = new EventLog(join(directory, 'events.ndjson'));
  changes = new Changes(join(directory, 'changes.json'), lab, events);
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('installing a file', () => {
  it('makes the component read it', async () => {
    await installConfig(lab, 'prometheus', { [path]: 'new' });
    expect(inForce).toBe('new');
  });

  it('changes nothing when the component refuses it, and has its own words', async () => {
    await expect(installConfig(lab, 'prometheus', { [path]: 'bad' })).rejects.toMatchObject({
      code: 'LAB_CONFIG_REJECTED',
      message: expect.stringContaining('line 3: bad'),
    });
    expect([files[path], inForce]).toEqual(['own', 'own']);
  });

  it('finds the reason in the log where the answer has none', async () => {
    answer = () =>
      'failed to reload config: one or more errors occurred while applying the new configuration';
    logged = [
      'level=INFO msg="Loading configuration file"',
      'level=ERROR msg="loading groups failed" err="alerts.yml: 7:9: unknown field"',
      'level=ERROR msg="Error reloading config" err="one or more errors occurred while applying the new configuration"',
    ];
    await expect(installConfig(lab, 'prometheus', { [path]: 'bad' })).rejects.toThrow('7:9: unknown field');
  });

  it('refuses what no component has to be asked for, and touches nothing', async () => {
    for (const [content, words] of [
      ['', 'it is empty'],
      [' \n', 'it is empty'],
      ['x'.repeat(10 * 1_048_576), 'it has 10.0 MiB, at most 1 MiB is taken'],
      ['a\0b', 'byte 1 is zero'],
    ] as const) {
      await expect(installConfig(lab, 'prometheus', { [path]: content })).rejects.toThrow(words);
    }
    expect(files[path]).toBe('own');
  });

  it('refuses while the component does not run, and touches nothing', async () => {
    state = 'stopped';
    await expect(installConfig(lab, 'prometheus', { [path]: 'new' })).rejects.toThrow(
      'prometheus is stopped, so it cannot read another configuration',
    );
    expect(files[path]).toBe('own');
  });
});

describe('a change of a person', () => {
  it('is remembered, told, and undone', async () => {
    await changes.apply(file, 'mine', { actor: 'learner', exercise: '06' });
    expect(changes.list()).toMatchObject([{ component: 'prometheus', path }]);
    expect(changes.list()[0]!.installing).toBeUndefined();
    expect(await changes.undo()).toHaveLength(1);
    expect([inForce, changes.list()]).toEqual(['own', []]);
    expect(events.read().map((one) => [one.kind, one.exercise])).toEqual([
      ['apply', '06'],
      ['restore', undefined],
    ]);
  });

  it('leaves no entry when it was refused, and keeps an earlier one', async () => {
    await expect(changes.apply(file, 'bad')).rejects.toThrow('line 3');
    expect(changes.list()).toEqual([]);
    await changes.apply(file, 'mine');
    await expect(changes.apply(file, 'bad again')).rejects.toThrow('line 3');
    expect(changes.list()).toHaveLength(1);
    expect(inForce).toBe('mine');
  });

  it('is taken back when its command was killed in the middle', async () => {
    writeFileSync(
      changes.path,
      JSON.stringify({
        version: 1,
        changes: [
          {
            component: 'prometheus',
            path,
            changedAt: '2026-01-01T00:00:00Z',
            installing: { pid: 1, startTime: 'another process', before: 'own' },
          },
        ],
      }),
    );
    files[path] = 'half';
    expect(await changes.undoUnfinished()).toHaveLength(1);
    expect([files[path], inForce, changes.list()]).toEqual(['own', 'own', []]);
  });

  it('is undone on disk while the component does not run', async () => {
    await changes.apply(file, 'mine');
    state = 'stopped';
    await changes.undo();
    expect([files[path], changes.list()]).toEqual(['own', []]);
  });
});

describe('an overlay', () => {
  const spec = faultSpec('config-overlay', {
    params: { files: { [path]: 'noisy', 'prometheus/x.yml': 'new' } },
  });
  const params = spec.params as Parameters<typeof configOverlay.inject>[2];

  it('is active while one of its files is in force, and goes without a trace', async () => {
    expect(await configOverlay.isActive({ lab }, 'prometheus', params)).toBe(false);
    await configOverlay.inject({ lab }, 'prometheus', params, 1);
    expect([inForce, files['prometheus/x.yml']]).toEqual(['noisy', 'new']);
    expect(await configOverlay.isActive({ lab }, 'prometheus', params)).toBe(true);
    await configOverlay.revert({ lab }, 'prometheus', params);
    expect([inForce, files['prometheus/x.yml']]).toEqual(['own', undefined]);
    expect(await configOverlay.isActive({ lab }, 'prometheus', params)).toBe(false);
  });

  it('leaves what a person has put in its place', async () => {
    await configOverlay.inject({ lab }, 'prometheus', params, 1);
    await changes.apply(file, 'mine');
    await configOverlay.revert({ lab }, 'prometheus', params);
    expect([inForce, files['prometheus/x.yml']]).toEqual(['mine', undefined]);
  });

  it('leaves no journal entry when it was refused', async () => {
    const journal = new FaultJournal(join(directory, 'faults.json'));
    const owner = { kind: 'person' } as const;
    const bad = faultSpec('config-overlay', { params: { files: { [path]: 'bad' } } });
    await expect(injectFault({ lab }, journal, bad, { ttlMs: 1, owner })).rejects.toThrow('line 3');
    expect(journal.read().faults).toEqual([]);
    const foreign = faultSpec('config-overlay', { params: { files: { 'loki/loki.yaml': 'x' } } });
    await expect(injectFault({ lab }, journal, foreign, { ttlMs: 1, owner })).rejects.toThrow(
      '--target loki',
    );
    expect(journal.read().faults).toEqual([]);
  });

  it('edits what the stack declares', async () => {
    const edit = faultSpec('config-overlay', {
      params: { edits: { [path]: [{ find: 'own', put: 'my own $&' }] } },
    }).params as Parameters<typeof configOverlay.inject>[2];
    await configOverlay.inject({ lab }, 'prometheus', edit, 1);
    expect(inForce).toBe('my own $&');
    await configOverlay.revert({ lab }, 'prometheus', edit);
    expect(inForce).toBe('own');
    const vain = { files: {}, edits: { [path]: [{ find: 'nothing', put: '' }] } };
    await expect(configOverlay.inject({ lab }, 'prometheus', vain, 1)).rejects.toThrow(
      'does not hold "nothing"',
    );
  });

  it('takes only paths and files', () => {
    expect(() => faultSpec('config-overlay', { params: { files: {} } })).toThrow('at least one file');
    expect(() => faultSpec('config-overlay', { params: { files: { '../etc/passwd': 'x' } } })).toThrow(
      '../etc/passwd',
    );
  });
});

describe('the workspace', () => {
  const place = { exercise: '06-x', act: 'one' };

  it('never overwrites an edit', () => {
    const workspace = new Workspace(join(directory, 'workspace'));
    const target = workspace.lay(place, path, 'own');
    writeFileSync(target, 'mine');
    workspace.lay(place, path, 'own');
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect(workspace.read(place, path)).toBe('mine');
    workspace.clear('06-x');
    expect(() => workspace.read(place, path)).toThrow('does not exist. Get the files back');
  });

  it('refuses an empty file and one of 10 MB', () => {
    const workspace = new Workspace(join(directory, 'workspace'));
    const target = workspace.lay(place, path, 'own');
    writeFileSync(target, '');
    expect(() => workspace.read(place, path)).toThrow('it is empty');
    writeFileSync(target, 'x'.repeat(10_000_000));
    expect(() => workspace.read(place, path)).toThrow('it has 9.5 MiB');
  });

  it('says what an edit changes', () => {
    expect(contentChange(path, 'a\nb\n', 'a\nc\nd\n')).toMatchObject({ added: 2, removed: 1 });
    expect(contentChange(path, 'a\n', 'a\n')).toMatchObject({ added: 0, removed: 0 });
  });
});

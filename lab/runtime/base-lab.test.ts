import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Component, Placement } from '../../stack/topology.ts';
import { readLabState } from '../state/lab-state.ts';
import { labPaths } from '../state/paths.ts';
import { BaseLab } from './base-lab.ts';
import { recordNewLab } from './lab-record.ts';
import { LabSession } from './lab-session.ts';
import type { Address, Capability, ComponentStatus } from './runtime.ts';

/** A session in place of a runtime's: real state and a real lock, no way into a component. */
class FakeSession extends LabSession {
  override get placement(): Placement {
    throw new Error('nothing is rendered here');
  }
}

/** A runtime in place of the real ones: it notes what it was told to do, and which primary the state named then. */
class FakeLab extends BaseLab<FakeSession> {
  readonly kind = 'embedded';
  readonly capabilities: ReadonlySet<Capability> = new Set();
  readonly running = new Set<string>();
  readonly done: string[] = [];
  refuses = false;

  protected copyConfigNow(): void {}

  protected runsNow({ id }: Component): boolean {
    return this.running.has(id);
  }
  protected async startNow({ id }: Component): Promise<void> {
    this.running.add(id);
    this.#note('start', id);
  }
  protected async stopNow({ id }: Component, graceMs?: number): Promise<void> {
    this.running.delete(id);
    this.#note(graceMs === undefined ? 'stop' : `stop within ${graceMs} ms:`, id);
  }
  protected async promoteNow({ id }: Component): Promise<void> {
    if (this.refuses) throw new Error(`${id} was not promoted`);
    this.#note('promote', id);
  }
  protected async rejoinNow({ id }: Component): Promise<void> {
    this.#note('rejoin', id);
  }
  #note(what: string, id: string): void {
    const { postgresPrimary, components } = this.session.state;
    this.done.push(`${what} ${id} (wanted ${components[id]?.desired ?? '-'}, primary ${postgresPrimary})`);
  }

  async status(): Promise<ComponentStatus[]> {
    return [];
  }
  async kill(): Promise<void> {}
  async pause(): Promise<void> {}
  async unpause(): Promise<void> {}
  async *logs(): AsyncIterable<string> {}
  address(): Address {
    return { host: '', port: 0, url: '' };
  }
}

function component(id: string, program: Component['program']): Component {
  return {
    id,
    role: 'service',
    title: id,
    image: 'fake',
    imageName: 'FAKE',
    program,
    config: [],
    ports: {},
    readiness: { kind: 'http', port: 'http', path: '/' },
    dependsOn: [],
    memoryMebibytes: 64,
    environment: () => ({}),
  };
}

const components = [
  component('one', { kind: 'postgres', role: 'primary' }),
  component('two', { kind: 'postgres', role: 'standby' }),
  component('service', { kind: 'node', bundle: 'none', heapMebibytes: 64, arguments: () => [] }),
];

let root: string;
let lab: FakeLab;
let stateFile: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lab-session-'));
  const paths = labPaths(root, 'test');
  stateFile = paths.stateFile;
  const options = {
    root,
    name: 'test',
    paths,
    pace: undefined,
    environment: {},
    native: false,
    note: () => {},
  };
  lab = new FakeLab(
    new FakeSession(options, components, await recordNewLab(options, components, 'embedded')),
    1000,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('what a component shall do is on disk before it does it', async () => {
  await lab.start('service');
  await lab.stop('service', { graceMs: 10 });
  await lab.restart('service', { GREETING: 'hello' });
  expect(lab.done).toEqual([
    'start service (wanted running, primary one)',
    'stop within 10 ms: service (wanted stopped, primary one)',
    'stop service (wanted running, primary one)',
    'start service (wanted running, primary one)',
  ]);
});

test('variables stay until a restart lays others over', async () => {
  await lab.restart('service', { GREETING: 'hello' });
  await lab.stop('service');
  await lab.restart('service');
  expect(await lab.overrides('service')).toEqual({ GREETING: 'hello' });
  await lab.restart('service', {});
  expect(await lab.overrides('service')).toEqual({});
});

test('a promotion stops the old primary first, and is on disk before that one rejoins behind the new one', async () => {
  lab.running.add('one').add('two').add('service');
  await lab.promote('two');
  await lab.promote('two');
  expect(lab.done).toEqual([
    'stop one (wanted -, primary one)',
    'promote two (wanted -, primary one)',
    'rejoin one (wanted -, primary two)',
  ]);
  expect(readLabState(stateFile)?.postgresPrimary).toBe('two');
});

test('after a promotion that failed the old primary takes writes again', async () => {
  lab.running.add('one').add('two');
  lab.refuses = true;
  await expect(lab.promote('two')).rejects.toThrow('not promoted');
  expect(lab.done).toEqual(['stop one (wanted -, primary one)', 'start one (wanted -, primary one)']);
  expect(readLabState(stateFile)?.postgresPrimary).toBe('one');
});

test('a primary that does not run is left alone by a promotion', async () => {
  lab.running.add('two');
  await lab.promote('two');
  expect(lab.done).toEqual(['promote two (wanted -, primary one)']);
});

test('what is no database, or does not run, or is unknown, is not promoted', async () => {
  await expect(lab.promote('service')).rejects.toThrow('embedded (service is not a database)');
  await expect(lab.promote('two')).rejects.toThrow('two does not run, so it cannot be promoted.');
  await expect(lab.promote('three')).rejects.toThrow('three');
  expect(lab.done).toEqual([]);
  expect(readLabState(stateFile)?.postgresPrimary).toBe('one');
});

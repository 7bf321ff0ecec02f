import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { paces } from '../../stack/pace.ts';
import type { LabContext } from '../context.ts';
import { type ActPhase, begin, changeAct, ProgressStore } from '../exercise/model/progress.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { labPaths } from '../state/paths.ts';
import { comeIn } from './menu.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'menu-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What the menu runs and says at its beginning, where an exercise is in this phase. */
async function enter(phase: ActPhase | undefined, { runs = true } = {}): Promise<string[]> {
  const paths = labPaths(directory, 'test');
  if (phase !== undefined) {
    const progress = begin('02-service-outage', 'stop', '2026-01-01T00:00:00Z');
    new ProgressStore(paths.exercises).write(changeAct(progress, { phase }));
  }
  const lab = {
    pace: paces.lab,
    directory,
    address: () => ({ host: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1' }),
  } as unknown as RunningLab;
  const did: string[] = [];
  const context = {
    paths,
    environment: {},
    signal: new AbortController().signal,
    ui: { line: (text: string) => did.push(text) },
    runtime: async () => ({ attach: async () => (runs ? lab : undefined) }),
  } as unknown as LabContext;
  await comeIn(context, async (...command) => {
    did.push(command.join(' '));
  });
  return did;
}

it('starts the lab where nothing runs, and where no exercise is at work', async () => {
  expect(await enter(undefined, { runs: false })).toEqual(['up']);
  expect(await enter(undefined)).toEqual(['up']);
  expect(await enter('tasks', { runs: false })).toEqual(['up']);
  expect(await enter('recovered')).toEqual(['up']);
});

it.each<ActPhase>(['broken', 'tasks', 'repaired'])(
  'ends no break of an open exercise that is %s',
  async (phase) => {
    expect(await enter(phase)).toEqual([expect.stringContaining('02-service-outage goes on')]);
  },
);

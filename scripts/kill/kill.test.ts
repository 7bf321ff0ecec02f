import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { labPaths } from '../../lab/state/paths.ts';
import { topology } from '../../stack/topology.ts';
import { actions } from './actions.ts';
import { planRounds } from './plan.ts';
import { invalidFiles, remainsOf } from './remains.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lab-kill-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('a campaign is the same by its seed, and strikes every action and every component', () => {
  expect(planRounds(50, 7)).toEqual(planRounds(50, 7));
  expect(planRounds(50, 8)).not.toEqual(planRounds(50, 7));
  const rounds = planRounds(200, 1);
  expect(new Set(rounds.map(({ action }) => action)).size).toBe(actions.length);
  const struck = rounds.flatMap(({ victim }) => ('component' in victim ? [victim.component] : []));
  expect(new Set(struck)).toEqual(new Set(topology.map(({ id }) => id)));
  for (const { action, afterMs } of rounds) expect(afterMs).toBeLessThanOrEqual(action.spanMs);
});

test('what a lab leaves behind is seen: processes, ports, the lock, the folder, cut files', async () => {
  const paths = labPaths(root, 'x');
  expect(await remainsOf(paths, [])).toEqual([]);
  mkdirSync(paths.data, { recursive: true });
  writeFileSync(paths.lockFile, '{}');
  writeFileSync(paths.faultsFile, '{"version": 1, "fau');
  writeFileSync(paths.eventsFile, '{}\n{"cut\n{}\n');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const here = spawn('sleep', ['60'], { cwd: paths.data, stdio: 'ignore' });
  const told = spawn('sleep', ['60'], { env: { ...process.env, WHERE: paths.directory }, stdio: 'ignore' });
  try {
    const remains = await remainsOf(paths, [port]);
    expect(remains).toEqual([
      expect.stringMatching(/^process: \d+ sleep 60 in/),
      expect.stringMatching(/^process: \d+ sleep 60 in/),
      `port ${port} is taken`,
      'the lock stands',
      'the folder stands: data, events.ndjson, faults.json',
    ]);
    expect(invalidFiles(paths)).toEqual([
      expect.stringContaining('faults.json: '),
      `${paths.eventsFile}: {"cut`,
      expect.stringContaining('faults.json: '),
    ]);
  } finally {
    here.kill('SIGKILL');
    told.kill('SIGKILL');
    server.close();
  }
});

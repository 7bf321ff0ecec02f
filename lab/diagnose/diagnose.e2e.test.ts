import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabCli, type RunningCli } from '../exercise/testing/lab-cli.ts';
import type { Diagnosis, Finding } from './finding.ts';

const cli = new LabCli('diagnose');
let load: RunningCli;

beforeAll(async () => {
  expect(await cli.run('up')).toMatchObject({ code: 0 });
  load = cli.start(['load', 'steady', '--for', '120s']);
});
afterAll(async () => {
  load.child.kill('SIGINT');
  await load.ended;
  await cli.run('down');
});

async function findings(...component: string[]): Promise<Finding[]> {
  const { code, stdout, stderr } = await cli.run('diagnose', ...component, '--json');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('LAB_')]);
  return (JSON.parse(stdout) as Diagnosis).sections.flatMap((section) => section.findings);
}

/** Looks until it holds; what was seen last is the message. */
async function until(wanted: (found: Finding[]) => boolean): Promise<Finding[]> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await findings();
    if (wanted(found)) return found;
    if (Date.now() > deadline) throw new Error(`never seen: ${JSON.stringify(found, null, 1)}`);
    await sleep(1_000);
  }
}

const unknowns = (found: Finding[]) =>
  found.filter(({ verdict }) => verdict === 'unknown').map(({ subject, text }) => `${subject}: ${text}`);

test('a lab under load: everything can be measured, by every name', async () => {
  const found = await until((all) =>
    ['api-1', 'api-2', 'api-3'].every((id) =>
      all.some(({ subject, facts }) => subject === id && Number(facts?.requestsPerSecond) > 0),
    ),
  );
  expect(unknowns(found)).toEqual([]);
  for (const name of ['api-1', 'gateway', 'inbox', 'postgres', 'postgres-replica', 'network', 'loki'])
    expect([name, unknowns(await findings(name))]).toEqual([name, []]);
  const own = await findings('api-1');
  expect(own.find(({ subject }) => subject === 'pool')?.facts?.poolMax).toBe(10);
  expect(Number(own.find(({ subject }) => subject === 'p95')?.facts?.p95Seconds)).toBeGreaterThan(0);
});

test('a killed replica: seen from all sides, and nothing says that it was done on purpose', async () => {
  expect(await cli.run('break', 'kill', '--target', 'api-3')).toMatchObject({ code: 0 });
  const found = await until((all) =>
    all.some(({ text, facts }) => facts?.upstream === 'api-3' && text.startsWith('does not use api-3')),
  );
  expect(found[0]).toMatchObject({ subject: 'api-3', verdict: 'wrong', facts: { state: 'crashed' } });
  const network = await findings('network');
  expect(network.find(({ subject }) => subject === 'api-3')?.text).toMatch(/^refused: /);
  expect(JSON.stringify([...found, ...network])).not.toMatch(/is killed|\bfaults?\b|on purpose|\bheal\b/);
});

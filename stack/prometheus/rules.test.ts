import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type PaceName, paces } from '../pace.ts';
import { renderTemplate } from '../render.ts';
import { type Placement, topology } from '../topology.ts';

const run = promisify(execFile);
const stack = dirname(import.meta.dirname);
const alerts = (
  parse(readFileSync(join(stack, 'prometheus/rules/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string }[] }[];
  }
).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

/** Whether the real tool is on the PATH; where `LAB_REQUIRE_NATIVE=1` says that it must be, its absence is a failure. */
async function has(tool: string): Promise<boolean> {
  try {
    await run(tool, ['--version']);
    return true;
  } catch (error) {
    if (process.env.LAB_REQUIRE_NATIVE === '1') throw error;
    process.stderr.write(`${tool} is not installed: its checks of the shipped config are skipped\n`);
    return false;
  }
}
const [promtool, amtool] = await Promise.all([has('promtool'), has('amtool')]);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The shipped config at a pace, as the lab would write it. */
function render(pace: PaceName): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-rules-'));
  folders.push(folder);
  const address: Placement['address'] = (component, port = 'http') =>
    `127.0.0.1:${topology.find(({ id }) => id === component)?.ports[port]}`;
  const at: Placement = {
    pace: paces[pace],
    address,
    listen: address,
    url: (component) => `http://${address(component)}`,
    file: (path) => join(folder, path),
    runbooks: () => join(folder, 'runbooks'),
    data: (component) => join(folder, component),
    secret: (name) => name,
    environment: () => undefined,
  } as Placement;
  for (const name of ['prometheus', 'alertmanager']) {
    for (const path of readdirSync(join(stack, name), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.yml')) continue;
      const target = join(folder, name, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, renderTemplate(readFileSync(join(stack, name, path), 'utf8'), at));
    }
  }
  return folder;
}

test('every alert has a test in which it fires', () => {
  const cases = readFileSync(join(stack, 'prometheus/rule-tests/alerts.yml'), 'utf8');
  expect(
    alerts.filter((alert) => !new RegExp(`exp_samples: \\[\\{.*alertname="${alert}"`).test(cases)),
  ).toEqual([]);
});

describe.each(['lab', 'real'] as const)('the shipped config at pace %s', (pace) => {
  test.skipIf(!promtool)('promtool accepts prometheus.yml and every rule file', async () => {
    const { stdout } = await run('promtool', [
      'check',
      'config',
      join(render(pace), 'prometheus/prometheus.yml'),
    ]);
    // Three rule files, and the config itself in two lines.
    expect(stdout.match(/SUCCESS/g)).toHaveLength(5);
  });

  test.skipIf(!amtool)('amtool accepts alertmanager.yml, and routes by severity', async () => {
    const config = join(render(pace), 'alertmanager/alertmanager.yml');
    await run('amtool', ['check-config', config]);
    for (const [severity, receiver] of [
      ['critical', 'critical'],
      ['high', 'high'],
      ['warning', 'warning'],
      ['low', 'low'],
    ] as const) {
      const { stdout } = await run('amtool', [
        'config',
        'routes',
        'test',
        `--config.file=${config}`,
        `severity=${severity}`,
      ]);
      expect(stdout.trim()).toBe(receiver);
    }
    const watchdog = ['alertname=Watchdog', 'severity=none'];
    const { stdout } = await run('amtool', [
      'config',
      'routes',
      'test',
      `--config.file=${config}`,
      ...watchdog,
    ]);
    expect(stdout.trim()).toBe('watchdog');
  });
});

test.skipIf(!promtool)(
  'every alert is quiet before its fault, fires with it and resolves after it',
  async () => {
    const folder = join(render('lab'), 'prometheus');
    const { stdout } = await run('promtool', ['test', 'rules', join(folder, 'rule-tests/alerts.yml')]);
    expect(stdout).toMatch(/SUCCESS/);
  },
  // 1,900 evaluations of every rule.
  120_000,
);

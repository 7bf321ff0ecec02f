import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../embedded/alertmanager/config/config.ts';
import { buildRoute, matchRoutes } from '../embedded/alertmanager/routing/route.ts';
import { type PaceName, paces } from '../pace.ts';
import { renderTemplate } from '../render.ts';
import { type Placement, topology } from '../topology.ts';

const run = promisify(execFile);
const stack = dirname(import.meta.dirname);
const rules = (
  parse(readFileSync(join(stack, 'prometheus/rules/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; labels: Record<string, string> }[] }[];
  }
).groups.flatMap((group) => group.rules);
const alerts = rules.map(({ alert }) => alert);

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

/** Rule tests that count in scrape intervals of one second, at another interval. */
function stretched(cases: string, scrapeIntervalSeconds: number): string {
  return cases.replaceAll(
    /((?:interval|eval_time): )(\d+)s/g,
    (_, name: string, count: string) => `${name}${Number(count) * scrapeIntervalSeconds}s`,
  );
}

/** Who is told: by team in its own channel, by severity besides. */
const routes = [
  ['severity=critical team=backend', 'team-backend,critical'],
  ['severity=critical team=sre', 'team-sre,critical'],
  ['severity=critical team=product', 'team-product,critical'],
  ['severity=critical', 'critical'],
  ['severity=high team=backend', 'team-backend,high'],
  ['severity=high team=sre', 'team-sre,high'],
  ['severity=high team=product', 'team-product,high'],
  ['severity=high', 'high'],
  ['severity=warning team=backend', 'team-backend,warning'],
  ['severity=warning team=sre', 'team-sre,warning'],
  ['severity=warning team=product', 'team-product,warning'],
  ['severity=warning team=unheard-of', 'warning'],
  ['severity=low team=product', 'team-product,low'],
  ['severity=low', 'low'],
  ['severity=unheard-of', 'low'],
  ['alertname=Watchdog severity=none', 'watchdog'],
] as const;

test('an alert of each severity exists, and each says which team it is for', () => {
  const labels = rules.filter(({ alert }) => alert !== 'Watchdog').map((rule) => rule.labels);
  expect([...new Set(labels.map(({ severity }) => severity))].sort()).toEqual([
    'critical',
    'high',
    'low',
    'warning',
  ]);
  expect(labels.filter(({ team }) => !team)).toEqual([]);
});

test('every alert has a test in which it fires', () => {
  const cases = ['alerts', 'stack']
    .map((name) => readFileSync(join(stack, `prometheus/rule-tests/${name}.yml`), 'utf8'))
    .join('\n');
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

  test.skipIf(!amtool)('amtool accepts alertmanager.yml, and routes by team and severity', async () => {
    const config = join(render(pace), 'alertmanager/alertmanager.yml');
    const { stdout: checked } = await run('amtool', ['check-config', config]);
    expect(checked).toContain('SUCCESS');
    for (const [labels, receivers] of routes) {
      const { stdout } = await run('amtool', [
        'config',
        'routes',
        'test',
        `--config.file=${config}`,
        ...labels.split(' '),
      ]);
      expect([labels, stdout.trim()]).toEqual([labels, receivers]);
    }
  });

  test.skipIf(!promtool)(
    'every alert about the stack is quiet, fires and resolves',
    async () => {
      const folder = join(render(pace), 'prometheus/rule-tests');
      const cases = readFileSync(join(folder, 'stack.yml'), 'utf8');
      writeFileSync(join(folder, 'stack.yml'), stretched(cases, paces[pace].scrapeIntervalSeconds));
      const { stdout } = await run('promtool', ['test', 'rules', join(folder, 'stack.yml')]);
      expect(stdout).toMatch(/SUCCESS/);
    },
    120_000,
  );

  test('the embedded Alertmanager routes the same way', () => {
    const config = parseConfig(readFileSync(join(render(pace), 'alertmanager/alertmanager.yml'), 'utf8'));
    for (const [labels, receivers] of routes) {
      const set = Object.fromEntries(labels.split(' ').map((pair) => pair.split('=') as [string, string]));
      const matched = matchRoutes(buildRoute(config.route), set).map(({ receiver }) => receiver);
      expect([labels, matched.join(',')]).toEqual([labels, receivers]);
    }
  });
});

test.skipIf(!promtool)(
  'every alert is quiet before its fault, fires with it and resolves after it',
  async () => {
    const folder = join(render('lab'), 'prometheus');
    const { stdout } = await run('promtool', ['test', 'rules', join(folder, 'rule-tests/alerts.yml')]);
    expect(stdout).toMatch(/SUCCESS/);
  },
  // 2,000 evaluations of every rule.
  240_000,
);

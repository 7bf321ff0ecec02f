import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlertmanager, startAlertmanager } from './server.ts';

const run = promisify(execFile);
const config = `
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1h
  routes:
    - receiver: pager
      matchers: [severity="critical"]
      continue: true
    - receiver: web
      matchers: [team=~"web|front"]
receivers:
  - name: default
  - name: pager
    pagerduty_configs: [{routing_key: do-not-show}]
  - name: web
    slack_configs: [{api_url: 'http://127.0.0.1:9/secret', channel: '#web'}]
`;
const installed = await run('amtool', ['--version']).then(
  () => true,
  () => false,
);
const required = process.env.LAB_REQUIRE_NATIVE === '1';

describe.skipIf(!installed && !required)('the real amtool (skipped where it is not installed)', () => {
  let folder: string;
  let server: RunningAlertmanager;
  const amtool = async (...args: string[]) =>
    (await run('amtool', ['--alertmanager.url', server.url, ...args])).stdout;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'amtool-'));
    const configFile = join(folder, 'alertmanager.yml');
    writeFileSync(configFile, config);
    server = await startAlertmanager('127.0.0.1:0', { configFile });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('is installed where the native backends are required', () => {
    expect(installed).toBe(true);
  });

  it('adds alerts and finds them by their labels', async () => {
    await amtool(
      'alert',
      'add',
      'alertname=DiskFull',
      'severity=critical',
      'instance=i1',
      '--annotation=summary=full',
    );
    await amtool('alert', 'add', 'alertname=Slow', 'team=web');
    const found = JSON.parse(await amtool('alert', 'query', '-o', 'json', 'severity=critical')) as {
      labels: Record<string, string>;
      receivers: { name: string }[];
    }[];
    expect(found.map((alert) => alert.labels)).toEqual([
      { alertname: 'DiskFull', severity: 'critical', instance: 'i1' },
    ]);
    expect(found[0]?.receivers).toEqual([{ name: 'pager' }]);
    expect(await amtool('alert', 'query')).toMatch(/DiskFull[\s\S]*Slow|Slow[\s\S]*DiskFull/);
  });

  it('creates, lists, updates and expires silences', async () => {
    const id = (
      await amtool(
        'silence',
        'add',
        'alertname=DiskFull',
        '--author=me',
        '--comment=works on it',
        '--duration=1h',
      )
    ).trim();
    expect(await amtool('silence', 'query', '-q')).toBe(`${id}\n`);
    expect(await amtool('alert', 'query', '-o', 'json', '--silenced', 'alertname=DiskFull')).toContain(id);
    const updated = JSON.parse(
      await amtool('silence', 'update', '-o', 'json', '--comment=longer', '--duration=2h', id),
    ) as { comment: string }[];
    expect(updated[0]?.comment).toBe('longer');
    await amtool('silence', 'expire', id);
    expect(await amtool('silence', 'query', '-q')).toBe('');
    expect(await amtool('silence', 'query', '-q', '--expired')).toContain(id);
  });

  it('shows the configuration without its secrets, and tests routes against it', async () => {
    const shown = await amtool('config', 'show');
    expect(shown).toContain('receiver: default');
    expect(shown).not.toMatch(/do-not-show|9\/secret/);
    expect((await amtool('config', 'routes', 'test', 'severity=critical', 'team=web')).trim()).toBe(
      'pager,web',
    );
    expect((await amtool('config', 'routes', 'test', 'team=front')).trim()).toBe('web');
    expect((await amtool('config', 'routes', 'test', 'x=y')).trim()).toBe('default');
    expect(await amtool('config', 'routes', 'show')).toContain('pager');
  });

  it('reads the status of the cluster', async () => {
    expect(await amtool('cluster', 'show')).toContain('disabled');
  });
});

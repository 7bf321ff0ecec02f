import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PagerDutyEvents } from '../../services/inbox/pagerduty.ts';
import { ManualClock, settled } from '../embedded/alertmanager/manual-clock.ts';
import { startAlertmanager } from '../embedded/alertmanager/server.ts';
import { paces } from '../pace.ts';
import { renderTemplate } from '../render.ts';
import type { Placement } from '../topology.ts';

const start = Date.parse('2026-01-05T12:00:00Z');

/** Fires these alerts through the shipped config, and returns what PagerDuty got. */
async function pages(alerts: readonly Record<string, string>[]): Promise<unknown[]> {
  const received: unknown[] = [];
  const pagerduty = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.url === '/v2/enqueue') received.push(JSON.parse(text));
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => pagerduty.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'receivers-'));
  const clock = new ManualClock(start);
  const configFile = join(folder, 'alertmanager.yml');
  writeFileSync(
    configFile,
    renderTemplate(readFileSync(join(import.meta.dirname, 'alertmanager.yml'), 'utf8'), {
      pace: paces.lab,
      address: () => `127.0.0.1:${(pagerduty.address() as AddressInfo).port}`,
      url: (component: string) => `http://${component}.example`,
    } as unknown as Placement),
  );
  const running = await startAlertmanager('127.0.0.1:0', {
    configFile,
    clock,
    externalUrl: 'http://alertmanager.test',
  });
  onTestFinished(async () => {
    await running.close();
    pagerduty.closeAllConnections();
    pagerduty.close();
    rmSync(folder, { recursive: true });
  });
  await fetch(`${running.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      alerts.map((labels) => ({
        labels,
        annotations: {
          summary: `${labels.instance} is unwell`,
          description: 'It hardly answers.',
          runbook_url: 'http://r.example',
        },
      })),
    ),
  });
  await clock.advanceTo(start + 5_000, () => settled(running.manager.sending, () => 0));
  return received;
}

test.each([
  ['critical', ['api-1']],
  ['critical', ['api-1', 'api-2', 'api-3']],
  ['high', ['api-1']],
  ['high', ['api-1', 'api-2']],
])('a page of severity %s for %s is one that PagerDuty takes', async (severity, instances) => {
  const received = await pages(
    instances.map((instance) => ({
      alertname: 'SlowRequest',
      service: 'api',
      team: 'backend',
      severity,
      instance,
    })),
  );
  expect(received).toHaveLength(1);
  const outcome = new PagerDutyEvents().accept(received[0]);
  expect(outcome).toMatchObject({
    incoming: {
      status: 'firing',
      alertname: 'SlowRequest',
      severity,
      team: 'backend',
      instances,
      text: 'It hardly answers.',
    },
  });
  expect(JSON.stringify(outcome)).toContain('api-1 is unwell');
});

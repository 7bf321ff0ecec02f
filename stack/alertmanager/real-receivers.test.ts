// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a placeholder of the template
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { addRealReceivers } from './real-receivers.ts';

const shipped = readFileSync(join(import.meta.dirname, 'alertmanager.yml'), 'utf8');

interface Config {
  receivers: {
    name: string;
    slack_configs?: { api_url?: string; channel: string; fields: unknown[] }[];
    pagerduty_configs?: { routing_key: string; url?: string; details: Record<string, string> }[];
  }[];
}

test('without the variables the file stays as it is, to the letter', () => {
  expect(addRealReceivers(shipped, () => undefined)).toBe(shipped);
});

test('a Slack webhook is told what the inbox is told, and the inbox still is', () => {
  const url = 'https://hooks.slack.example/services/T/B/x';
  const config = parse(
    addRealReceivers(shipped, (name) => (name === 'LAB_SLACK_WEBHOOK_URL' ? url : undefined)),
  ) as Config;
  const critical = config.receivers.find(({ name }) => name === 'critical');
  expect(critical?.slack_configs?.map(({ api_url }) => api_url)).toEqual([
    'http://${address.inbox.http}/slack/incidents',
    url,
  ]);
  expect(critical?.slack_configs?.[1]?.fields).toEqual(critical?.slack_configs?.[0]?.fields);
  expect(config.receivers.find(({ name }) => name === 'warning')?.slack_configs).toHaveLength(2);
  const teams = config.receivers.filter(({ name }) => name.startsWith('team-'));
  expect(teams.map((one) => one.slack_configs?.map(({ channel }) => channel))).toEqual([
    ['#team-backend'],
    ['#team-sre'],
    ['#team-product'],
  ]);
  expect(critical?.pagerduty_configs).toHaveLength(1);
  expect(config.receivers.find(({ name }) => name === 'low')?.slack_configs).toBeUndefined();
});

test('a routing key goes to PagerDuty itself, not to the inbox', () => {
  const key = 'f'.repeat(32);
  const config = parse(
    addRealReceivers(shipped, (name) => (name === 'LAB_PAGERDUTY_ROUTING_KEY' ? key : undefined)),
  ) as Config;
  for (const name of ['critical', 'high']) {
    const [inbox, real] = config.receivers.find((one) => one.name === name)?.pagerduty_configs ?? [];
    expect(inbox?.url).toBeUndefined();
    expect(real).toMatchObject({ routing_key: key, url: 'https://events.pagerduty.com/v2/enqueue' });
    expect(real?.details).toEqual(inbox?.details);
  }
});

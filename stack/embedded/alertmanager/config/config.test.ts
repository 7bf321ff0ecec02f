import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { marshalConfig } from './marshal.ts';

const base = 'route: {receiver: a}\n';
const receivers = 'receivers: [{name: a}]\n';
const receiver = (text: string) => `${base}receivers:\n- name: a\n  ${text}\n`;
const interval = (text: string) =>
  `${base}${receivers}time_intervals:\n- name: x\n  time_intervals:\n  - ${text}\n`;

function refusal(text: string): string {
  try {
    parseConfig(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('Alertmanager configuration', () => {
  // The messages are those of amtool check-config 0.33.1.
  it.each<[string, string]>([
    ['', 'no route provided in config'],
    [
      `${base}${receivers}foo: 1\n`,
      'yaml: unmarshal errors:\n  line 3: field foo not found in type config.plain',
    ],
    [
      `${base}${receivers}inhibit_rules: x\n`,
      'yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `x` into []common.InhibitRule',
    ],
    [`${base}${receivers}global: {resolve_timeout: 5x}\n`, 'unknown unit "x" in duration "5x"'],
    ['a: b: c\n', 'yaml: mapping values are not allowed in this context'],
    [receiver('webhook_configs: [{}]'), 'one of url or url_file must be configured'],
    [receiver('webhook_configs: [{url: x}]'), 'invalid URL: unsupported scheme "" for URL'],
    [
      receiver("webhook_configs: [{url: 'http://x', max_alerts: -1}]"),
      'yaml: unmarshal errors:\n  line 4: cannot unmarshal !!int `-1` into uint64',
    ],
    [
      receiver("slack_configs: [{api_url: 'http://x', fields: [{title: a}]}]"),
      'missing value in Slack field configuration',
    ],
    [receiver('pagerduty_configs: [{}]'), 'missing service or routing key in PagerDuty config'],
    [receiver('email_configs: [{to: x}]'), 'no global SMTP smarthost set'],
    [
      interval("times: [{start_time: '19:00', end_time: '17:00'}]"),
      'start time cannot be equal or greater than end time',
    ],
    [interval('weekdays: [mon]'), 'mon is not a valid weekday'],
  ])('%j is refused', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it('writes itself out with defaults filled in and secrets hidden, and reads that again', () => {
    const text = marshalConfig(parseConfig(receiver("webhook_configs: [{url: 'http://user:pass@x'}]")));
    expect(text).not.toContain('pass');
    expect(text).toContain('    url: <secret>\n');
    expect(marshalConfig(parseConfig(text))).toBe(text);
  });

  it('stays small when aliases multiply', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}\nreceivers: *h\n${base}`;
    expect(() => parseConfig(bomb)).toThrow(/yaml/);
  });
});

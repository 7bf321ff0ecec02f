import { parse, stringify } from 'yaml';

type Receiver = Record<string, unknown>;

const pagerdutyUrl = 'https://events.pagerduty.com/v2/enqueue';

/**
 * Adds a person's own Slack and PagerDuty beside the inbox: every receiver that tells the inbox in Slack's or
 * PagerDuty's way tells the real one the same, when `LAB_SLACK_WEBHOOK_URL` or `LAB_PAGERDUTY_ROUTING_KEY` is set.
 * Returns the text unchanged when neither is.
 */
export function addRealReceivers(text: string, environment: (name: string) => string | undefined): string {
  const slackUrl = environment('LAB_SLACK_WEBHOOK_URL');
  const routingKey = environment('LAB_PAGERDUTY_ROUTING_KEY');
  if (!slackUrl && !routingKey) return text;
  const config = parse(text) as { receivers: Receiver[] };
  for (const receiver of config.receivers) {
    // A webhook leads to one channel: what a team reads besides would stand there twice.
    if (slackUrl && !String(receiver.name).startsWith('team-'))
      duplicate(receiver, 'slack_configs', { api_url: slackUrl });
    if (routingKey) {
      duplicate(receiver, 'pagerduty_configs', { routing_key: routingKey, url: pagerdutyUrl });
    }
  }
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Appends a copy of the first entry of `key`, with some fields of its own. */
function duplicate(receiver: Receiver, key: string, fields: Record<string, string>): void {
  const entries = receiver[key];
  if (Array.isArray(entries) && entries.length > 0)
    receiver[key] = [...entries, { ...entries[0], ...fields }];
}

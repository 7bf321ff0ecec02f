import { z } from 'zod';
import { dashboardAt, type Incoming, instancesOf, parseTitle } from './notification.ts';

const fieldSchema = z.object({ title: z.string().default(''), value: z.string().default('') });
const attachmentSchema = z.object({
  title: z.string().optional(),
  title_link: z.string().optional(),
  text: z.string().optional(),
  fallback: z.string().optional(),
  pretext: z.string().optional(),
  color: z.string().optional(),
  fields: z.array(fieldSchema).max(100).nullish(),
});
/** Slack's incoming webhook, as far as it carries text; blocks and the rest are let through unread. */
const messageSchema = z.object({
  text: z.string().optional(),
  attachments: z.array(attachmentSchema).max(100).nullish(),
});

/** What Slack's webhooks answer, in plain text. */
export type SlackRefusal = 'invalid_payload' | 'no_text';

/** Reads a message for a channel; a refusal is Slack's own word for what is wrong. */
export function parseSlackMessage(channel: string, body: unknown): Incoming | SlackRefusal {
  const parsed = messageSchema.safeParse(body);
  if (!parsed.success) return 'invalid_payload';
  const { text, attachments } = parsed.data;
  const attachment = attachments?.[0];
  const title = attachment?.title ?? text ?? attachment?.fallback ?? '';
  const detail = attachment?.text ?? attachment?.pretext ?? text ?? '';
  if (title === '' && detail === '') return 'no_text';
  const field = (name: string) =>
    attachment?.fields?.find((candidate) => candidate.title.toLowerCase() === name)?.value.trim();
  const { status, alertname } = parseTitle(title);
  return {
    channel: 'slack',
    receiver: `#${channel.replace(/^#/, '')}`,
    // Alertmanager's default colours tell where a title of someone's own does not.
    status: status ?? (attachment?.color === 'good' ? 'resolved' : 'firing'),
    alertname: field('alertname') || alertname || 'unknown',
    service: field('service') ?? '',
    severity: field('severity') ?? '',
    instances: instancesOf(field('instances')),
    title,
    text: detail,
    ...dashboardAt(attachment?.title_link),
  };
}

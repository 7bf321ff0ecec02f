import { z } from 'zod';

export const channels = ['slack', 'pagerduty', 'email', 'webhook', 'phone'] as const;
export type Channel = (typeof channels)[number];
export const statuses = ['firing', 'resolved'] as const;
export type Status = (typeof statuses)[number];

/** What arrived, whatever it came by, before it is filed. */
export interface Incoming {
  channel: Channel;
  receiver: string;
  status: Status;
  alertname: string;
  service: string;
  severity: string;
  instances: string[];
  /** The team that the alert is for, where it says so. */
  team?: string;
  title: string;
  text: string;
  dedupKey?: string;
  /** Where the sender says to look; http or https. */
  dashboardUrl?: string;
}

/** A filed notification, as the API shows it. Times are RFC 3339. */
export interface Notification extends Incoming {
  id: string;
  receivedAt: string;
  acknowledgedAt?: string;
  acknowledgedBy?: string;
}

export const querySchema = z.strictObject({
  since: z.iso.datetime({ offset: true }).optional(),
  alertname: z.string().max(200).optional(),
  status: z.enum(statuses).optional(),
  channel: z.enum(channels).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
export type NotificationQuery = z.infer<typeof querySchema>;

const maxText = 8_192;
const maxInstances = 100;

/** Bounds what a sender chose freely: one notification cannot fill the memory. */
export function bounded(incoming: Incoming): Incoming {
  const cut = (text: string, length: number) =>
    text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return {
    ...incoming,
    receiver: cut(incoming.receiver, 100),
    alertname: cut(incoming.alertname, 200),
    service: cut(incoming.service, 100),
    severity: cut(incoming.severity, 50),
    team: incoming.team === undefined ? undefined : cut(incoming.team, 50),
    instances: incoming.instances.slice(0, maxInstances).map((name) => cut(name, 100)),
    title: cut(incoming.title, 1_024),
    text: cut(incoming.text, maxText),
  };
}

/** The address as a property, when it is one that a person may follow: http or https, of a sane length. */
export function dashboardAt(address: unknown): { dashboardUrl?: string } {
  if (typeof address !== 'string' || address.length > 2_000 || !URL.canParse(address)) return {};
  const url = new URL(address);
  return url.protocol === 'http:' || url.protocol === 'https:' ? { dashboardUrl: url.href } : {};
}

/** `api-1, api-2` as a list; empty parts are dropped and repeats are one. */
export function instancesOf(text: string | undefined): string[] {
  const names = (text ?? '').split(/[,\s]+/).filter((name) => name !== '');
  return [...new Set(names)];
}

/** `[FIRING:2] HighLatency`: the status and the alert's name, as Alertmanager's own templates begin their titles. */
export function parseTitle(title: string): { status: Status | undefined; alertname: string | undefined } {
  const [, state, name] = /^\s*\[(FIRING|RESOLVED)(?::\d+)?\]\s*([\w.:-]+)?/i.exec(title) ?? [];
  return {
    status: state === undefined ? undefined : state.toUpperCase() === 'FIRING' ? 'firing' : 'resolved',
    alertname: name,
  };
}

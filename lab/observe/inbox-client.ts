import { z } from 'zod';
import {
  componentStates,
  incidentStates,
  publicComponentIds,
  type StatusEdit,
} from '../../services/contract/status-words.ts';
import { HttpJson } from './http-json.ts';

const notification = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  receivedAt: z.string(),
  channel: z.enum(['slack', 'pagerduty', 'email', 'webhook', 'phone']),
  receiver: z.string(),
  status: z.enum(['firing', 'resolved']),
  alertname: z.string(),
  service: z.string().default(''),
  severity: z.string().default(''),
  instances: z.array(z.string()).default([]),
  title: z.string().default(''),
  text: z.string().default(''),
  dedupKey: z.string().nullish(),
  acknowledgedAt: z.string().nullish(),
  acknowledgedBy: z.string().nullish(),
});

export type Notification = z.output<typeof notification>;

const person = z.object({ name: z.string(), phone: z.string() });
const page = z.object({
  id: z.string(),
  alertname: z.string(),
  service: z.string(),
  severity: z.enum(['critical', 'high']),
  team: z.string(),
  at: z.string(),
  level: z.enum(['primary', 'secondary', 'everybody']),
  called: z.array(z.string()),
  repeats: z.number(),
  nextAt: z.string().nullable(),
  acknowledgedAt: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedAt: z.string().nullable(),
});
const pageEvent = z.object({
  id: z.string(),
  at: z.string(),
  page: z.string(),
  kind: z.enum(['page', 'escalate', 'acknowledge', 'resolve']),
  team: z.string(),
  text: z.string(),
});
const oncallState = z.object({
  teams: z.array(
    z.object({
      team: z.string(),
      services: z.array(z.string()),
      primary: person,
      secondary: person,
      until: z.string(),
    }),
  ),
  pages: z.array(page),
  events: z.array(pageEvent),
});

/** Who is on call by the inbox, and what became of its pages. */
export type OncallState = z.output<typeof oncallState>;
export type PageEvent = z.output<typeof pageEvent>;

const statusEdit = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  incident: z.string(),
  state: z.enum(incidentStates),
  message: z.string(),
  components: z.partialRecord(z.enum(publicComponentIds), z.enum(componentStates)),
});

type Cancel = { readonly signal?: AbortSignal };

export interface NotificationFilter extends Cancel {
  readonly sinceMs?: number;
  readonly alertname?: string;
  readonly status?: 'firing' | 'resolved';
  readonly channel?: Notification['channel'];
  readonly limit?: number;
}

/** What the status page tells the public; ISO times. */
export interface PublicIncident {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly state: string;
  readonly declaredAt: string;
  readonly resolvedAt: string | null;
  readonly updates: readonly { readonly at: string; readonly state: string; readonly message: string }[];
  readonly timeToDetectSeconds: number | null;
  readonly timeToAcknowledgeSeconds: number | null;
  readonly timeToRepairSeconds: number | null;
}

/** The on-call inbox: what people were told, and when. */
export class InboxClient {
  readonly #http: HttpJson;

  readonly #token: string | undefined;

  /** `token`: the lab's, without which the status page cannot be written. */
  constructor(baseUrl: string, token?: string) {
    this.#http = new HttpJson('The inbox', baseUrl);
    this.#token = token;
  }

  /** Newest last. */
  async notifications(filter: NotificationFilter = {}): Promise<Notification[]> {
    const schema = z.object({ notifications: z.array(notification) });
    const { alertname, status, channel, limit } = filter;
    const since = filter.sinceMs === undefined ? undefined : new Date(filter.sinceMs).toISOString();
    const query = { since, alertname, status, channel, limit };
    return (await this.#http.json('/api/notifications', schema, { query, signal: filter.signal }))
      .notifications;
  }

  async acknowledge(id: string, by: string, { signal }: Cancel = {}): Promise<void> {
    const path = `/api/notifications/${encodeURIComponent(id)}/ack`;
    await this.#http.text(path, { method: 'POST', body: { by }, signal });
  }

  async watchdog({
    signal,
  }: Cancel = {}): Promise<{ healthy: boolean; lastSeenAt?: string | null | undefined }> {
    const schema = z.object({ healthy: z.boolean(), lastSeenAt: z.string().nullish() });
    return this.#http.json('/api/watchdog', schema, { signal });
  }

  /** Who is on call, and every page that the inbox still knows, the newest last. */
  oncall({ signal }: Cancel = {}): Promise<OncallState> {
    return this.#http.json('/api/oncall', oncallState, { signal });
  }

  /** Replaces all that the status page says. */
  async publishStatus(incidents: readonly PublicIncident[], { signal }: Cancel = {}): Promise<void> {
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    await this.#http.text('/api/status', { method: 'PUT', body: { incidents }, headers, signal });
  }

  /** What was written on the status page itself, the newest last. */
  async statusEdits({ signal }: Cancel = {}): Promise<readonly StatusEdit[]> {
    const schema = z.object({ edits: z.array(statusEdit) });
    return (await this.#http.json('/api/status/edits', schema, { signal })).edits;
  }

  statusPage(): string {
    return this.#http.url('/status');
  }

  link(): string {
    return this.#http.url('/');
  }
}

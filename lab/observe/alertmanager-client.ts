import { z } from 'zod';
import { HttpJson } from './http-json.ts';

const labels = z.record(z.string(), z.string());
const alert = z.object({
  labels,
  annotations: labels,
  startsAt: z.string(),
  endsAt: z.string(),
  updatedAt: z.string(),
  fingerprint: z.string(),
  receivers: z.array(z.object({ name: z.string() })),
  status: z.object({
    state: z.enum(['active', 'suppressed', 'unprocessed']),
    silencedBy: z.array(z.string()),
    inhibitedBy: z.array(z.string()),
  }),
});
const group = z.object({
  labels,
  receiver: z.object({ name: z.string() }),
  alerts: z.array(alert),
});
const silence = z.object({
  id: z.string(),
  comment: z.string(),
  createdBy: z.string(),
  startsAt: z.string().default(''),
  endsAt: z.string().default(''),
  updatedAt: z.string().default(''),
  matchers: z
    .array(
      z.object({
        name: z.string(),
        value: z.string(),
        isRegex: z.boolean(),
        isEqual: z.boolean().default(true),
      }),
    )
    .default([]),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
});

export type AlertmanagerAlert = z.output<typeof alert>;
export type AlertGroup = z.output<typeof group>;
export type Silence = z.output<typeof silence>;

type Cancel = { readonly signal?: AbortSignal };

/** Alertmanager's API v2, as far as checks need it. */
export class AlertmanagerClient {
  readonly #http: HttpJson;

  constructor(baseUrl: string) {
    this.#http = new HttpJson('Alertmanager', baseUrl);
  }

  /** Alerts that fire now, also the silenced and inhibited ones (see `status.state`). */
  async alerts(options: Cancel & { readonly filter?: readonly string[] } = {}): Promise<AlertmanagerAlert[]> {
    return this.#http.json('/api/v2/alerts', z.array(alert), {
      query: { filter: options.filter },
      signal: options.signal,
    });
  }

  /** Alerts by receiver and group: what shares a message. Suppressed alerts are among them. */
  async groups({ signal }: Cancel = {}): Promise<AlertGroup[]> {
    return this.#http.json('/api/v2/alerts/groups', z.array(group), { signal });
  }

  /** Sends alerts, as Prometheus does. They end at `endsAt`; one that lies in the past ends them at once. */
  async send(
    alerts: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
      readonly endsAt: string;
    }[],
    { signal }: Cancel = {},
  ): Promise<void> {
    await this.#http.text('/api/v2/alerts', { method: 'POST', body: alerts, signal });
  }

  /** The configuration that is in force, as YAML. */
  async config({ signal }: Cancel = {}): Promise<string> {
    const schema = z.object({ config: z.object({ original: z.string() }) });
    return (await this.#http.json('/api/v2/status', schema, { signal })).config.original;
  }

  async silences({ signal }: Cancel = {}): Promise<Silence[]> {
    return this.#http.json('/api/v2/silences', z.array(silence), { signal });
  }

  /** Silences what carries all of these labels. Returns the silence's ID. */
  async silence(
    matchers: Readonly<Record<string, string>>,
    durationMs: number,
    about: { readonly createdBy: string; readonly comment: string } & Cancel,
  ): Promise<string> {
    const now = Date.now();
    const body = {
      matchers: Object.entries(matchers).map(([name, value]) => ({
        name,
        value,
        isRegex: false,
        isEqual: true,
      })),
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + durationMs).toISOString(),
      createdBy: about.createdBy,
      comment: about.comment,
    };
    const schema = z.object({ silenceID: z.string() });
    return (await this.#http.json('/api/v2/silences', schema, { body, signal: about.signal })).silenceID;
  }

  async expireSilence(id: string, { signal }: Cancel = {}): Promise<void> {
    await this.#http.text(`/api/v2/silence/${encodeURIComponent(id)}`, {
      method: 'DELETE',
      signal,
    });
  }

  link(): string {
    return this.#http.url('/#/alerts');
  }
}

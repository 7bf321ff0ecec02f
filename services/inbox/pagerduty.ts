import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { dashboardAt, type Incoming, instancesOf } from './notification.ts';

const maxIncidents = 2_000;
const severities = ['critical', 'error', 'warning', 'info'] as const;

/** The messages are those of PagerDuty's Events API v2. */
const routingKeySchema = z
  .string("'routing_key' is missing or blank")
  .length(32, "Length of 'routing_key' is incorrect (should be 32 characters)");
const dedupKeySchema = z
  .string()
  .max(255, "Length of 'dedup_key' is incorrect (should be at most 255 characters)");
const required = (name: string) =>
  z.string(`'${name}' is missing or blank`).min(1, `'${name}' is missing or blank`);

const payloadSchema = z.object(
  {
    summary: required('payload.summary').max(
      1_024,
      "'payload.summary' is too long (should be at most 1024 characters)",
    ),
    source: required('payload.source'),
    severity: z.enum(
      severities,
      "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ),
    custom_details: z.record(z.string(), z.unknown()).nullish(),
  },
  "'payload' is missing or blank",
);

const linksSchema = z.array(z.object({ href: z.string(), text: z.string().nullish() })).nullish();

const triggerSchema = z.object({
  routing_key: routingKeySchema,
  event_action: z.literal('trigger'),
  dedup_key: dedupKeySchema.optional(),
  payload: payloadSchema,
  links: linksSchema,
});
const followUpSchema = z.object({
  routing_key: routingKeySchema,
  event_action: z.enum(['acknowledge', 'resolve']),
  dedup_key: required('dedup_key').pipe(dedupKeySchema),
  payload: z
    .object({ summary: z.string().optional(), custom_details: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});

export interface EventOutcome {
  dedupKey: string;
  /** Filed, unless the event changed no incident. */
  incoming?: Incoming;
  /** The incident that somebody in PagerDuty took on. */
  acknowledged?: string;
}

interface Incident {
  state: 'triggered' | 'acknowledged';
  title: string;
  details: Record<string, string>;
  dashboard: { dashboardUrl?: string };
}

/** Incidents by dedup key: triggered, acknowledged, resolved, as PagerDuty keeps them. */
export class PagerDutyEvents {
  readonly #open = new LRUCache<string, Incident>({ max: maxIncidents });

  /** Triggered or acknowledged; undefined once resolved, or never heard of. */
  stateOf(dedupKey: string): Incident['state'] | undefined {
    return this.#open.peek(dedupKey)?.state;
  }

  /** Somebody takes the incident on, here rather than in PagerDuty. */
  acknowledge(dedupKey: string): void {
    const incident = this.#open.get(dedupKey);
    if (incident !== undefined) incident.state = 'acknowledged';
  }

  /** Takes an event; a list of what is wrong with it otherwise. */
  accept(body: unknown): EventOutcome | { errors: string[] } {
    const action = (body as { event_action?: unknown } | null)?.event_action;
    if (action === undefined || action === '') return { errors: ["'event_action' is missing or blank"] };
    if (action === 'trigger') {
      const parsed = triggerSchema.safeParse(body);
      return parsed.success ? this.#trigger(parsed.data) : { errors: problemsOf(parsed.error) };
    }
    if (action === 'acknowledge' || action === 'resolve') {
      const parsed = followUpSchema.safeParse(body);
      return parsed.success ? this.#followUp(parsed.data) : { errors: problemsOf(parsed.error) };
    }
    return {
      errors: [
        "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
      ],
    };
  }

  #trigger({ dedup_key, payload, links }: z.infer<typeof triggerSchema>): EventOutcome {
    const dedupKey = dedup_key ?? randomUUID().replaceAll('-', '');
    const details = { severity: payload.severity, ...textsOf(payload.custom_details ?? {}) };
    const dashboard = dashboardAt(links?.find(({ text }) => text?.toLowerCase() === 'dashboard')?.href);
    const known = this.#open.get(dedupKey);
    // A trigger of an open incident adds to it; one of a resolved incident opens it anew.
    this.#open.set(dedupKey, {
      state: known?.state ?? 'triggered',
      title: payload.summary,
      details,
      dashboard,
    });
    return {
      dedupKey,
      incoming: { ...describe('firing', dedupKey, payload.summary, details), ...dashboard },
    };
  }

  #followUp({ event_action, dedup_key: dedupKey, payload }: z.infer<typeof followUpSchema>): EventOutcome {
    const incident = this.#open.get(dedupKey);
    // PagerDuty takes events for what it does not know and does nothing.
    if (incident === undefined) return { dedupKey };
    if (event_action === 'acknowledge') {
      this.acknowledge(dedupKey);
      return { dedupKey, acknowledged: dedupKey };
    }
    this.#open.delete(dedupKey);
    const details = { ...incident.details, ...textsOf(payload?.custom_details ?? {}) };
    // Alertmanager sends the payload again; other senders resolve by the key alone.
    const title = payload?.summary || incident.title.replace(/^\[FIRING(:\d+)?\]/, '[RESOLVED]');
    return {
      dedupKey,
      incoming: { ...describe('resolved', dedupKey, title, details), ...incident.dashboard },
    };
  }
}

function describe(
  status: Incoming['status'],
  dedupKey: string,
  title: string,
  details: Record<string, string>,
): Incoming {
  return {
    channel: 'pagerduty',
    receiver: 'pagerduty',
    status,
    alertname: details.alertname ?? 'unknown',
    service: details.service ?? '',
    severity: details.severity ?? '',
    instances: instancesOf(details.instances),
    ...(details.team ? { team: details.team } : {}),
    title,
    text: details.description ?? details.summary ?? details.firing ?? title,
    dedupKey,
  };
}

function textsOf(details: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details)
      .slice(0, 50)
      .map(([name, value]) => [
        name,
        value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value),
      ]),
  );
}

function problemsOf(error: z.ZodError): string[] {
  return error.issues.slice(0, 10).map(({ message }) => message);
}

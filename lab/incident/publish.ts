import type { InboxClient, PublicIncident } from '../observe/inbox-client.ts';
import type { Incident } from './incident.ts';
import { figuresOf, type RecordsContext } from './records.ts';

/** Brings the status page up to date with all incidents. */
export async function publishStatus(
  context: RecordsContext & { readonly observe: { readonly inbox: InboxClient } },
  incidents: readonly Incident[],
  nowMs: number,
): Promise<void> {
  const told = await Promise.all(
    incidents.map(async (incident): Promise<PublicIncident> => {
      const figures = await figuresOf(context, incident, nowMs);
      return {
        id: incident.id,
        title: incident.title,
        severity: incident.severity,
        state: incident.state,
        declaredAt: iso(incident.declaredAtMs),
        resolvedAt: incident.resolvedAtMs === undefined ? null : iso(incident.resolvedAtMs),
        updates: incident.updates.map(({ atMs, state, message }) => ({ at: iso(atMs), state, message })),
        timeToDetectSeconds: positive(figures.timeToDetectSeconds),
        timeToAcknowledgeSeconds: positive(figures.timeToAcknowledgeSeconds),
        timeToRepairSeconds: positive(figures.timeToRepairSeconds),
      };
    }),
  );
  await context.observe.inbox.publishStatus(told, { signal: context.signal });
}

const iso = (ms: number): string => new Date(ms).toISOString();
/** Told within the second in which it began. */
const positive = (seconds: number | null): number | null => (seconds === null ? null : Math.max(0, seconds));

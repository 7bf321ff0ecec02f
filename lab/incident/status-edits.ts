import {
  publicComponentIds,
  publicComponents,
  type StatusEdit,
} from '../../services/contract/status-words.ts';
import type { EventLog, LabEvent } from '../events/event-log.ts';
import type { InboxClient } from '../observe/inbox-client.ts';
import { ObserveError } from '../observe/observe-error.ts';

/**
 * Brings the event log up to date with what was written on the status page itself: an update is in it as
 * `incident update` would have put it there, at its own time. An inbox that does not answer is asked the next time.
 */
export async function recordStatusEdits(
  {
    observe: { inbox },
    events,
  }: { readonly observe: { readonly inbox: Pick<InboxClient, 'statusEdits'> }; readonly events: EventLog },
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const edits = await inbox.statusEdits(options).catch((error: unknown) => {
    if (error instanceof ObserveError) return [];
    throw error;
  });
  if (edits.length === 0) return;
  const known = new Set(
    events.read({ kinds: ['status-update', 'resolve'] }).map(({ details }) => details?.statusEdit),
  );
  for (const edit of edits) if (!known.has(edit.id)) record(events, edit);
}

function record(events: EventLog, { id, at, incident, state, message, components }: StatusEdit): void {
  const changed = publicComponentIds.flatMap((one) => {
    const now = components[one];
    return now === undefined ? [] : [`${publicComponents[one]}: ${now}`];
  });
  if (changed.length > 0) {
    events.append({
      at,
      kind: 'status-update',
      actor: 'learner',
      text: `Status page: ${changed.join(', ')}`,
      details: { statusEdit: `${id} components`, components },
    });
  }
  events.append({
    at,
    kind: state === 'resolved' ? 'resolve' : 'status-update',
    actor: 'learner',
    text: `${incident} ${state}: ${message}`,
    details: { statusEdit: id, incident, state, message },
  });
}

/** Events without those that two commands have read of the inbox or Alertmanager at the same moment. */
export function onceEach(events: readonly LabEvent[]): LabEvent[] {
  const seen = new Set<unknown>();
  return events.filter(({ details }) => {
    const id = details?.statusEdit ?? details?.pageEvent ?? details?.silenceEvent;
    if (id === undefined) return true;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

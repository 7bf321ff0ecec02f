import type { EventKind, EventLog } from '../events/event-log.ts';
import type { InboxClient, PageEvent } from '../observe/inbox-client.ts';

const kinds: Readonly<Record<PageEvent['kind'], EventKind>> = {
  page: 'page',
  escalate: 'escalate',
  acknowledge: 'acknowledge',
  resolve: 'page',
};

/** Brings the event log up to date with what the inbox did with its pages: each step is in it once, at its own time. */
export async function recordPages(
  {
    observe: { inbox },
    events,
  }: { readonly observe: { readonly inbox: Pick<InboxClient, 'oncall'> }; readonly events: EventLog },
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { events: steps } = await inbox.oncall(options);
  if (steps.length === 0) return;
  const known = new Set(
    events.read({ kinds: Object.values(kinds) }).map(({ details }) => details?.pageEvent),
  );
  for (const { id, at, kind, text, page, team } of steps) {
    if (known.has(id)) continue;
    events.append({
      at,
      kind: kinds[kind],
      actor: kind === 'acknowledge' ? 'learner' : 'lab',
      text,
      details: { pageEvent: id, page, team },
    });
  }
}

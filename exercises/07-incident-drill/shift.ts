// What the records say of the shift: its incidents, its pages, and for how long users were harmed.
import { harmIn, notificationsIn } from '../../lab/alerts/review.ts';
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { type Incident, Incidents } from '../../lab/incident/incident.ts';
import { recordStatusEdits } from '../../lab/incident/status-edits.ts';
import { type Interval, ledgerLateMs } from '../../lab/traffic/ledger.ts';

const beganAtMs = ({ timeline }: ExerciseContext): number => timeline.steadyAtMs ?? timeline.startedAtMs;

/** The incidents that were declared since this shift began, oldest first, with what was written on the status page itself. */
export async function incidentsOf(context: ExerciseContext): Promise<Incident[]> {
  await recordStatusEdits(context, context);
  return new Incidents(context.events).all().filter(({ declaredAtMs }) => declaredAtMs >= beganAtMs(context));
}

/** The first page since the break, and when somebody first took one. Milliseconds since the epoch. */
export async function pageOf(
  context: ExerciseContext,
): Promise<{ readonly atMs: number; readonly takenAtMs: number | undefined } | undefined> {
  const interval = { fromMs: brokenAtMs(context), toMs: context.clock.now() };
  const messages = (await notificationsIn(context, interval)).filter(
    ({ status, channel }) => status === 'firing' && channel !== 'email',
  );
  const pages = messages.filter(({ channel }) => channel === 'pagerduty');
  if (pages.length === 0) return undefined;
  // Who takes the same news in the chat has taken it.
  const taken = messages.flatMap(({ acknowledgedAt }) =>
    acknowledgedAt == null ? [] : Date.parse(acknowledgedAt),
  );
  return {
    atMs: Math.min(...pages.map(({ receivedAt }) => Date.parse(receivedAt))),
    takenAtMs: taken.length === 0 ? undefined : Math.min(...taken),
  };
}

/** Users have to be served for as long, so that it counts as repaired. */
const steadyMs = 15_000;

/**
 * From the first harm to users since the break until they were served again, and stayed it: a later disturbance, such as
 * giving the old primary its role back, is another story. `toMs` is undefined while it goes on.
 */
export function harmOf(
  context: ExerciseContext,
): { readonly fromMs: number; readonly toMs: number | undefined } | undefined {
  const nowMs = context.clock.now();
  const [first, ...later] = harmIn(context, { fromMs: brokenAtMs(context) - 1_000, toMs: nowMs });
  if (first === undefined) return undefined;
  let { toMs }: Interval = first;
  for (const next of later) if (next.fromMs - toMs < steadyMs) toMs = next.toMs;
  const isOver =
    toMs < nowMs - ledgerLateMs && context.ledger.count({ fromMs: toMs, toMs: nowMs }).requests > 0;
  return { fromMs: first.fromMs, toMs: isOver ? toMs : undefined };
}

export const brokenAtMs = ({ timeline }: ExerciseContext): number =>
  timeline.brokenAtMs ?? timeline.startedAtMs;

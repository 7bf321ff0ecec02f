import type { Pace } from '../../stack/pace.ts';
import { episodesIn, harmIn, notificationsIn, type ReviewContext } from '../alerts/review.ts';
import { harmfulStretches } from '../alerts/user-harm.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Backends } from '../observe/backends.ts';
import { errorBudget } from '../slo/budget.ts';
import { availabilityObjective } from '../slo/read-slo.ts';
import {
  type Interval,
  isError,
  type Ledger,
  type LedgerSlice,
  ledgerLateMs,
  sumSlices,
} from '../traffic/ledger.ts';
import type { Incident } from './incident.ts';
import { recordPages } from './page-events.ts';
import { recordSilences } from './silence-events.ts';
import { onceEach, recordStatusEdits } from './status-edits.ts';

/** How far back users are asked how they fare. */
export const feltWithinMs = 15_000;

export interface RecordsContext extends ReviewContext {
  readonly observe: Pick<Backends, 'prometheus' | 'inbox' | 'alertmanager'>;
  readonly events: EventLog;
}

export type MomentKind = 'users' | 'alert' | 'told' | 'acknowledged' | 'event';

/** One line of a timeline. */
export interface Moment {
  readonly atMs: number;
  readonly kind: MomentKind;
  readonly text: string;
}

/** Events that are about the exercise and not about the system. */
const ofTheExercise: ReadonlySet<string> = new Set(['phase', 'hint', 'answer', 'score', 'load']);

/**
 * What happened, from every record there is: the client's, Prometheus's, the inbox's, Alertmanager's silences and the
 * event log. `secrets`: also what was broken on purpose, which somebody who still looks for it should not read.
 */
export async function timelineOf(
  context: RecordsContext,
  interval: Interval,
  { secrets }: { readonly secrets: boolean },
): Promise<Moment[]> {
  const [episodes, notifications] = await Promise.all([
    episodesIn(context, interval),
    notificationsIn(context, interval),
    recordPages(context, context),
    recordStatusEdits(context, context),
    recordSilences(context, context),
  ]);
  const moments: Moment[] = [];
  const add = (atMs: number, kind: MomentKind, text: string): void => {
    moments.push({ atMs, kind, text });
  };
  for (const { fromMs, toMs, isOver } of toldHarm(context, interval)) {
    add(fromMs, 'users', 'users begin to be harmed: requests fail or take half a second');
    if (isOver) add(toMs, 'users', `users are served again, after ${Math.round((toMs - fromMs) / 1000)} s`);
  }
  for (const { alertname, labels, fromMs, toMs } of episodes) {
    const where = [labels.instance, labels.upstream].filter((part) => part !== undefined);
    const name = where.length === 0 ? alertname : `${alertname} (${where.join(', ')})`;
    add(fromMs, 'alert', `${name} fires`);
    if (toMs < interval.toMs - 2000 * context.pace.evaluationIntervalSeconds) {
      add(toMs + 1000 * context.pace.evaluationIntervalSeconds, 'alert', `${name} is resolved`);
    }
  }
  for (const one of notifications) {
    const words = `${one.channel} ${one.receiver}: ${one.alertname} ${one.status}`;
    add(Date.parse(one.receivedAt), 'told', words);
    if (one.acknowledgedAt != null) {
      add(
        Date.parse(one.acknowledgedAt),
        'acknowledged',
        `${one.alertname}, by ${one.acknowledgedBy ?? '?'}`,
      );
    }
  }
  for (const event of onceEach(context.events.read({ sinceMs: interval.fromMs }))) {
    const atMs = Date.parse(event.at);
    if (atMs >= interval.toMs || ofTheExercise.has(event.kind)) continue;
    // That somebody was paged, and took it, is told by the messages themselves.
    if (event.details?.pageEvent !== undefined && event.kind !== 'escalate') continue;
    if (!secrets && ['inject', 'revert'].includes(event.kind)) continue;
    add(atMs, 'event', event.text);
  }
  return moments.sort((a, b) => a.atMs - b.atMs);
}

/** For so long users have to be served before it is said that they are. */
const calmMs = 3_000;

/**
 * Harm that began within the interval, and whether it ended there: the newest second of the client's record is no end,
 * and neither is one after which nobody was answered.
 */
function toldHarm(
  { ledger }: RecordsContext,
  { fromMs, toMs }: Interval,
): (Interval & { isOver: boolean })[] {
  const slices = ledger.slices({ fromMs, toMs: toMs + calmMs });
  const writtenMs = writtenUntil(slices);
  return harmfulStretches(slices)
    .filter((harm) => harm.fromMs < toMs)
    .map((harm) => ({ ...harm, isOver: harm.toMs <= toMs && harm.toMs + calmMs <= writtenMs }));
}

/** The end of the newest second of the client's record; zero where there is none. */
const writtenUntil = (slices: readonly LedgerSlice[]): number =>
  1000 * slices.reduce((last, { second }) => Math.max(last, second + 1), 0);

/** What an incident was, in figures. Moments in milliseconds since the epoch, null where it did not happen. */
export interface IncidentFigures {
  /** The first second in which users were harmed. */
  readonly startedAtMs: number | null;
  /** The first time that a person was told at once. */
  readonly detectedAtMs: number | null;
  readonly firstAlert: string | null;
  readonly acknowledgedAtMs: number | null;
  readonly declaredAtMs: number;
  /** Since when users are served again. */
  readonly mitigatedAtMs: number | null;
  readonly resolvedAtMs: number | null;
  readonly timeToDetectSeconds: number | null;
  readonly timeToAcknowledgeSeconds: number | null;
  readonly timeToRepairSeconds: number | null;
  readonly harmedSeconds: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** What users wanted to do, and how much of it failed. */
  readonly failedByKind: Readonly<Record<string, { readonly failed: number; readonly of: number }>>;
  /** Of the availability's error budget over its window. 1 is all of it. */
  readonly budgetSpentRatio: number;
}

/** The share of requests that failed in the quarter of a minute before; undefined when nobody asked. */
export function errorRatioBefore(ledger: Ledger, atMs: number): number | undefined {
  const { requests, errors } = ledger.count({ fromMs: atMs - feltWithinMs, toMs: atMs });
  return requests === 0 ? undefined : errors / requests;
}

/** How far before its declaration an incident can have begun. */
export const lookBackMs = (pace: Pace): number => 1000 * (pace.name === 'lab' ? 180 : 7200);

/** The figures of an incident, all of them from records. */
export async function figuresOf(
  context: RecordsContext,
  incident: Incident,
  nowMs: number,
): Promise<IncidentFigures> {
  const interval = {
    fromMs: incident.declaredAtMs - lookBackMs(context.pace),
    toMs: incident.resolvedAtMs ?? nowMs,
  };
  const harm = harmIn(context, interval);
  // An earlier, shorter disturbance that was over before is another story.
  const own = harm.filter((one) => one.toMs >= incident.declaredAtMs - 30_000);
  const started = own[0]?.fromMs ?? null;
  const ended = own.at(-1)?.toMs ?? null;
  // While it goes on, the newest second of the client's record is no end.
  const knownMs =
    incident.resolvedAtMs === undefined ? writtenUntil(context.ledger.slices(interval)) : interval.toMs;
  const isOver = ended !== null && ended < knownMs - 2_000;
  const notifications = (await notificationsIn(context, interval)).filter(
    ({ receivedAt }) => started === null || Date.parse(receivedAt) >= started,
  );
  const pages = notifications.filter(({ status, channel }) => status === 'firing' && channel !== 'email');
  const detected = earliest(pages.map(({ receivedAt }) => receivedAt));
  const acknowledged = earliest(pages.flatMap(({ acknowledgedAt }) => acknowledgedAt ?? []));
  // Not up to the last second, which may not be written yet: the figures have to be the same when they are asked again.
  const writtenMs = interval.toMs - ledgerLateMs;
  const slices =
    started === null
      ? []
      : context.ledger.slices({ fromMs: started, toMs: Math.min(ended ?? writtenMs, writtenMs) });
  const { requests, errors } = sumSlices(slices);
  const window = context.ledger.count({
    fromMs: writtenMs - 1000 * context.pace.sloWindowSeconds,
    toMs: writtenMs,
  });
  const budget = errorBudget({
    objective: availabilityObjective,
    windowSeconds: context.pace.sloWindowSeconds,
    requests: window.requests,
    errors,
  });
  return {
    startedAtMs: started,
    detectedAtMs: detected,
    firstAlert: pages.find(({ receivedAt }) => Date.parse(receivedAt) === detected)?.alertname ?? null,
    acknowledgedAtMs: acknowledged,
    declaredAtMs: incident.declaredAtMs,
    mitigatedAtMs: isOver ? ended : null,
    resolvedAtMs: incident.resolvedAtMs ?? null,
    timeToDetectSeconds: seconds(started, detected),
    timeToAcknowledgeSeconds: seconds(detected, acknowledged),
    timeToRepairSeconds: isOver ? seconds(started, ended) : null,
    harmedSeconds: own.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0),
    requests,
    failedRequests: errors,
    failedByKind: byKind(slices),
    budgetSpentRatio: 1 - budget.remainingRatio,
  };
}

function byKind(slices: Parameters<typeof sumSlices>[0]): IncidentFigures['failedByKind'] {
  const kinds: Record<string, { failed: number; of: number }> = {};
  for (const { kind, statuses } of slices) {
    const sum = kinds[kind] ?? { failed: 0, of: 0 };
    for (const [status, count] of Object.entries(statuses)) {
      sum.of += count;
      if (isError(status)) sum.failed += count;
    }
    kinds[kind] = sum;
  }
  return kinds;
}

const earliest = (times: readonly string[]): number | null =>
  times.length === 0 ? null : Math.min(...times.map((time) => Date.parse(time)));

const seconds = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : Math.round((to - from) / 100) / 10;

import type { Pace } from '../../stack/pace.ts';
import type { Backends } from '../observe/backends.ts';
import type { Notification } from '../observe/inbox-client.ts';
import type { PrometheusRule } from '../observe/prometheus-client.ts';
import type { Interval, Ledger } from '../traffic/ledger.ts';
import { percentile } from '../traffic/tally.ts';
import { type Episode, firedEpisodes, replayedEpisodes, ticketSeverity } from './episodes.ts';
import { type AlertingQuality, judgeAlerting } from './judge-alerting.ts';
import { harmfulStretches } from './user-harm.ts';

/** What a review looks at. */
export interface ReviewContext {
  readonly observe: Pick<Backends, 'prometheus' | 'inbox'>;
  readonly ledger: Ledger;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** The dead man's switch always fires, and is not a message to anybody. */
const deadMansSwitch = 'Watchdog';
/** Prometheus gives at most 11,000 points a series. */
const mostPoints = 10_000;
/**
 * Channels that reach a person at once with what is new. A telephone rings for what PagerDuty was told, and again while
 * nobody acknowledges it: that is no news of another harm. A team's own channel has all that is its, to be read at leisure.
 */
const urgentChannels: readonly Notification['channel'][] = ['pagerduty', 'slack', 'webhook'];

/** Within which time of the first harm somebody has to be told: a rate window, and the `for` of a page. Seconds. */
export const tellWithinSeconds = (pace: Pace): number => pace.rateWindowSeconds + pace.alertForSeconds;

/** When users were harmed within the interval; what it cuts at its edges begins and ends there. */
export function harmIn({ ledger }: Pick<ReviewContext, 'ledger'>, interval: Interval): Interval[] {
  return harmfulStretches(ledger.slices(interval));
}

/** What fired within the interval, by Prometheus's own record. */
export async function episodesIn(
  { observe, pace, signal }: ReviewContext,
  interval: Interval,
): Promise<Episode[]> {
  const stepSeconds = stepOf(interval, pace.evaluationIntervalSeconds);
  const series = await observe.prometheus.queryRange(
    `ALERTS{alertstate="firing", alertname!="${deadMansSwitch}"}`,
    { startMs: interval.fromMs, endMs: interval.toMs, stepSeconds, signal },
  );
  return firedEpisodes(series, stepSeconds);
}

/** The alerting rules in force. */
export async function alertingRules({ observe, signal }: ReviewContext): Promise<PrometheusRule[]> {
  const rules = await observe.prometheus.rules({ signal });
  return rules.filter(({ type, name }) => type === 'alerting' && name !== deadMansSwitch);
}

/** When the rules that are in force now would have fired within the interval, had they been in force then. */
export async function replayIn(context: ReviewContext, interval: Interval): Promise<Episode[]> {
  const rules = await alertingRules(context);
  const replayed = await Promise.all(
    rules.map(async (rule) => {
      const stepSeconds = stepOf(interval, rule.groupIntervalSeconds);
      const series = await context.observe.prometheus.queryRange(rule.query, {
        startMs: interval.fromMs,
        endMs: interval.toMs,
        stepSeconds,
        signal: context.signal,
      });
      return replayedEpisodes(
        {
          alertname: rule.name,
          severity: rule.labels.severity ?? '',
          forSeconds: rule.duration ?? 0,
          keepFiringForSeconds: rule.keepFiringFor ?? 0,
        },
        series,
        stepSeconds,
      );
    }),
  );
  return replayed.flat();
}

/** What people were told within the interval. */
export async function notificationsIn(
  { observe, signal }: ReviewContext,
  { fromMs, toMs }: Interval,
): Promise<Notification[]> {
  const all = await observe.inbox.notifications({ sinceMs: fromMs, limit: 10_000, signal });
  return all.filter(
    ({ receivedAt, alertname }) => Date.parse(receivedAt) < toMs && alertname !== deadMansSwitch,
  );
}

/**
 * Whether a person was told of something that fires, between two moments. Alertmanager says nothing again of what it has
 * just said: a message that came up to as long before, and was not taken back since, tells as well.
 */
export function peopleWereTold(
  notifications: readonly Notification[],
): (fromMs: number, toMs: number) => boolean {
  const messages = notifications
    .filter(({ channel, receiver }) => urgentChannels.includes(channel) && !receiver.startsWith('#team-'))
    .map((message) => ({
      ...message,
      atMs: Date.parse(message.receivedAt),
      subject: [
        message.channel,
        message.receiver,
        message.dedupKey ?? message.alertname,
        message.service,
      ].join(),
    }));
  const firing = messages.filter(({ status }) => status === 'firing');
  const resolved = messages.filter(({ status }) => status === 'resolved');
  return (fromMs, toMs) =>
    firing.some(
      ({ atMs, subject }) =>
        atMs <= toMs &&
        (atMs >= fromMs ||
          (atMs >= fromMs - (toMs - fromMs) &&
            !resolved.some((one) => one.subject === subject && one.atMs >= atMs && one.atMs <= fromMs))),
    );
}

/** One alert over the interval. */
export interface ReviewedAlert {
  readonly alertname: string;
  readonly severity: string;
  /** How often it began to fire. */
  readonly fired: number;
  /** Together, over all its instances. */
  readonly firingSeconds: number;
  /** Times that it began while users were harmed; null of a ticket, which is not measured by that. */
  readonly founded: number | null;
  /** Messages that it fires, by channel. */
  readonly told: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** From a message until somebody took it, the middle one; null when nobody took any. */
  readonly secondsToAcknowledge: number | null;
  readonly advice: string;
}

export interface AlertsReview {
  readonly from: string;
  readonly to: string;
  readonly alerts: readonly ReviewedAlert[];
  /** Times in which users were harmed, by the client's own record. */
  readonly harm: readonly { readonly from: string; readonly to: string; readonly told: boolean | null }[];
  readonly quality: Pick<AlertingQuality, 'episodes' | 'founded' | 'stretches' | 'told'> & {
    readonly precision: number | null;
    readonly recall: number | null;
  };
  /** Pages (PagerDuty) that somebody would get in an hour that goes on like this. */
  readonly pagesAnHour: number;
  readonly messagesAMinute: Readonly<Record<string, number>>;
}

/** Every alert of the last interval: how often, for how long, told to whom, and whether a user felt it. */
export async function reviewAlerts(context: ReviewContext, interval: Interval): Promise<AlertsReview> {
  const [episodes, notifications, rules] = await Promise.all([
    episodesIn(context, interval),
    notificationsIn(context, interval),
    alertingRules(context),
  ]);
  const stretches = harmIn(context, interval);
  const limitMs = 1000 * tellWithinSeconds(context.pace);
  const tells = peopleWereTold(notifications);
  const quality = judgeAlerting(episodes, stretches, interval, { limitMs, tells });
  const unfounded = new Set(quality.unfounded);
  const fires = notifications.filter(({ status }) => status === 'firing');
  const severityOf = new Map([
    ...rules.map((rule) => [rule.name, rule.labels.severity ?? ''] as const),
    ...episodes.map((one) => [one.alertname, one.severity] as const),
  ]);
  const alerts = [...severityOf]
    .map(([alertname, severity]): ReviewedAlert => {
      const own = episodes.filter((one) => one.alertname === alertname);
      const messages = fires.filter((one) => one.alertname === alertname);
      const founded = severity === ticketSeverity ? null : own.filter((one) => !unfounded.has(one)).length;
      return {
        alertname,
        severity,
        fired: own.length,
        firingSeconds: Math.round(own.reduce((sum, one) => sum + (one.toMs - one.fromMs), 0) / 1000),
        founded,
        told: countBy(messages.map(({ channel }) => channel)),
        acknowledged: messages.filter(({ acknowledgedAt }) => acknowledgedAt != null).length,
        secondsToAcknowledge: secondsToAcknowledge(messages),
        advice: adviceFor(own.length, founded),
      };
    })
    .sort((a, b) => b.fired - a.fired || a.alertname.localeCompare(b.alertname));
  const minutes = (interval.toMs - interval.fromMs) / 60_000;
  const byChannel = countBy(fires.map(({ channel }) => channel));
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    from: iso(interval.fromMs),
    to: iso(interval.toMs),
    alerts,
    harm: stretches.map((one) => ({
      from: iso(one.fromMs),
      to: iso(one.toMs),
      told: quality.missed.includes(one)
        ? false
        : one.fromMs + limitMs <= interval.toMs || tells(one.fromMs, one.fromMs + limitMs)
          ? true
          : null,
    })),
    quality: {
      episodes: quality.episodes,
      founded: quality.founded,
      stretches: quality.stretches,
      told: quality.told,
      precision: quality.precision ?? null,
      recall: quality.recall ?? null,
    },
    pagesAnHour: (60 * (byChannel.pagerduty ?? 0)) / minutes,
    messagesAMinute: Object.fromEntries(
      Object.entries(byChannel).map(([channel, count]) => [channel, count / minutes]),
    ),
  };
}

/** The median over the messages that somebody took, in seconds with one decimal. */
export function secondsToAcknowledge(
  messages: readonly Pick<Notification, 'receivedAt' | 'acknowledgedAt'>[],
): number | null {
  const waits = messages
    .flatMap(({ receivedAt, acknowledgedAt }) =>
      acknowledgedAt == null ? [] : Date.parse(acknowledgedAt) - Date.parse(receivedAt),
    )
    .sort((a, b) => a - b);
  const middle = percentile(
    waits.map((ms) => [ms, 1] as const),
    0.5,
  );
  return middle === undefined ? null : Math.round(middle / 100) / 10;
}

function adviceFor(fired: number, founded: number | null): string {
  if (fired === 0) return 'did not fire';
  if (founded === null) return 'a ticket: it interrupts nobody';
  if (founded === 0) return 'no user felt anything: change it, or delete it';
  if (founded / fired < 0.9)
    return `${fired - founded} times no user felt anything: make it wait, or aim higher`;
  return 'keep';
}

function stepOf({ fromMs, toMs }: Interval, intervalSeconds: number): number {
  return Math.max(intervalSeconds, Math.ceil((toMs - fromMs) / 1000 / mostPoints));
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

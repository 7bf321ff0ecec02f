import { type AlertingQuality, judgeAlerting, judgedStretches } from '../../lab/alerts/judge-alerting.ts';
import {
  episodesIn,
  harmIn,
  notificationsIn,
  peopleWereTold,
  tellWithinSeconds,
} from '../../lab/alerts/review.ts';
import type { ConfigFile } from '../../lab/configuration/config-file.ts';
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { FaultSpec } from '../../lab/faults/fault.ts';
import type { Notification } from '../../lab/observe/inbox-client.ts';
import type { Interval } from '../../lab/traffic/ledger.ts';
import type { Pace } from '../../stack/pace.ts';
import { formatDuration } from '../../stack/render.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { replicas } from '../kit/queries.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const rulesFile: ConfigFile = { component: 'prometheus', path: 'prometheus/rules/alerts.yml' };
export const routesFile: ConfigFile = { component: 'alertmanager', path: 'alertmanager/alertmanager.yml' };
export const slowEndpoint = '/api/v1/notes/search';

/** At the lab pace: 20 s of harm about every 38 s, and a moment of 150 ms on each replica about every 6 s. */
export const harmSeconds = (pace: Pace): number => (4 / 3) * pace.rateWindowSeconds;
const pauseSeconds = (pace: Pace): number => 1.2 * pace.rateWindowSeconds;
/** In which a whole harm begins and somebody has to have been told of it, whenever one begins to look. */
export const wholeHarmSeconds = (pace: Pace): number =>
  harmSeconds(pace) + 1.25 * pauseSeconds(pace) + tellWithinSeconds(pace) + 5;

/** A rule that somebody wrote after an incident: never again may a slow request go unseen. */
export const noisyAlert = 'SlowRequest';
const requests = 'job="api", endpoint=~"/api/v1/notes.*"';
export const noisyRule = (pace: Pace): string => {
  const window = formatDuration(3 * pace.scrapeIntervalSeconds);
  return `      - alert: ${noisyAlert}
        expr: |
          sum by (instance) (increase(http_request_duration_seconds_count{${requests}}[${window}]))
          - sum by (instance) (increase(http_request_duration_seconds_bucket{${requests}, le="0.1"}[${window}])) > 0.5
        for: 0s
        labels:
          severity: critical`;
};
/** What it took the place of. */
const shippedRule = (pace: Pace): string => `      - alert: HighLatency
        expr: instance:http_request_duration_seconds:p95 > 0.3
        for: ${formatDuration(pace.alertForSeconds)}
        labels:
          severity: warning`;
export const noisySummary = "summary: 'A request to {{ $labels.instance }} was slow'";
const noisyDescription =
  "description: '{{ $labels.instance }} answered a request in more than 100 ms. Every slow request matters.'";

/** The noise, and what hides in it. */
export function noiseAndHarm(pace: Pace): FaultSpec[] {
  const ms = (seconds: number): number => Math.round(1000 * seconds);
  const slower = pace.rateWindowSeconds / 15;
  return [
    faultSpec('config-overlay', {
      target: rulesFile.component,
      params: {
        edits: {
          [rulesFile.path]: [
            { find: shippedRule(pace), put: noisyRule(pace) },
            {
              find: "summary: 'p95 of {{ $labels.instance }} is {{ $value | humanizeDuration }}'",
              put: noisySummary,
            },
            {
              find: "description: 'Five in a hundred requests that {{ $labels.instance }} answers take longer than {{ $value | humanizeDuration }}; the limit is 300 ms.'",
              put: noisyDescription,
            },
          ],
        },
      },
    }),
    ...replicas.map((target, index) =>
      faultSpec('latency-spikes', {
        target,
        params: { seed: 11 + index, delayMs: 150, lastsMs: ms(slower), everyMs: ms(6 * slower) },
      }),
    ),
    // The same seed on all three: they are slow together.
    ...replicas.map((target) =>
      faultSpec('slow-endpoint', {
        target,
        params: {
          seed: 7,
          endpoint: slowEndpoint,
          delayMs: 900,
          lastsMs: ms(harmSeconds(pace)),
          everyMs: ms(harmSeconds(pace) + pauseSeconds(pace)),
        },
      }),
    ),
  ];
}

export const limitMs = ({ pace }: ExerciseContext): number => 1000 * tellWithinSeconds(pace);

/** From the break, or from the repair where there was one, until now. */
export const sinceThen = (context: ExerciseContext): Interval => ({
  fromMs: context.timeline.repairedAtMs ?? evidenceFrom(context),
  toMs: context.clock.now(),
});

/** Stretches of harm that began within the interval and are old enough to be judged. */
export const judgedHarm = (context: ExerciseContext, interval: Interval): Interval[] =>
  judgedStretches(harmIn(context, interval), interval, limitMs(context));

/**
 * How good the alerting of an interval was, by what fired and by what people were told. A rule that has just been put in
 * force still sees the window before: what it makes of that in its first moments is not held against it.
 */
export async function qualityIn(context: ExerciseContext, interval: Interval): Promise<AlertingQuality> {
  const [episodes, notifications] = await Promise.all([
    episodesIn(context, interval),
    notificationsIn(context, interval),
  ]);
  const harm = harmIn(context, interval);
  const judge = (counted: typeof episodes): AlertingQuality =>
    judgeAlerting(counted, harm, interval, {
      limitMs: limitMs(context),
      tells: peopleWereTold(notifications),
    });
  const settledMs = interval.fromMs + limitMs(context);
  const early = new Set(judge(episodes).unfounded.filter(({ fromMs }) => fromMs < settledMs));
  return judge(episodes.filter((one) => !early.has(one)));
}

/** Pages since then: every trigger that PagerDuty got. */
export async function pagesIn(context: ExerciseContext, interval: Interval): Promise<Notification[]> {
  const all = await notificationsIn(context, interval);
  return all.filter(({ channel, status }) => channel === 'pagerduty' && status === 'firing');
}

export const clock = (ms: number): string => new Date(ms).toLocaleTimeString();

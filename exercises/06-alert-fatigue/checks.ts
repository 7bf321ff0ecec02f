// Noise, what hides in it, and what is left when the noise is gone.
import { harmIn } from '../../lab/alerts/review.ts';
import { logCheck, metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check, ExerciseContext, Invariant } from '../../lab/exercise/model/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { tracesSince } from '../kit/traces.ts';
import {
  clock,
  judgedHarm,
  pagesIn,
  qualityIn,
  sinceThen,
  slowEndpoint,
  wholeHarmSeconds,
} from './telemetry.ts';

const inboxLink = ({ observe: { inbox } }: ExerciseContext): string => inbox.link();
/** Two harms, one of them whole. */
export const twoHarms = (pace: Pace): number => 2 * wholeHarmSeconds(pace);
const secondsSince = (context: ExerciseContext): number =>
  Math.max(
    context.pace.rateWindowSeconds,
    Math.floor((context.clock.now() - evidenceFrom(context)) / 1000) - context.pace.scrapeIntervalSeconds,
  );

const pagesFlood: Check = {
  id: 'pages-flood',
  claim: 'somebody is paged again and again: at least three times since the break',
  pillar: 'alerts',
  query: 'notifications channel=pagerduty status=firing',
  async measure(context) {
    const since = sinceThen(context);
    const { length } = await pagesIn(context, since);
    const perHour = (3_600_000 * length) / (since.toMs - since.fromMs);
    return { value: length, note: `${Math.round(perHour)} an hour, if it goes on like this` };
  },
  // Alertmanager gathers what flaps into one message an interval: 200 to 340 an hour were seen.
  expect: { atLeast: 3, unit: 'notifications' },
  withinSeconds: wholeHarmSeconds,
  link: inboxLink,
  next: 'npm run lab -- inbox shows who is told what',
};

const noiseFires: Check = {
  id: 'noise-fires',
  claim: 'at least ten times an alert began to fire while users felt nothing',
  pillar: 'alerts',
  query: 'ALERTS{alertstate="firing"}, compared with the client\'s own record',
  async measure(context) {
    const { unfounded, episodes } = await qualityIn(context, sinceThen(context));
    return { value: unfounded.length, note: `of ${episodes} times` };
  },
  expect: { atLeast: 10, unit: 'alerts' },
  withinSeconds: twoHarms,
  link: ({ observe }) => observe.prometheus.link('count by (alertname) (ALERTS{alertstate="firing"})'),
  next: 'npm run lab -- alerts review compares what fired with what users felt',
};

const usersAreHarmed: Check = {
  id: 'users-are-harmed',
  claim: 'and users were harmed at least once, by their own record',
  pillar: 'traffic',
  query: 'client: over five seconds, one answer in twenty takes 500 ms or more',
  async measure(context) {
    const found = judgedHarm(context, sinceThen(context));
    const times = found.map(({ fromMs, toMs }) => `${clock(fromMs)} to ${clock(toMs)}`);
    return { value: found.length, note: times.join(', ') || 'not yet' };
  },
  expect: { atLeast: 1, unit: '' },
  withinSeconds: wholeHarmSeconds,
  link: ({ observe }) => observe.prometheus.link('gateway:http_request_duration_seconds:p95'),
  next: 'wait: it comes and goes',
};

const searchP95 = (pace: Pace): string =>
  `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="gateway", endpoint="${slowEndpoint}"}[${pace.rateWindowSeconds}s])))`;

const metricsKnow: Check = metricCheck({
  id: 'metrics-know',
  claim: 'p95 of the search at the gateway was above 500 ms',
  promql: (context) =>
    `max_over_time(${searchP95(context.pace)}[${secondsSince(context)}s:${context.pace.evaluationIntervalSeconds}s])`,
  scale: 1000,
  guard: {
    what: 'searches at the gateway',
    promql: `sum(http_requests_total{job="gateway", endpoint="${slowEndpoint}"})`,
  },
  expect: { above: 500, unit: 'ms' },
  withinSeconds: wholeHarmSeconds,
  next: 'compare the endpoints: p95 by endpoint at the gateway',
});

const linesKnow: Check = logCheck({
  id: 'lines-know',
  claim: 'log lines of the gateway tell of searches that took more than 500 ms',
  logql: (context) =>
    `sum(count_over_time({service="gateway"} |= "request completed" | json | path="${slowEndpoint}" | duration_ms > 500 [${secondsSince(context)}s]))`,
  guard: {
    what: 'log lines of the gateway',
    logql: ({ pace }) => `sum(count_over_time({service="gateway"} [${pace.rateWindowSeconds}s]))`,
  },
  expect: { atLeast: 10, unit: 'lines' },
  withinSeconds: wholeHarmSeconds,
  link: ({ observe: { grafana } }) =>
    grafana.exploreLink('loki', '{service="gateway"} |= "request completed" | json | duration_ms > 500'),
  next: 'read them: {service="gateway"} |= "request completed" | json | duration_ms > 500',
});

const tracesKnow: Check = {
  id: 'traces-know',
  claim: 'traces show what the searches wait for: a lock, for more than 800 ms',
  pillar: 'traces',
  query: 'service=api minDuration=800ms with a span "acquire lock"',
  async measure(context) {
    const traces = await tracesSince(context, evidenceFrom(context), { minDurationMs: 800 });
    const waiting = [...traces.values()].filter((spans) =>
      spans.some((span) => span.name === 'acquire lock' && span.durationMs >= 800),
    );
    return { value: waiting.length, note: `of ${traces.size} slow traces` };
  },
  guard: {
    what: 'traces of the API',
    measure: async (context) => (await tracesSince(context, context.clock.now() - 10_000)).size,
  },
  expect: { atLeast: 3, unit: 'traces' },
  withinSeconds: wholeHarmSeconds,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api', minDurationMs: 800 }),
  next: 'search the service api with a minimum duration of 800ms',
};

export const noiseIsSeen: readonly Check[] = [
  pagesFlood,
  noiseFires,
  usersAreHarmed,
  metricsKnow,
  linesKnow,
  tracesKnow,
];

const alertsFounded: Check = {
  id: 'alerts-founded',
  claim: 'of what fired since the repair, users felt at least nine in ten',
  pillar: 'alerts',
  query: 'ALERTS{alertstate="firing"}, compared with the client\'s own record',
  async measure(context) {
    const { precision, founded, episodes } = await qualityIn(context, sinceThen(context));
    return precision === undefined
      ? { value: undefined, note: 'nothing has fired since then' }
      : { value: 100 * precision, note: `${founded} of ${episodes}` };
  },
  expect: { atLeast: 90, unit: '%' },
  withinSeconds: twoHarms,
  link: ({ observe }) => observe.prometheus.alertsLink(),
  next: 'npm run lab -- alerts review says which alert fires for nothing',
};

const pagesFew: Check = {
  id: 'pages-few',
  claim: 'nobody is paged more than three times a minute any more',
  pillar: 'alerts',
  query: 'notifications channel=pagerduty status=firing, a minute',
  async measure(context) {
    const since = sinceThen(context);
    const minutes = (since.toMs - since.fromMs) / 60_000;
    if (60 * minutes < context.pace.rateWindowSeconds)
      return { value: undefined, note: 'it is too short a time yet' };
    const { length } = await pagesIn(context, since);
    return { value: length / minutes, note: `${length} since then` };
  },
  expect: { atMost: 3, unit: '' },
  withinSeconds: wholeHarmSeconds,
  link: inboxLink,
  next: 'npm run lab -- inbox',
};

export const noiseIsGone: readonly Check[] = [alertsFounded, pagesFew];

/** The one thing that alerting is for. */
export const harmIsTold: Invariant = {
  id: 'harm-is-told',
  claim: 'whenever users were harmed, somebody was told in time',
  pillar: 'alerts',
  query: "stretches of harm by the client's record, and notifications by page or chat within the limit",
  async measure(context, { fromMs, toMs }) {
    const { repairedAtMs = fromMs } = context.timeline;
    // While wrong rules are tried out, nobody is told of anything: it counts up to that, and from the repair.
    const interval = { fromMs: repairedAtMs < toMs ? Math.max(fromMs, repairedAtMs) : fromMs, toMs };
    const { stretches, missed } = await qualityIn(context, interval);
    if (stretches === 0)
      return {
        value: undefined,
        note: `users were harmed ${harmIn(context, interval).length} times, none of which can be judged`,
      };
    const when = missed.map((one) => clock(one.fromMs)).join(', ');
    return { value: missed.length, note: `of ${stretches}${when === '' ? '' : `, missed at ${when}`}` };
  },
  expect: { equals: 0, unit: '' },
  violatedBy: 'silence-alert',
  link: inboxLink,
  next: 'npm run lab -- alerts review names what nobody was told',
};

// A short spike: it really happens, users feel it, and nobody is woken.
import { logCheck, metricCheck, metricInvariant } from '../../lab/exercise/model/checks.ts';
import type {
  Act,
  Check,
  Decoy,
  ExerciseContext,
  NumberTask,
  TextTask,
} from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { trafficProfiles } from '../../lab/traffic/profiles.ts';
import { type Pace, paces } from '../../stack/pace.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { stopTraffic } from '../kit/decoys.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { userRequests } from '../kit/queries.ts';
import { tracesSince } from '../kit/traces.ts';
import { threeTurns, twoTurns } from '../kit/windows.ts';
import { allowedRatio, burnRate, pagesFrom } from './telemetry.ts';

const { requestsPerSecond } = trafficProfiles.steady;
/** A burn rate of 4.5 in the long window, and so of 18 in the short one, which is a quarter of it. */
const spikeRequests = (pace: Pace): number =>
  Math.round(4.5 * allowedRatio * pace.burnRateFast.longSeconds * requestsPerSecond);
const spike = (pace: Pace) =>
  faultSpec('error-spikes', {
    params: {
      requests: spikeRequests(pace),
      // The next one comes when the long window has forgotten this one.
      everyMs: Math.round(1500 * pace.burnRateFast.longSeconds),
    },
  });

const requestsAtGateway = {
  what: 'requests at the gateway',
  promql: 'job:http_requests:rate{job="gateway"}',
};

/** Before that, both windows see the same few seconds, and what they say is the same. */
export const longWindowFull: Check = metricCheck({
  id: 'long-window-full',
  claim: 'requests have been coming for a whole long window',
  promql: ({ pace }) =>
    `sum(increase(http_requests_total{job="gateway", ${userRequests}}[${pace.burnRateFast.longSeconds}s]))`,
  guard: requestsAtGateway,
  // At the lab's pace 2,160 of 2,400; in production the long window takes an hour to fill.
  expect: { atLeast: 0.9 * requestsPerSecond * paces.lab.burnRateFast.longSeconds, unit: 'requests' },
  withinSeconds: (pace) => 1.5 * pace.burnRateFast.longSeconds,
  next: 'wait until the window is full: a minute at the lab pace',
});

/** How long ago the break was, or the steady state before it; long enough for two values. */
const secondsSince = (context: ExerciseContext): number =>
  Math.max(
    2 * context.pace.evaluationIntervalSeconds,
    Math.ceil((context.clock.now() - evidenceFrom(context)) / 1000),
  );

/** How high a burn rate rose since then. */
const peakQuery = (context: ExerciseContext, window: 'fast_short' | 'fast_long'): string =>
  `max_over_time(${burnRate(window)}[${secondsSince(context)}s])`;

const peak = (context: ExerciseContext, window: 'fast_short' | 'fast_long'): Promise<number | undefined> =>
  context.observe.prometheus.value(peakQuery(context, window), { signal: context.signal });

const usersFeltIt: Check = {
  id: 'users-felt-it',
  claim: "requests failed: the client's own record has at least five",
  pillar: 'traffic',
  query: 'client: answers 5xx and requests without an answer, since the break',
  async measure(context) {
    // The client counts by the second, and the spike may be in the second of the break.
    const { requests, errors } = context.ledger.count({
      fromMs: Math.floor(evidenceFrom(context) / 1000) * 1000,
      toMs: context.clock.now(),
    });
    return requests === 0
      ? { value: undefined, note: 'the client sent nothing' }
      : { value: errors, note: `of ${requests} requests` };
  },
  expect: { atLeast: 5, unit: 'requests' },
  withinSeconds: twoTurns,
  link: ({ observe }) => observe.prometheus.link('job:http_requests:error_ratio{job="gateway"}'),
  next: 'the ledger in .lab/<name>/ledger has every second of the client',
};

const rose = (window: 'fast_short' | 'fast_long', claim: string, expect: Check['expect']): Check =>
  metricCheck({
    id: `${window.replace('_', '-')}-rose`,
    claim,
    promql: (context) => peakQuery(context, window),
    guard: requestsAtGateway,
    expect,
    withinSeconds: twoTurns,
    next: 'draw both windows over the last minutes: slo:availability:burn_rate{window=~"fast.*"}',
  });

const linesOfIt: Check = logCheck({
  id: 'lines-of-it',
  claim: 'the log of the gateway has the failed requests',
  logql: (context) =>
    `sum(count_over_time({service="gateway"} | json | status>=500 [${secondsSince(context)}s]))`,
  guard: {
    what: 'log lines of the gateway',
    logql: ({ pace }) => `sum(count_over_time({service="gateway"} [${pace.rateWindowSeconds}s]))`,
  },
  expect: { atLeast: 5, unit: 'lines' },
  withinSeconds: twoTurns,
  next: 'read them: {service="gateway"} | json | status>=500',
});

const tracesOfIt: Check = {
  id: 'traces-of-it',
  claim: 'the failed requests end at the gateway: their traces have no span of the API',
  pillar: 'traces',
  query: 'service=gateway error=true, without a span of the API',
  async measure(context) {
    const traces = await tracesSince(context, evidenceFrom(context), {
      service: 'gateway',
      attributes: { error: 'true' },
    });
    const short = [...traces.values()].filter(
      (spans) => spans.some((span) => span.error) && spans.every((span) => span.service === 'gateway'),
    );
    return { value: short.length, note: `of ${traces.size} traces` };
  },
  guard: {
    what: 'traces of the API',
    measure: async (context) => (await tracesSince(context, context.clock.now() - 10_000)).size,
  },
  expect: { atLeast: 3, unit: 'traces' },
  withinSeconds: twoTurns,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next: 'search the service gateway for the tag error=true, and open a trace',
};

const spikesEnd: Check = metricCheck({
  id: 'spikes-end',
  claim: 'nothing has failed over the whole long window',
  promql: burnRate('fast_long'),
  guard: requestsAtGateway,
  expect: { equals: 0, unit: '×' },
  withinSeconds: (pace) => 1.5 * pace.burnRateFast.longSeconds + threeTurns(pace),
  next: 'the window has to pass: a minute at the lab pace',
});

const nobodyIsWoken = metricInvariant({
  id: 'nobody-is-woken',
  claim: 'SLOBudgetBurnRateFast does not fire for a spike',
  promql: 'count(ALERTS{alertname="SLOBudgetBurnRateFast", alertstate="firing"}) or vector(0)',
  worst: 'highest',
  expect: { atMost: 0, unit: 'alerts' },
  violatedBy: 'one-window',
  next: 'read the expression of the alert: which windows does it ask?',
});

/** Both rates have to be above the limit; this one asks the short window alone, and asks for less. */
const oneWindow = faultSpec('config-overlay', {
  target: 'prometheus',
  params: {
    edits: {
      'prometheus/rules/alerts.yml': [
        {
          find: `slo:availability:burn_rate{window="fast_long"} > ${pagesFrom}
          and on ()
          slo:availability:burn_rate{window="fast_short"} > ${pagesFrom}`,
          put: 'slo:availability:burn_rate{window="fast_short"} > 6',
        },
      ],
    },
  },
});
/** Half a spike, of one replica; an answer of 500 is not asked for again elsewhere. */
const halfASpike = (pace: Pace) =>
  faultSpec('error-spikes', {
    target: 'api-1',
    params: { requests: Math.round(spikeRequests(pace) / 2), everyMs: 7_200_000, status: 500 },
  });

const decoys: readonly Decoy[] = [
  {
    id: 'one-window',
    description:
      'Page sooner: ask the short window alone. Then half a spike is enough, and somebody is woken for what is over.',
    async apply(context) {
      await context.inject(oneWindow);
      await context.inject(halfASpike(context.pace));
    },
    async undo(context) {
      await context.revert(halfASpike(context.pace));
      await context.revert(oneWindow);
    },
    rejectedBy: ['nobody-is-woken', 'spikes-end'],
    givenSeconds: (pace) => pace.rateWindowSeconds / 2,
  },
  stopTraffic('spikes-end'),
];

const howHigh: NumberTask = {
  id: 'how-high',
  prompt: 'How high did the burn rate get in the two fast windows? Answer as short=… long=…',
  kind: 'number',
  fields: (['short', 'long'] as const).map((name) => ({
    name,
    unit: '',
    tolerance: 0.15,
    async truth(context) {
      const value = await peak(context, `fast_${name}`);
      if (value === undefined) throw new Error('Prometheus has no burn rate');
      return { low: value, high: value };
    },
  })),
  because:
    'the short window rose above 14.4 and the long one did not: the alert asks for both, so that nobody was woken for what was over before anybody could look',
  hints: [
    'A spike is gone from the short window soon. Ask for the highest value of the last minutes.',
    'In Prometheus, draw slo:availability:burn_rate{window=~"fast.*"} over the last five minutes.',
    'max_over_time(slo:availability:burn_rate{window=~"fast.*"}[3m])',
  ],
  async solve(context) {
    const [short, long] = await Promise.all([peak(context, 'fast_short'), peak(context, 'fast_long')]);
    return `short=${short?.toFixed(1)} long=${long?.toFixed(1)}`;
  },
  wrongAnswers: [
    { answer: 'short=100 long=100', why: 'the share of failed requests while it lasted' },
    {
      why: 'the windows mixed up',
      async answer(context) {
        const [short, long] = await Promise.all([peak(context, 'fast_short'), peak(context, 'fast_long')]);
        return `short=${long?.toFixed(1)} long=${short?.toFixed(1)}`;
      },
    },
  ],
};

/** Seconds of full outage that fill the long window up to the limit of the alert. */
const untilItPages = (pace: Pace): number => pagesFrom * allowedRatio * pace.burnRateFast.longSeconds;

const howLong: TextTask = {
  id: 'how-long',
  prompt:
    'For how many seconds would every request have to fail until this alert pages? Answer with the seconds.',
  kind: 'text',
  hints: [
    `The alert wants a burn rate above ${pagesFrom} in the long window too: an error ratio of ${pagesFrom} × 0.001.`,
    'How long is the long window? It is in the rule of slo:availability:error_ratio with window="fast_long".',
    'While everything fails, a second fills one second of the window: 0.0144 of the window’s length.',
  ],
  async verify(answer, { pace }) {
    const seconds = Number(/[\d.]+/.exec(answer)?.[0]);
    const wanted = untilItPages(pace);
    if (!Number.isFinite(seconds)) return rejected('answer with a number of seconds');
    if (Math.abs(seconds - wanted) <= 0.1 * wanted)
      return accepted(
        `${pagesFrom} × 0.1 % of ${pace.burnRateFast.longSeconds} s. The spike lasted ${(spikeRequests(pace) / requestsPerSecond).toFixed(2)} s`,
      );
    return rejected(
      seconds < wanted
        ? 'after that time the long window is not yet above the limit'
        : 'the alert would have paged before',
    );
  },
  solve: async ({ pace }) => `${untilItPages(pace).toFixed(3)} s`,
  wrongAnswers: [
    { answer: '14.4', why: 'the burn rate taken for seconds' },
    {
      why: 'the short window taken for the long one',
      answer: async ({ pace }) => `${pagesFrom * allowedRatio * pace.burnRateFast.shortSeconds}`,
    },
  ],
};

/** The first act: what must not page. */
export const shortSpike: Act = {
  id: 'spike',
  title: 'A spike',
  summary: 'For a moment every request failed. It is over. Why is nobody woken?',
  load: 'steady',
  break: (pace) => [spike(pace)],
  observe: [
    usersFeltIt,
    rose('fast_short', 'the short window rose above what pages', { above: pagesFrom, unit: '×' }),
    rose('fast_long', 'the long window rose as well, and stayed below what pages', {
      between: [1, pagesFrom],
      unit: '×',
    }),
    linesOfIt,
    tracesOfIt,
  ],
  invariants: [nobodyIsWoken, usersKeepComing('steady', 'stop-traffic')],
  tasks: [howHigh, howLong],
  decoys,
  repair: {
    steps: [{ description: 'Taking the cause of the spikes away', apply: (context) => context.revert() }],
  },
  recover: [spikesEnd],
};

// What a bad release looks like: metrics, logs, traces, alerts, the mark on the dashboards, the client's own record.
import { logCheck, metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check, Invariant } from '../../lab/exercise/model/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { alertLife, alertsFlow } from '../kit/alert-life.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { tracesSince } from '../kit/traces.ts';
import { threeScrapes, threeTurns, twoTurns } from '../kit/windows.ts';
import {
  allowedRatio,
  badVersion,
  burnRate,
  clientErrorRatio,
  failingEndpoint,
  failureLines,
  freshErrorRatio,
  pagesFrom,
  replicasOn,
} from './telemetry.ts';

/** Three replicas, one after the other: drained, started, ready. */
export const rollingDeploySeconds = 10;
/** Until the long window is full of the new release. */
const longWindow = (pace: Pace): number => rollingDeploySeconds + 1.5 * pace.burnRateFast.longSeconds;

export const page = alertLife({
  alertname: 'SLOBudgetBurnRateFast',
  withinSeconds: longWindow,
  resolvedWithinSeconds: (pace) => 2 * pace.burnRateFast.longSeconds,
});
const errors = alertLife({
  alertname: 'HighErrorRate',
  withinSeconds: longWindow,
  resolvedWithinSeconds: (pace) => 2 * pace.burnRateFast.longSeconds,
});

const requestsAtGateway = {
  what: 'requests at the gateway',
  promql: 'job:http_requests:rate{job="gateway"}',
};

const tenPercent: Check = metricCheck({
  id: 'ten-percent-fail',
  claim: 'one request in ten fails at the gateway',
  promql: 'job:http_requests:error_ratio{job="gateway"}',
  scale: 100,
  guard: requestsAtGateway,
  expect: { between: [8.5, 11.5], unit: '%' },
  withinSeconds: (pace) => rollingDeploySeconds + threeTurns(pace),
  holdsForSeconds: threeScrapes,
  next: 'see which version runs: npm run lab -- deploy',
});

const usersFeelIt: Check = {
  id: 'users-feel-it',
  claim: "the client's own record says the same: 10 % of its requests failed in the last window",
  pillar: 'traffic',
  query: 'client: answers 5xx and requests without an answer, of all',
  async measure(context) {
    const toMs = Math.floor(context.clock.now() / 1000) * 1000 - 1000;
    const fromMs = toMs - context.pace.rateWindowSeconds * 1000;
    const { requests, errors: failed, ratio } = clientErrorRatio(context, fromMs, toMs);
    return requests === 0
      ? { value: undefined, note: 'the client sent nothing' }
      : { value: 100 * ratio, note: `${failed} of ${requests} requests` };
  },
  expect: { between: [9, 11], unit: '%' },
  withinSeconds: (pace) => rollingDeploySeconds + threeTurns(pace),
  link: ({ observe }) => observe.prometheus.link('job:http_requests:error_ratio{job="gateway"}'),
  next: 'the ledger in .lab/<name>/ledger has every second of the client',
};

const burns = (window: 'fast_short' | 'fast_long', claim: string, expect: Check['expect']): Check =>
  metricCheck({
    id: `burns-${window.replace('_', '-')}`,
    claim,
    promql: burnRate(window),
    guard: requestsAtGateway,
    expect,
    withinSeconds: longWindow,
    next: 'compare both windows: slo:availability:burn_rate',
  });

const budgetFalls: Check = {
  id: 'budget-falls',
  claim: 'more than a tenth of the budget has been spent since the release',
  pillar: 'metrics',
  query: 'slo:availability:error_budget_remaining, now and at the break',
  async measure({ observe, timeline, clock, signal }) {
    if (timeline.brokenAtMs === undefined) return { value: 0, note: 'nothing is broken' };
    const promql = 'slo:availability:error_budget_remaining';
    const [before, now] = await Promise.all([
      observe.prometheus.value(promql, { timeMs: timeline.brokenAtMs, signal }),
      observe.prometheus.value(promql, { timeMs: clock.now(), signal }),
    ]);
    if (before === undefined || now === undefined) return undefined;
    return {
      value: 100 * (before - now),
      note: `from ${(100 * before).toFixed(0)} % to ${(100 * now).toFixed(0)} %`,
    };
  },
  expect: { atLeast: 10, unit: '%' },
  withinSeconds: longWindow,
  link: ({ observe }) => observe.prometheus.link('slo:availability:error_budget_remaining'),
  next: 'npm run lab -- slo shows the budget and what is left of it',
};

const linesNameIt: Check = logCheck({
  id: 'lines-name-it',
  claim: `error lines name the version ${badVersion}, the endpoint and the exception`,
  logql: ({ pace }) => `sum(count_over_time(${failureLines} |= "TypeError" [${pace.rateWindowSeconds}s]))`,
  guard: {
    what: 'log lines of the API',
    logql: ({ pace }) => `sum(count_over_time({service="api"} [${pace.rateWindowSeconds}s]))`,
  },
  expect: { atLeast: 5, unit: 'lines' },
  withinSeconds: (pace) => rollingDeploySeconds + twoTurns(pace),
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', failureLines),
  next: 'read the error lines: {service="api", level="error"} | json',
});

const tracesNameIt: Check = {
  id: 'traces-name-it',
  claim: `failed traces name the version ${badVersion}, and the exception where it was thrown`,
  pillar: 'traces',
  query: `service=api error=true, with an exception on a span of version ${badVersion}`,
  async measure(context) {
    const traces = await tracesSince(context, evidenceFrom(context), { limit: 200 });
    const failing = [...traces.values()].filter((spans) =>
      spans.some(
        (span) =>
          span.error &&
          span.version === badVersion &&
          span.exceptions.some((text) => text.includes('locale')),
      ),
    );
    return { value: failing.length, note: `of ${traces.size} traces` };
  },
  guard: {
    what: 'traces of the API',
    measure: async (context) => (await tracesSince(context, context.clock.now() - 10_000)).size,
  },
  expect: { atLeast: 3, unit: 'traces' },
  withinSeconds: (pace) => rollingDeploySeconds + twoTurns(pace),
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api' }),
  next: 'search the service api for the tag error=true, and open a trace',
};

const markedBefore: Check = {
  id: 'marked-before',
  claim: 'the mark on the dashboards names the release, and stands before the errors rise',
  pillar: 'metrics',
  query: 'annotations of this lab, and the first second with errors',
  async measure({ observe, timeline, clock, pace, signal }) {
    const { brokenAtMs } = timeline;
    if (brokenAtMs === undefined) return { value: 0, note: 'nothing is broken' };
    const marks = (await observe.grafana.annotations({ tags: ['lab'], signal })).filter(
      (mark) => mark.time >= brokenAtMs - 1000 && mark.text.includes(badVersion),
    );
    const [series] = await observe.prometheus.queryRange(
      'job:http_requests:error_ratio{job="gateway"} > 0.01',
      {
        startMs: brokenAtMs,
        endMs: clock.now(),
        stepSeconds: pace.scrapeIntervalSeconds,
        signal,
      },
    );
    const risesAtMs = series?.points[0]?.timestampMs;
    if (risesAtMs === undefined) return { value: 0, note: `${marks.length} marks, and no errors yet` };
    const before = marks.filter((mark) => mark.time <= risesAtMs);
    return {
      value: before.length,
      note: `the errors rose ${((risesAtMs - brokenAtMs) / 1000).toFixed(0)} s later`,
    };
  },
  expect: { atLeast: 1, unit: '' },
  withinSeconds: (pace) => rollingDeploySeconds + twoTurns(pace),
  link: ({ observe }) => observe.prometheus.link('job:http_requests:error_ratio{job="gateway"}'),
  next: 'open the dashboard "SLO": the mark is a vertical line',
};

const warningHeldBack: Check = {
  id: 'warning-held-back',
  claim: 'the slow burn rate warns as well, and is held back by the page',
  pillar: 'alerts',
  query: 'alertname="SLOBudgetBurnRateSlow" state=suppressed',
  async measure({ observe: { alertmanager }, signal }) {
    const alerts = await alertmanager.alerts({ filter: ['alertname="SLOBudgetBurnRateSlow"'], signal });
    return alerts.filter(({ status }) => status.state === 'suppressed' && status.inhibitedBy.length > 0)
      .length;
  },
  guard: alertsFlow,
  expect: { atLeast: 1, unit: 'alerts' },
  withinSeconds: longWindow,
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'in Alertmanager, show inhibited alerts as well',
};

export const observe: readonly Check[] = [
  tenPercent,
  usersFeelIt,
  burns('fast_short', 'the budget burns about a hundred times too fast over the short window', {
    between: [80, 115],
    unit: '×',
  }),
  // It fills more slowly, and need not be full: the alert asks for this much.
  burns('fast_long', 'over the long window it burns fast enough to page', { above: pagesFrom, unit: '×' }),
  budgetFalls,
  linesNameIt,
  tracesNameIt,
  markedBefore,
  warningHeldBack,
  errors.fires,
  page.fires,
  page.routed,
  page.toldBy('pagerduty'),
  page.toldBy('slack'),
];

const errorsEnd: Check = metricCheck({
  id: 'errors-end',
  claim: 'no request fails any more',
  promql: ({ pace }) => freshErrorRatio(pace),
  scale: 100,
  guard: requestsAtGateway,
  expect: { equals: 0, unit: '%' },
  withinSeconds: threeTurns,
  holdsForSeconds: threeScrapes,
  next: 'see which version runs: npm run lab -- deploy',
});

const versionGone: Check = metricCheck({
  id: 'version-gone',
  claim: `no replica runs ${badVersion} any more`,
  promql: `${replicasOn(badVersion)} or vector(0)`,
  guard: { what: 'replicas that tell their version', promql: 'count(build_info{job="api"})' },
  expect: { equals: 0, unit: 'replicas' },
  withinSeconds: threeTurns,
  next: 'npm run lab -- deploy shows what runs where',
});

const burnEnds: Check = metricCheck({
  id: 'burn-ends',
  claim: 'the budget burns no faster than it may, over the short window',
  promql: burnRate('fast_short'),
  guard: requestsAtGateway,
  expect: { below: 1, unit: '×' },
  withinSeconds: (pace) => 3 * pace.burnRateFast.shortSeconds + 10 * pace.scrapeIntervalSeconds,
  next: 'the window has to pass: a quarter of a minute at the lab pace',
});

export const recovery: readonly Check[] = [errorsEnd, versionGone, burnEnds, page.quiet, page.resolved];

/** The client's count and Prometheus's tell the same burn rate. */
export const burnAgrees: Invariant = {
  id: 'burn-agrees',
  claim: "the burn rate by the client's record and by Prometheus agree within 20",
  pillar: 'traffic',
  query: `${burnRate('fast_short')}, and the client's error ratio of the same window divided by ${allowedRatio}`,
  async measure(context, { toMs }) {
    const { observe: backends, pace, signal } = context;
    // Of a whole second, and of what has been scraped.
    const endMs = Math.floor(toMs / 1000) * 1000 - 1000 * pace.scrapeIntervalSeconds;
    const rate = await backends.prometheus.value(burnRate('fast_short'), { timeMs: endMs, signal });
    const fromMs = endMs - pace.burnRateFast.shortSeconds * 1000;
    const { requests, ratio } = clientErrorRatio(context, fromMs, endMs);
    if (rate === undefined || requests === 0) return undefined;
    const client = ratio / allowedRatio;
    return {
      value: Math.abs(client - rate),
      note: `client ${client.toFixed(1)}, Prometheus ${rate.toFixed(1)}`,
    };
  },
  // A window that begins a second earlier or later holds a fifteenth of other requests: 7 of 100, at both ends.
  expect: { atMost: 20, unit: '×' },
  violatedBy: 'raise-objective',
  link: ({ observe: backends }) => backends.prometheus.link(burnRate('fast_short')),
  next: 'compare the recording rules of the burn rate with the objective that was promised',
};

export const onlyOneEndpoint: Invariant = {
  id: 'only-one-endpoint',
  claim: `nothing fails besides ${failingEndpoint}`,
  pillar: 'metrics',
  query: 'http_requests_total{job="gateway", status=~"5.."} of the other endpoints, its increase',
  async measure({ observe: backends, signal }, { fromMs, toMs }) {
    const at = async (timeMs: number): Promise<number | undefined> =>
      backends.prometheus.value(
        `sum(http_requests_total{job="gateway", endpoint=~"/api/v1/.*", endpoint!="${failingEndpoint}", status=~"5.."}) or vector(0)`,
        { timeMs, signal },
      );
    const [before, after] = await Promise.all([at(fromMs), at(toMs)]);
    return before === undefined || after === undefined ? undefined : after - before;
  },
  expect: { atMost: 0, unit: 'requests' },
  violatedBy: 'shed-orders',
  link: ({ observe: backends }) =>
    backends.prometheus.link(
      'sum by (endpoint) (rate(http_requests_total{job="gateway", status=~"5.."}[1m]))',
    ),
  next: 'see which endpoint fails besides: sum by (endpoint) (rate(http_requests_total{job="gateway", status=~"5.."}[1m]))',
};

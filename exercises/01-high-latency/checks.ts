import { logCheck, measuredCheck, metricCheck } from '../../lab/exercise/checks.ts';
import type { Check, ExerciseContext, Guard } from '../../lab/exercise/model.ts';
import { countSeconds } from '../../lab/traffic/tally.ts';
import type { Pace } from '../../stack/pace.ts';
import { signalsReconcile } from './reconcile.ts';
import {
  countLines,
  delayMs,
  evidenceFrom,
  freshFrom,
  freshP95,
  freshRate,
  freshSeconds,
  isDatabaseSpan,
  others,
  p95Of,
  rateOf,
  slow,
  slowQueryLines,
  slowTraces,
  tracesSince,
  windowTurns,
} from './telemetry.ts';

const alertname = 'HighLatency';
/** Twice what the pipeline may take: the deadline of what the alert has to do. */
const alertSeconds = (pace: Pace): number =>
  2 *
  (windowTurns(pace) / 4 + pace.alertForSeconds + pace.groupWaitSeconds + 2 * pace.evaluationIntervalSeconds);
/** A resolved alert is told at the group's next interval, after the window has emptied. */
const resolveSeconds = (pace: Pace): number => 2 * (windowTurns(pace) + pace.groupIntervalSeconds);

// What must hold throughout.

/** Seconds that are over, and in which the break or the repair was already there. */
function sinceLastChange({ timeline, clock }: ExerciseContext): { fromMs: number; toMs: number } {
  const fromMs = timeline.fixedAtMs ?? timeline.brokenAtMs ?? timeline.startedAtMs;
  return { fromMs, toMs: clock.now() };
}

const usersSeeNoErrors: Check = measuredCheck({
  id: 'users-see-no-errors',
  claim: 'users see no errors',
  pillar: 'traffic',
  invariant: ['baseline', 'observe', 'recover'],
  query: 'client: answers other than 2xx, and requests without an answer',
  async measure(context) {
    const tally = context.tally();
    if (tally === undefined) return undefined;
    const { fromMs, toMs } = sinceLastChange(context);
    const { requests, errors } = countSeconds(tally, fromMs, toMs);
    return { value: errors, note: `of ${requests} requests` };
  },
  guard: {
    what: 'requests of the client',
    async measure(context) {
      const tally = context.tally();
      if (tally === undefined) return undefined;
      const { fromMs, toMs } = sinceLastChange(context);
      return countSeconds(tally, fromMs, toMs).requests;
    },
  },
  expect: { equals: 0, unit: '' },
  withinSeconds: 10,
  holdsForSeconds: 3,
  link: ({ observe }) =>
    observe.prometheus.link('sum by (status) (rate(http_requests_total{job="gateway"}[15s]))'),
  next: 'look at the gateway: npm run lab -- logs gateway',
});

const controlGroup: Check = metricCheck({
  id: 'control-group',
  claim: 'the untouched replicas stay well: p95 of api-2 and api-3 below 100 ms',
  invariant: ['baseline', 'observe', 'recover'],
  promql: `max(${p95Of(others)})`,
  scale: 1000,
  guard: {
    what: 'requests to api-2 and api-3',
    promql: `min(${rateOf(others)}) and on () count(${rateOf(others)}) == 2`,
  },
  expect: { below: 100, unit: 'ms' },
  withinSeconds: (pace) => 2 * windowTurns(pace),
  holdsForSeconds: (pace) => 2 * pace.scrapeIntervalSeconds,
  next: 'see which of them is slow, and whether something else keeps this machine busy',
});

const noOtherSlowQueries: Check = logCheck({
  id: 'control-group-logs',
  claim: 'the untouched replicas log no slow query',
  invariant: ['observe'],
  logql: ({ pace }) => countLines(slowQueryLines(others), freshSeconds(pace)),
  guard: {
    what: 'log lines of api-2 and api-3',
    logql: ({ pace }) => countLines(`{instance=~"${others}"}`, freshSeconds(pace)),
  },
  expect: { equals: 0, unit: 'lines' },
  withinSeconds: 15,
  next: 'look at those lines: has something been broken on that replica, too?',
});

// Baseline.

const ruleIsLoaded: Guard = {
  what: `healthy alerting rules called ${alertname}`,
  measure: async ({ observe, signal }) =>
    (await observe.prometheus.rules({ signal })).filter(
      (rule) => rule.name === alertname && rule.health === 'ok',
    ).length,
};

/** The dead man's switch always fires: where it does not arrive, the silence of another alert says nothing. */
const alertsFlow: Guard = {
  what: 'Watchdog alerts in Alertmanager',
  measure: async ({ observe, signal }) =>
    (await observe.alertmanager.alerts({ filter: ['alertname="Watchdog"'], signal })).length,
};

const inboxHears: Guard = {
  what: 'heartbeats of the Watchdog in the inbox',
  measure: async ({ observe, signal }) => ((await observe.inbox.watchdog({ signal })).healthy ? 1 : 0),
};

async function firingInstances({ observe, signal }: ExerciseContext): Promise<string[]> {
  const alerts = await observe.prometheus.alerts({ signal });
  return alerts
    .filter((alert) => alert.labels.alertname === alertname && alert.state === 'firing')
    .map((alert) => alert.labels.instance ?? '');
}

const nothingFires: Check = measuredCheck({
  id: 'alert-quiet',
  claim: `${alertname} does not fire`,
  pillar: 'alerts',
  query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
  async measure(context) {
    const instances = await firingInstances(context);
    return instances.length === 0 ? 0 : { value: instances.length, note: `for ${instances.join(', ')}` };
  },
  guard: ruleIsLoaded,
  expect: { equals: 0, unit: 'alerts' },
  withinSeconds: resolveSeconds,
  link: ({ observe }) => observe.prometheus.alertsLink(),
  next: 'look at the alert, and at what an earlier break may have left',
});

export const baseline: readonly Check[] = [
  metricCheck({
    id: 'targets-up',
    claim: 'the gateway and all three replicas are scraped',
    promql: 'sum(up{job=~"api|gateway"})',
    guard: { what: 'targets', promql: 'count(up)' },
    expect: { equals: 4, unit: '' },
    withinSeconds: (pace) => 5 * pace.scrapeIntervalSeconds + 5,
    next: 'see what is down: npm run lab -- status',
  }),
  metricCheck({
    id: 'traffic-flows',
    claim: 'every replica serves requests',
    promql: `min(${rateOf('api-.*')})`,
    guard: { what: 'replicas with requests', promql: `count(${rateOf('api-.*')} > 0)` },
    expect: { atLeast: 5, unit: 'req/s' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    next: 'see whether the gateway serves: npm run lab -- logs gateway',
  }),
  metricCheck({
    id: 'p95-well',
    claim: 'p95 of every replica is below 100 ms',
    promql: `max(${p95Of('api-.*')})`,
    scale: 1000,
    guard: { what: 'requests to all three replicas', promql: `count(${rateOf('api-.*')} > 0) == 3` },
    expect: { below: 100, unit: 'ms' },
    withinSeconds: (pace) => 3 * windowTurns(pace),
    holdsForSeconds: (pace) => 3 * pace.scrapeIntervalSeconds,
    next: 'see whether something else keeps this machine busy',
  }),
  metricCheck({
    id: 'share-fair',
    claim: 'the gateway sends api-1 a third of the requests',
    promql: `gateway:upstream_share:ratio{upstream="${slow}"}`,
    scale: 100,
    guard: { what: 'requests through the gateway', promql: 'sum(gateway:upstream_share:ratio)' },
    expect: { atLeast: 28, unit: '%' },
    withinSeconds: (pace) => 3 * windowTurns(pace),
    next: 'see how the gateway judges its upstreams: gateway_upstream_healthy, circuit_breaker_state',
  }),
  nothingFires,
  measuredCheck({
    id: 'alert-forgotten',
    claim: `Alertmanager has no ${alertname}`,
    pillar: 'alerts',
    query: `alertname="${alertname}"`,
    measure: async ({ observe: { alertmanager }, signal }) =>
      (await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal })).length,
    guard: alertsFlow,
    expect: { equals: 0, unit: 'alerts' },
    withinSeconds: resolveSeconds,
    link: ({ observe: { alertmanager } }) => alertmanager.link(),
    next: 'wait until an earlier break is resolved',
  }),
  logCheck({
    id: 'slow-lines-none',
    claim: 'no replica logs slow queries',
    logql: ({ pace }) => countLines(slowQueryLines(`${slow}|${others}`), pace.rateWindowSeconds),
    guard: {
      what: 'log lines of the replicas',
      logql: ({ pace }) => countLines(`{instance=~"${slow}|${others}"}`, pace.rateWindowSeconds),
    },
    expect: { equals: 0, unit: 'lines' },
    withinSeconds: (pace) => 3 * windowTurns(pace),
    next: 'read those lines: what else is slow here?',
  }),
  controlGroup,
  usersSeeNoErrors,
];

// The break, pillar by pillar.

const tracesOfReplica: Guard = {
  what: `traces with a query of ${slow}`,
  async measure(context) {
    const since = context.clock.now() - context.pace.rateWindowSeconds * 1000;
    const traces = await tracesSince(context, since);
    return [...traces.values()].filter((spans) =>
      spans.some((span) => isDatabaseSpan(span) && span.instance === slow),
    ).length;
  },
};

export const observe: readonly Check[] = [
  metricCheck({
    id: 'p95-exceeds',
    claim: 'p95 of api-1 exceeds 400 ms',
    promql: p95Of(slow),
    scale: 1000,
    guard: { what: 'requests to api-1', promql: rateOf(slow) },
    expect: { atLeast: 400, unit: 'ms' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    holdsForSeconds: (pace) => 3 * pace.scrapeIntervalSeconds,
    next: 'see whether the fault is active: npm run lab -- exercise start 01 takes it up again',
  }),
  metricCheck({
    id: 'share-falls',
    claim: 'the gateway sends api-1 a falling share of the requests',
    promql: `gateway:upstream_share:ratio{upstream="${slow}"}`,
    scale: 100,
    guard: { what: 'requests through the gateway', promql: 'sum(gateway:upstream_share:ratio)' },
    expect: { atMost: 25, unit: '%' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    next: 'compare the shares of all three: gateway:upstream_share:ratio',
  }),
  logCheck({
    id: 'slow-query-lines',
    claim: 'Loki finds queries of api-1 that took longer than 400 ms',
    logql: ({ pace }) => countLines(slowQueryLines(slow), pace.rateWindowSeconds),
    guard: {
      what: 'log lines of api-1',
      logql: ({ pace }) => countLines(`{instance="${slow}"}`, pace.rateWindowSeconds),
    },
    expect: { atLeast: 5, unit: 'lines' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
    next: 'read the lines of api-1 without the filters: do they arrive at all?',
  }),
  measuredCheck({
    id: 'slow-query-spans',
    claim: 'Jaeger has traces in which a query of api-1 took at least 500 ms',
    pillar: 'traces',
    query: `service=api minDuration=${delayMs}ms, with a PostgreSQL span of ${slow} of at least ${delayMs} ms`,
    measure: async (context) => (await slowTraces(context, evidenceFrom(context))).size,
    guard: tracesOfReplica,
    expect: { atLeast: 3, unit: 'traces' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api', minDurationMs: delayMs }),
    next: 'look at the traces of api without a minimum duration: how long do its queries take?',
  }),
  measuredCheck({
    id: 'traces-meet-logs',
    claim: 'the slow log lines of api-1 carry the trace IDs of the slow traces',
    pillar: 'traces',
    query: `trace_id of ${slowQueryLines(slow)} that Jaeger knows with a slow query`,
    async measure(context) {
      const startMs = evidenceFrom(context);
      const [lines, traces] = await Promise.all([
        context.observe.loki.lines(slowQueryLines(slow), {
          startMs,
          endMs: context.clock.now(),
          signal: context.signal,
        }),
        slowTraces(context, startMs),
      ]);
      const logged = new Set(lines.map((line) => traceIdOf(line.line)));
      const both = [...traces.keys()].filter((id) => logged.has(id));
      return { value: both.length, note: `of ${traces.size} slow traces and ${lines.length} slow lines` };
    },
    guard: tracesOfReplica,
    expect: { atLeast: 3, unit: 'traces' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
    next: 'take the trace_id of one slow line and open it in Jaeger',
  }),
  measuredCheck({
    id: 'alert-fires',
    claim: `${alertname} fires in Prometheus, for api-1 alone`,
    pillar: 'alerts',
    query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
    measure: async (context) => onlySlow(await firingInstances(context)),
    guard: ruleIsLoaded,
    expect: { equals: 1, unit: 'alerts' },
    withinSeconds: alertSeconds,
    link: ({ observe: { prometheus } }) => prometheus.alertsLink(),
    next: 'see whether the alert is pending, and for how long it has to be',
  }),
  measuredCheck({
    id: 'alert-routed',
    claim: `Alertmanager has ${alertname} active, for api-1 alone`,
    pillar: 'alerts',
    query: `alertname="${alertname}" state=active`,
    async measure({ observe: { alertmanager }, signal }) {
      const alerts = await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal });
      return onlySlow(
        alerts.filter((alert) => alert.status.state === 'active').map((alert) => alert.labels.instance ?? ''),
      );
    },
    guard: alertsFlow,
    expect: { equals: 1, unit: 'alerts' },
    withinSeconds: alertSeconds,
    link: ({ observe: { alertmanager } }) => alertmanager.link(),
    next: 'see whether the alert is silenced or inhibited',
  }),
  measuredCheck({
    id: 'alert-told',
    claim: `the inbox was told that ${alertname} fires, for api-1 alone`,
    pillar: 'alerts',
    query: `notifications alertname=${alertname} status=firing`,
    async measure(context) {
      const { inbox } = context.observe;
      const told = await inbox.notifications({
        sinceMs: evidenceFrom(context),
        alertname,
        status: 'firing',
        signal: context.signal,
      });
      return onlySlow([...new Set(told.flatMap((one) => one.instances))]);
    },
    guard: inboxHears,
    expect: { equals: 1, unit: '' },
    withinSeconds: alertSeconds,
    link: ({ observe: { inbox } }) => inbox.link(),
    next: 'follow the alert: Prometheus, Alertmanager, receiver',
  }),
  controlGroup,
  noOtherSlowQueries,
  usersSeeNoErrors,
  signalsReconcile,
];

/** How many instances are named; zero when the slow one is not among them, because then the alert is about another. */
function onlySlow(instances: readonly string[]): { value: number; note?: string } {
  if (instances.length === 0) return { value: 0 };
  const note = `for ${instances.join(', ')}`;
  return { value: instances.includes(slow) ? instances.length : 0, note };
}

function traceIdOf(line: string): string | undefined {
  try {
    const { trace_id: traceId } = JSON.parse(line) as { trace_id?: unknown };
    return typeof traceId === 'string' ? traceId : undefined;
  } catch {
    return undefined;
  }
}

// The steady state, back.

export const recover: readonly Check[] = [
  metricCheck({
    id: 'p95-back',
    claim: 'p95 of api-1 is back below 100 ms',
    promql: ({ pace }) => freshP95(slow, pace),
    scale: 1000,
    guard: { what: 'requests to api-1', promql: ({ pace }) => freshRate(slow, pace) },
    expect: { below: 100, unit: 'ms' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    holdsForSeconds: (pace) => 3 * pace.scrapeIntervalSeconds,
    next: 'see whether the break is still active: the slow queries name the replica that has it',
  }),
  metricCheck({
    id: 'share-back',
    claim: 'the gateway sends api-1 its third again',
    promql: `gateway:upstream_share:ratio{upstream="${slow}"}`,
    scale: 100,
    guard: {
      what: 'requests through the gateway',
      promql: ({ pace }) => `sum(rate(gateway_upstream_requests_total[${freshSeconds(pace)}s]))`,
    },
    expect: { atLeast: 28, unit: '%' },
    withinSeconds: (pace) => 3 * windowTurns(pace),
    next: 'compare the shares of all three: gateway:upstream_share:ratio',
  }),
  logCheck({
    id: 'slow-lines-end',
    claim: 'api-1 logs no slow query any more',
    logql: ({ pace }) => countLines(slowQueryLines(slow), freshSeconds(pace)),
    guard: {
      what: 'log lines of api-1',
      logql: ({ pace }) =>
        countLines(
          `{instance="${slow}"} |= "request completed" | json | path=~"/api/v1/.*"`,
          freshSeconds(pace),
        ),
    },
    expect: { equals: 0, unit: 'lines' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    holdsForSeconds: (pace) => 3 * pace.scrapeIntervalSeconds,
    link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
    next: 'read the slow lines: which statement, and since when?',
  }),
  measuredCheck({
    id: 'slow-spans-end',
    claim: 'no query of api-1 takes 500 ms any more',
    pillar: 'traces',
    query: `service=api minDuration=${delayMs}ms, with a PostgreSQL span of ${slow} of at least ${delayMs} ms`,
    measure: async (context) => (await slowTraces(context, freshFrom(context))).size,
    guard: {
      what: `traces with a query of ${slow}`,
      async measure(context) {
        const traces = await tracesSince(context, freshFrom(context));
        return [...traces.values()].filter((spans) =>
          spans.some((span) => isDatabaseSpan(span) && span.instance === slow),
        ).length;
      },
    },
    expect: { equals: 0, unit: 'traces' },
    withinSeconds: (pace) => 2 * windowTurns(pace),
    holdsForSeconds: (pace) => 3 * pace.scrapeIntervalSeconds,
    link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api', minDurationMs: delayMs }),
    next: 'open the newest slow trace: which replica, which span?',
  }),
  nothingFires,
  measuredCheck({
    id: 'alert-resolved',
    claim: `the inbox was told that ${alertname} is resolved`,
    pillar: 'alerts',
    query: `notifications alertname=${alertname} status=resolved`,
    async measure(context) {
      const {
        timeline,
        observe: { inbox },
        signal,
      } = context;
      const sinceMs = timeline.fixedAtMs ?? evidenceFrom(context);
      const told = await inbox.notifications({ sinceMs, alertname, status: 'resolved', signal });
      return told.filter((one) => one.instances.includes(slow)).length;
    },
    guard: inboxHears,
    expect: { atLeast: 1, unit: 'notifications' },
    withinSeconds: resolveSeconds,
    link: ({ observe: { inbox } }) => inbox.link(),
    next: 'see whether the alert still fires in Prometheus; Alertmanager tells of its end at the next group interval',
  }),
  controlGroup,
  usersSeeNoErrors,
  signalsReconcile,
];

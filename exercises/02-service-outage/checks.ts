// What the loss of a replica looks like, and its return. The same for one that has stopped and one that hangs.
import { logCheck, metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check } from '../../lab/exercise/model/model.ts';
import { alertLife } from '../kit/alert-life.ts';
import { evidenceFrom, freshFrom } from '../kit/moments.ts';
import { tracesSince } from '../kit/traces.ts';
import { freshSeconds, threeScrapes, threeTurns, twoTurns } from '../kit/windows.ts';
import { lastScrapeError, lost, others, takenOut } from './telemetry.ts';

export const alert = alertLife({ alertname: 'ServiceDown', instance: lost });

const targetsKnown = { what: 'API replicas that Prometheus knows', promql: 'count(up{job="api"})' };
const gatewayScraped = {
  what: 'upstreams that the gateway tells of',
  promql: 'count(gateway_upstream_healthy)',
};

const soon = (pace: { scrapeIntervalSeconds: number }): number => 10 * pace.scrapeIntervalSeconds + 5;

export const isDown: Check = metricCheck({
  id: 'is-down',
  claim: `Prometheus cannot scrape ${lost}`,
  promql: `up{instance="${lost}"}`,
  guard: targetsKnown,
  expect: { equals: 0, unit: '' },
  withinSeconds: soon,
  holdsForSeconds: threeScrapes,
  next: 'open Status, Targets: which error does the last scrape have?',
});

/** How the last scrape ended tells a process that is gone from one that does not answer. */
export const scrapeEndsWith = (id: string, claim: string, words: RegExp): Check => ({
  id,
  claim,
  pillar: 'metrics',
  query: `the last error of the target ${lost}`,
  async measure(context) {
    const error = await lastScrapeError(context);
    return { value: words.test(error) ? 1 : 0, note: error === '' ? 'the last scrape went well' : error };
  },
  expect: { equals: 1, unit: '' },
  withinSeconds: soon,
  link: ({ observe: { prometheus } }) => prometheus.link(`up{instance="${lost}"}`),
  next: 'open Status, Targets, and read the error',
});

export const twoOfThree: Check = metricCheck({
  id: 'two-of-three',
  claim: 'two of three API replicas are healthy',
  promql: 'api:replicas_healthy:ratio',
  scale: 100,
  guard: targetsKnown,
  expect: { between: [66, 67], unit: '%' },
  withinSeconds: soon,
  next: 'see which replicas are up: up{job="api"}',
});

export const othersTakeOver: Check = metricCheck({
  id: 'others-take-over',
  claim: 'each of the others serves half as much again',
  promql: `min(instance:http_requests:rate{instance=~"${others}"}) / on () (job:http_requests:rate{job="gateway"} / 3)`,
  guard: { what: 'requests at the gateway', promql: 'job:http_requests:rate{job="gateway"}' },
  expect: { between: [1.35, 1.65], unit: '×' },
  withinSeconds: threeTurns,
  next: 'compare the rates of all three: instance:http_requests:rate',
});

export const gatewayTakesOut: Check = logCheck({
  id: 'gateway-takes-out',
  claim: `the gateway's log says that it took ${lost} out`,
  logql: (context) => {
    const seconds = Math.max(1, Math.round((context.clock.now() - evidenceFrom(context)) / 1000));
    return `sum(count_over_time(${takenOut} [${seconds}s]))`;
  },
  guard: {
    what: 'log lines of the gateway',
    logql: ({ pace }) => `sum(count_over_time({service="gateway"} [${pace.rateWindowSeconds}s]))`,
  },
  expect: { atLeast: 1, unit: 'lines' },
  withinSeconds: soon,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', takenOut),
  next: 'read the warnings of the gateway: {service="gateway", level="warn"}',
});

/** Spans of the replica and of the others that began within the last seconds. */
const freshSpans = (id: string, claim: string, expect: Check['expect'], next: string): Check => ({
  id,
  claim,
  pillar: 'traces',
  query: `service=api, spans of ${lost} among the newest`,
  async measure(context) {
    const startMs = freshFrom(context);
    const traces = await tracesSince(context, startMs, { limit: 200 });
    const spans = [...traces.values()].flat().filter((span) => span.startMs >= startMs);
    const own = spans.filter(({ instance }) => instance === lost).length;
    const rest = spans.filter(({ instance }) => others.split('|').includes(instance)).length;
    return rest + own === 0
      ? { value: undefined, note: 'no span of any replica' }
      : { value: own, note: `beside ${rest} of the others` };
  },
  expect,
  withinSeconds: twoTurns,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api' }),
  next,
});

export const noSpans = freshSpans(
  'no-spans',
  `no new span is of ${lost}, while the others have some`,
  { equals: 0, unit: 'spans' },
  'look at the newest traces of api: which instance do their spans name?',
);

export const spansAgain = freshSpans(
  'spans-again',
  `${lost} serves requests again: it has new spans`,
  { atLeast: 3, unit: 'spans' },
  'see whether the gateway sends it requests: gateway_upstream_healthy',
);

export const panelsEmpty: Check = metricCheck({
  id: 'panels-empty',
  claim: `the panels of ${lost} have no value`,
  promql: `count(process_resident_memory_bytes{instance="${lost}"}) or vector(0)`,
  guard: {
    what: 'other replicas that tell of their memory',
    promql: `count(process_resident_memory_bytes{instance=~"${others}"})`,
  },
  expect: { equals: 0, unit: 'series' },
  withinSeconds: soon,
  next: 'open the dashboard "Instance" for it: the last value is where the lines end',
});

export const upAgain: Check = metricCheck({
  id: 'up-again',
  claim: 'Prometheus scrapes all three API replicas',
  promql: 'sum(up{job="api"})',
  guard: targetsKnown,
  expect: { equals: 3, unit: 'replicas' },
  withinSeconds: (pace) => 4 * soon(pace),
  holdsForSeconds: threeScrapes,
  next: 'see what is down: npm run lab -- status',
});

export const gatewayTrusts: Check = metricCheck({
  id: 'gateway-trusts',
  claim: 'the gateway holds all three replicas healthy',
  promql: 'sum(gateway_upstream_healthy)',
  guard: gatewayScraped,
  expect: { equals: 3, unit: 'replicas' },
  withinSeconds: (pace) => 4 * soon(pace),
  next: 'ask the replica itself: curl http://localhost:8102/ready',
});

export const shareAgain: Check = metricCheck({
  id: 'share-again',
  claim: `the gateway sends ${lost} its third again`,
  promql: ({ pace }) =>
    `(sum(rate(gateway_upstream_requests_total{upstream="${lost}"}[${freshSeconds(pace)}s])) or vector(0)) / sum(rate(gateway_upstream_requests_total[${freshSeconds(pace)}s]))`,
  scale: 100,
  guard: {
    what: 'requests through the gateway',
    promql: ({ pace }) => `sum(rate(gateway_upstream_requests_total[${freshSeconds(pace)}s]))`,
  },
  expect: { atLeast: 28, unit: '%' },
  withinSeconds: threeTurns,
  next: 'compare the shares of all three: gateway:upstream_share:ratio',
});

/** What both acts see. */
export const loss: readonly Check[] = [
  isDown,
  twoOfThree,
  othersTakeOver,
  gatewayTakesOut,
  noSpans,
  panelsEmpty,
  alert.fires,
  alert.routed,
  alert.toldBy('pagerduty'),
  alert.toldBy('slack'),
];

/** How both end. */
export const recovery: readonly Check[] = [
  upAgain,
  gatewayTrusts,
  shareAgain,
  spansAgain,
  alert.quiet,
  alert.resolved,
];

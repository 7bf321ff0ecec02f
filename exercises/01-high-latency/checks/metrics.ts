// Metrics: scraped at all, p95 by instance, and how the gateway shares the requests out.
import { metricCheck } from '../../../lab/exercise/checks.ts';
import type { Check } from '../../../lab/exercise/model.ts';
import { freshP95, freshRate, freshSeconds, p95Of, rateOf, slow } from '../telemetry.ts';
import { threeScrapes, threeTurns, twoTurns } from './deadlines.ts';

type Metric = Parameters<typeof metricCheck>[0];

export const targetsUp: Check = metricCheck({
  id: 'targets-up',
  claim: 'the gateway and all three replicas are scraped',
  promql: 'sum(up{job=~"api|gateway"})',
  guard: { what: 'targets', promql: 'count(up)' },
  expect: { equals: 4, unit: '' },
  withinSeconds: (pace) => 5 * pace.scrapeIntervalSeconds + 5,
  next: 'see what is down: npm run lab -- status',
});

export const trafficFlows: Check = metricCheck({
  id: 'traffic-flows',
  claim: 'every replica serves requests',
  promql: `min(${rateOf('api-.*')})`,
  guard: { what: 'replicas with requests', promql: `count(${rateOf('api-.*')} > 0)` },
  expect: { atLeast: 5, unit: 'req/s' },
  withinSeconds: twoTurns,
  next: 'see whether the gateway serves: npm run lab -- logs gateway',
});

/** A p95 in milliseconds, held for a few scrapes. */
const p95 = (check: Omit<Metric, 'scale' | 'holdsForSeconds'>): Check =>
  metricCheck({ ...check, scale: 1000, holdsForSeconds: threeScrapes });

export const p95Well = p95({
  id: 'p95-well',
  claim: 'p95 of every replica is below 100 ms',
  promql: `max(${p95Of('api-.*')})`,
  guard: { what: 'requests to all three replicas', promql: `count(${rateOf('api-.*')} > 0) == 3` },
  expect: { below: 100, unit: 'ms' },
  withinSeconds: threeTurns,
  next: 'see whether something else keeps this machine busy',
});

export const p95Exceeds = p95({
  id: 'p95-exceeds',
  claim: 'p95 of api-1 exceeds 400 ms',
  promql: p95Of(slow),
  guard: { what: 'requests to api-1', promql: rateOf(slow) },
  expect: { atLeast: 400, unit: 'ms' },
  withinSeconds: twoTurns,
  next: 'see whether the fault is active: npm run lab -- exercise start 01 takes it up again',
});

export const p95Back = p95({
  id: 'p95-back',
  claim: 'p95 of api-1 is back below 100 ms',
  promql: ({ pace }) => freshP95(slow, pace),
  guard: { what: 'requests to api-1', promql: ({ pace }) => freshRate(slow, pace) },
  expect: { below: 100, unit: 'ms' },
  withinSeconds: twoTurns,
  next: 'see whether the break is still active: the slow queries name the replica that has it',
});

/** The share of the requests that the gateway sends to api-1, in percent. */
const share = (
  check: Omit<Metric, 'promql' | 'scale' | 'guard'>,
  requests: Metric['guard']['promql'] = 'sum(gateway:upstream_share:ratio)',
): Check =>
  metricCheck({
    ...check,
    promql: `gateway:upstream_share:ratio{upstream="${slow}"}`,
    scale: 100,
    guard: { what: 'requests through the gateway', promql: requests },
  });

export const shareFair = share({
  id: 'share-fair',
  claim: 'the gateway sends api-1 a third of the requests',
  expect: { atLeast: 28, unit: '%' },
  withinSeconds: threeTurns,
  next: 'see how the gateway judges its upstreams: gateway_upstream_healthy, circuit_breaker_state',
});

export const shareFalls = share({
  id: 'share-falls',
  claim: 'the gateway sends api-1 a falling share of the requests',
  expect: { atMost: 25, unit: '%' },
  withinSeconds: twoTurns,
  next: 'compare the shares of all three: gateway:upstream_share:ratio',
});

export const shareBack = share(
  {
    id: 'share-back',
    claim: 'the gateway sends api-1 its third again',
    expect: { atLeast: 28, unit: '%' },
    withinSeconds: threeTurns,
    next: 'compare the shares of all three: gateway:upstream_share:ratio',
  },
  ({ pace }) => `sum(rate(gateway_upstream_requests_total[${freshSeconds(pace)}s]))`,
);

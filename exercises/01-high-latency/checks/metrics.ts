// Metrics: quantiles by instance, and how the gateway shares the requests out.
import { metricCheck, metricInvariant } from '../../../lab/exercise/model/checks.ts';
import type { Check, Invariant } from '../../../lab/exercise/model/model.ts';
import { freshQuantile, freshRate, p95Of, p99Of, rateOf } from '../../kit/queries.ts';
import { freshSeconds, threeScrapes, threeTurns, twoTurns } from '../../kit/windows.ts';
import { others, slow } from '../telemetry.ts';

const exceeds = (quantile: 'p95' | 'p99', of: (instance: string) => string): Check =>
  metricCheck({
    id: `${quantile}-exceeds`,
    claim: `${quantile} of ${slow} exceeds 400 ms`,
    promql: of(slow),
    scale: 1000,
    guard: { what: `requests to ${slow}`, promql: rateOf(slow) },
    expect: { atLeast: 400, unit: 'ms' },
    withinSeconds: twoTurns,
    holdsForSeconds: threeScrapes,
    next: 'see whether the fault is active: npm run lab -- exercise start 01 takes it up again',
  });

export const p95Exceeds = exceeds('p95', p95Of);
export const p99Exceeds = exceeds('p99', p99Of);

export const p95Back: Check = metricCheck({
  id: 'p95-back',
  claim: `p95 of ${slow} is back below 100 ms`,
  promql: ({ pace }) => freshQuantile(0.95, slow, pace),
  scale: 1000,
  guard: { what: `requests to ${slow}`, promql: ({ pace }) => freshRate(slow, pace) },
  expect: { below: 100, unit: 'ms' },
  withinSeconds: twoTurns,
  holdsForSeconds: threeScrapes,
  next: 'see whether the break is still active: the slow queries name the replica that has it',
});

const share = `gateway:upstream_share:ratio{upstream="${slow}"}`;

export const shareFalls: Check = metricCheck({
  id: 'share-falls',
  claim: `the gateway sends ${slow} a falling share of the requests`,
  promql: share,
  scale: 100,
  guard: { what: 'requests through the gateway', promql: 'sum(gateway:upstream_share:ratio)' },
  expect: { atMost: 25, unit: '%' },
  withinSeconds: twoTurns,
  next: 'compare the shares of all three: gateway:upstream_share:ratio',
});

export const shareBack: Check = metricCheck({
  id: 'share-back',
  claim: `the gateway sends ${slow} its third again`,
  promql: share,
  scale: 100,
  guard: {
    what: 'requests through the gateway',
    promql: ({ pace }) => `sum(rate(gateway_upstream_requests_total[${freshSeconds(pace)}s]))`,
  },
  expect: { atLeast: 28, unit: '%' },
  withinSeconds: threeTurns,
  next: 'compare the shares of all three: gateway:upstream_share:ratio',
});

export const controlGroup: Invariant = metricInvariant({
  id: 'control-group',
  claim: `the untouched replicas stay well: p95 of ${others.replace('|', ' and ')} below 100 ms`,
  promql: p95Of(others),
  scale: 1000,
  worst: 'highest',
  expect: { below: 100, unit: 'ms' },
  violatedBy: 'slow-another',
  next: 'see which of them is slow, and whether something else keeps this machine busy',
});

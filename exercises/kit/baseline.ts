// The steady state that every exercise begins from.
import { metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check } from '../../lab/exercise/model/model.ts';
import { p95Of, rateOf, replicas } from './queries.ts';
import { threeScrapes, threeTurns, twoTurns } from './windows.ts';

export const targetsUp: Check = metricCheck({
  id: 'targets-up',
  claim: 'the gateway and all three replicas are scraped',
  promql: 'sum(up{job=~"api|gateway"})',
  guard: { what: 'targets', promql: 'count(up)' },
  expect: { equals: 4, unit: '' },
  withinSeconds: (pace) => 10 * pace.scrapeIntervalSeconds + 5,
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

export const p95Well: Check = metricCheck({
  id: 'p95-well',
  claim: 'p95 of every replica is below 100 ms',
  promql: `max(${p95Of('api-.*')})`,
  scale: 1000,
  guard: { what: 'requests to all three replicas', promql: `count(${rateOf('api-.*')} > 0) == 3` },
  expect: { below: 100, unit: 'ms' },
  withinSeconds: threeTurns,
  holdsForSeconds: threeScrapes,
  next: 'see whether something else keeps this machine busy',
});

export const sharesFair: Check = metricCheck({
  id: 'shares-fair',
  claim: 'the gateway sends every replica about a third of the requests',
  promql: 'min(gateway:upstream_share:ratio)',
  scale: 100,
  guard: {
    what: 'requests to all three replicas',
    promql: `count(gateway:upstream_share:ratio > 0) == ${replicas.length}`,
  },
  expect: { atLeast: 25, unit: '%' },
  withinSeconds: threeTurns,
  next: 'see how the gateway judges its upstreams: gateway_upstream_healthy, circuit_breaker_state',
});

export const noPageFires: Check = metricCheck({
  id: 'no-page-fires',
  claim: 'no alert fires that would wake anybody',
  promql: 'count(ALERTS{alertstate="firing", severity=~"critical|high|warning"}) or vector(0)',
  guard: {
    what: 'the Watchdog, which always fires',
    promql: 'count(ALERTS{alertname="Watchdog", alertstate="firing"})',
  },
  expect: { equals: 0, unit: 'alerts' },
  withinSeconds: (pace) => 4 * threeTurns(pace),
  next: 'look at the alert, and at what an earlier break may have left',
});

/** The whole of it. */
export const steadyState: readonly Check[] = [targetsUp, trafficFlows, p95Well, sharesFair, noPageFires];

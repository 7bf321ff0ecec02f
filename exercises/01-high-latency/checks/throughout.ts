// What must hold throughout: a break that users notice otherwise, or that spreads, is another one.
import { logCheck, measuredCheck, metricCheck } from '../../../lab/exercise/checks.ts';
import type { Check, ExerciseContext } from '../../../lab/exercise/model.ts';
import { countSeconds } from '../../../lab/traffic/tally.ts';
import { countLines, freshSeconds, others, p95Of, rateOf, slowQueryLines } from '../telemetry.ts';
import { twoTurns } from './deadlines.ts';

/** Seconds that are over, and in which the break or the repair was already there. */
function sinceLastChange({ timeline, clock }: ExerciseContext): { fromMs: number; toMs: number } {
  const fromMs = timeline.fixedAtMs ?? timeline.brokenAtMs ?? timeline.startedAtMs;
  return { fromMs, toMs: clock.now() };
}

export const usersSeeNoErrors: Check = measuredCheck({
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

export const controlGroup: Check = metricCheck({
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
  withinSeconds: twoTurns,
  holdsForSeconds: (pace) => 2 * pace.scrapeIntervalSeconds,
  next: 'see which of them is slow, and whether something else keeps this machine busy',
});

export const noOtherSlowQueries: Check = logCheck({
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

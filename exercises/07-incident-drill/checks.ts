// The primary does not take writes: what users, metrics, logs, traces and the pager say, and what says that it is over.
import { metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check, ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { alertLife } from '../kit/alert-life.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { freshSeconds, threeScrapes, threeTurns, twoTurns } from '../kit/windows.ts';

const within = (pace: Pace): number => 2 * threeTurns(pace);
export const down = alertLife({ alertname: 'DatabaseDown', resolvedWithinSeconds: within });
export const errors = alertLife({ alertname: 'HighErrorRate', resolvedWithinSeconds: within });

const replicasTell = {
  what: 'replicas that tell of their database',
  promql: 'count(database_up{job="api"})',
};

/** A replica that was started anew has no such series before it has saved its first note. */
const savesNothing: Check = metricCheck({
  id: 'saves-nothing',
  claim: 'no replica saves a note any more: notes a second',
  promql: ({ pace }) => `sum(rate(notes_created_total{job="api"}[${freshSeconds(pace)}s])) or vector(0)`,
  guard: replicasTell,
  expect: { equals: 0, unit: '' },
  withinSeconds: twoTurns,
  holdsForSeconds: threeScrapes,
  next: 'what fails, and what still works? sum by (endpoint, status) (rate(http_requests_total{job="gateway"}[15s]))',
});

const tracesFail: Check = {
  id: 'traces-fail',
  claim: 'traces of the gateway end in an error',
  pillar: 'traces',
  query: 'service=gateway error=true, since the break',
  async measure(context) {
    const { observe, clock, signal } = context;
    const traces = await observe.jaeger.findTraces({
      service: 'gateway',
      startMs: evidenceFrom(context),
      endMs: clock.now(),
      limit: 200,
      signal,
    });
    const failing = [...traces.values()].filter((spans) =>
      spans.some((span) => span.service === 'gateway' && span.error),
    );
    return { value: failing.length, note: `of ${traces.size}` };
  },
  expect: { atLeast: 20, unit: 'traces' },
  withinSeconds: twoTurns,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next: 'search the service gateway for the tag error=true: which span fails first?',
};

/** What the client saw in the last few whole seconds. */
function lately({ ledger, clock, pace, timeline }: ExerciseContext): {
  requests: number;
  errors: number;
  written: number;
} {
  const toMs = Math.floor(clock.now() / 1000) * 1000 - 1000;
  const fromMs = Math.max(toMs - freshSeconds(pace) * 1000, timeline.repairedAtMs ?? 0);
  if (toMs <= fromMs) return { requests: 0, errors: 0, written: 0 };
  const { requests, errors: failed } = ledger.count({ fromMs, toMs });
  return { requests, errors: failed, written: ledger.written({ fromMs, toMs }).length };
}

/** How many notes the client saw created in the last few whole seconds. */
export const writtenLately = (context: ExerciseContext): number => lately(context).written;

const usersFail: Check = {
  id: 'users-fail',
  claim: 'more than one in ten of what users ask for fails',
  pillar: 'traffic',
  query: 'client: answers 5xx and requests without an answer, of all, in the last seconds',
  async measure(context) {
    const { requests, errors: failed } = lately(context);
    return requests === 0
      ? { value: undefined, note: 'the client sent nothing' }
      : { value: (100 * failed) / requests, note: `${failed} of ${requests}` };
  },
  expect: { above: 10, unit: '%' },
  withinSeconds: twoTurns,
  link: ({ observe }) => observe.prometheus.link('job:http_requests:error_ratio{job="gateway"}'),
  next: 'see what still works: sum by (endpoint, status) (rate(http_requests_total{job="gateway"}[15s]))',
};

/** Evidence that is alike whatever happened to the primary. `page`: the alert that tells of it first. */
export const observe = (page: ReturnType<typeof alertLife>): readonly Check[] => [
  savesNothing,
  tracesFail,
  usersFail,
  page.fires,
  page.routed,
  page.toldBy('pagerduty'),
  page.toldBy('slack'),
  errors.fires,
];

const savesAgain: Check = metricCheck({
  id: 'saves-again',
  claim: 'all three replicas save notes',
  promql: ({ pace }) =>
    `count(sum by (instance) (rate(notes_created_total{job="api"}[${freshSeconds(pace)}s])) > 0) or vector(0)`,
  guard: replicasTell,
  expect: { equals: 3, unit: 'replicas' },
  withinSeconds: within,
  holdsForSeconds: threeScrapes,
  next: 'npm run lab -- repoint: do they ask the database that takes writes?',
});

const writesAgain: Check = {
  id: 'writes-again',
  claim: 'writes are acknowledged again: five new notes in the last seconds',
  pillar: 'traffic',
  query: 'client: notes whose creation was answered with 201, in the last seconds',
  async measure(context) {
    const { requests, written } = lately(context);
    return requests === 0 ? { value: undefined, note: 'the client sent nothing' } : written;
  },
  expect: { atLeast: 5, unit: '' },
  withinSeconds: within,
  link: ({ observe }) => observe.prometheus.link('sum(rate(notes_created_total[15s]))'),
  next: 'write a note yourself, and read what the gateway answers',
};

const errorsEnd: Check = {
  id: 'users-well',
  claim: 'at most one request in a hundred fails',
  pillar: 'traffic',
  query: 'client: answers 5xx and requests without an answer, of all, in the last seconds',
  measure: usersFail.measure,
  expect: { atMost: 1, unit: '%' },
  withinSeconds: within,
  link: usersFail.link,
  next: 'see which endpoint still fails',
};

export const recovery = (page: ReturnType<typeof alertLife>): readonly Check[] => [
  savesAgain,
  writesAgain,
  errorsEnd,
  page.quiet,
  page.resolved,
];

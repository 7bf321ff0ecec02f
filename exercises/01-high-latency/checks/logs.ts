// Logs: the queries that took longer than 400 ms, as the replica itself tells of them; and no errors among them.
import { logCheck, logInvariant } from '../../../lab/exercise/model/checks.ts';
import type { Check, Invariant } from '../../../lab/exercise/model/model.ts';
import { freshSeconds, threeScrapes, twoTurns } from '../../kit/windows.ts';
import { countLines, slow, slowQueryLines } from '../telemetry.ts';

const ofReplica = `{instance="${slow}"}`;

export const slowLinesCome: Check = logCheck({
  id: 'slow-query-lines',
  claim: `Loki finds queries of ${slow} that took longer than 400 ms`,
  logql: ({ pace }) => countLines(slowQueryLines(slow), pace.rateWindowSeconds),
  guard: {
    what: `log lines of ${slow}`,
    logql: ({ pace }) => countLines(ofReplica, pace.rateWindowSeconds),
  },
  expect: { atLeast: 5, unit: 'lines' },
  withinSeconds: twoTurns,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
  next: `read the lines of ${slow} without the filters: do they arrive at all?`,
});

export const slowLinesEnd: Check = logCheck({
  id: 'slow-lines-end',
  claim: `${slow} logs no slow query any more`,
  logql: ({ pace }) => countLines(slowQueryLines(slow), freshSeconds(pace)),
  guard: {
    what: `log lines of ${slow}`,
    logql: ({ pace }) =>
      countLines(`${ofReplica} |= "request completed" | json | path=~"/api/v1/.*"`, freshSeconds(pace)),
  },
  expect: { equals: 0, unit: 'lines' },
  withinSeconds: twoTurns,
  holdsForSeconds: threeScrapes,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
  next: 'read the slow lines: which statement, and since when?',
});

export const noErrorLines: Invariant = logInvariant({
  id: 'no-error-lines',
  claim: 'no replica logs an error: what is slow does not fail',
  logql: '{app="notes", service="api", level="error"}',
  among: '{app="notes", service="api"}',
  expect: { equals: 0, unit: 'lines' },
  violatedBy: 'shed-load',
  next: 'read those lines: what fails, and since when?',
});

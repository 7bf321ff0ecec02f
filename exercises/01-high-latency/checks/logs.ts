// Logs: the queries that took longer than 400 ms, as the replicas themselves tell of them.
import { logCheck } from '../../../lab/exercise/checks.ts';
import type { Check } from '../../../lab/exercise/model.ts';
import type { Pace } from '../../../stack/pace.ts';
import { countLines, freshSeconds, others, slow, slowQueryLines } from '../telemetry.ts';
import { threeScrapes, threeTurns, twoTurns } from './deadlines.ts';

interface SlowLines extends Omit<Parameters<typeof logCheck>[0], 'logql' | 'guard'> {
  readonly instances: string;
  /** The seconds that count. */
  readonly over: (pace: Pace) => number;
  /** Lines of which some must be there, whether slow or not. */
  readonly among: { readonly what: string; readonly lines: string };
}

const slowLines = ({ instances, over, among, ...check }: SlowLines): Check =>
  logCheck({
    ...check,
    logql: ({ pace }) => countLines(slowQueryLines(instances), over(pace)),
    guard: { what: among.what, logql: ({ pace }) => countLines(among.lines, over(pace)) },
  });

const replicas = `${slow}|${others}`;

export const slowLinesNone = slowLines({
  id: 'slow-lines-none',
  claim: 'no replica logs slow queries',
  instances: replicas,
  over: (pace) => pace.rateWindowSeconds,
  among: { what: 'log lines of the replicas', lines: `{instance=~"${replicas}"}` },
  expect: { equals: 0, unit: 'lines' },
  withinSeconds: threeTurns,
  next: 'read those lines: what else is slow here?',
});

export const slowLinesCome = slowLines({
  id: 'slow-query-lines',
  claim: 'Loki finds queries of api-1 that took longer than 400 ms',
  instances: slow,
  over: (pace) => pace.rateWindowSeconds,
  among: { what: 'log lines of api-1', lines: `{instance="${slow}"}` },
  expect: { atLeast: 5, unit: 'lines' },
  withinSeconds: twoTurns,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
  next: 'read the lines of api-1 without the filters: do they arrive at all?',
});

export const slowLinesEnd = slowLines({
  id: 'slow-lines-end',
  claim: 'api-1 logs no slow query any more',
  instances: slow,
  over: freshSeconds,
  among: {
    what: 'log lines of api-1',
    lines: `{instance="${slow}"} |= "request completed" | json | path=~"/api/v1/.*"`,
  },
  expect: { equals: 0, unit: 'lines' },
  withinSeconds: twoTurns,
  holdsForSeconds: threeScrapes,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
  next: 'read the slow lines: which statement, and since when?',
});

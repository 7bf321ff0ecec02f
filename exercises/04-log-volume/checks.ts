// What a flood of debug lines looks like, what it costs, and what must not get lost in it.

import { join } from 'node:path';
import { countLines, logCheck, metricCheck } from '../../lab/exercise/model/checks.ts';
import type { Check, Invariant } from '../../lab/exercise/model/model.ts';
import { readCredentials } from '../../lab/state/credentials.ts';
import { alertLife } from '../kit/alert-life.ts';
import { threeScrapes, threeTurns, twoTurns } from '../kit/windows.ts';
import { plantedEveryMs, plantedLines, timesMore, volume, volumeBefore } from './telemetry.ts';

export const alert = alertLife({ alertname: 'LogVolumeHigh', withinSeconds: twoTurns });

const linesCome = {
  what: 'bytes that Loki receives',
  measure: async ({ observe, signal }: Parameters<Check['measure']>[0]) =>
    observe.prometheus.value(volume, { signal }),
};

export const volumeGrows = (times: number): Check => ({
  id: 'volume-grows',
  claim: `${times} times as many bytes are logged as before`,
  pillar: 'logs',
  query: `${volume}, now and before the break`,
  async measure(context) {
    const times = await timesMore(context);
    return times === undefined
      ? undefined
      : { value: times, note: `before: ${Math.round((await volumeBefore(context)) / 1000)} kB a second` };
  },
  guard: linesCome,
  expect: { atLeast: times, unit: '×' },
  withinSeconds: threeTurns,
  link: ({ observe }) => observe.prometheus.link(volume),
  next: 'see who writes that much: sum by (instance) (rate(log_lines_total[15s]))',
});

export const mostIsDebug: Check = logCheck({
  id: 'most-is-debug',
  claim: 'four of five lines are debug lines',
  logql: ({ pace }) =>
    `100 * sum(count_over_time({app="notes", level="debug"} [${pace.rateWindowSeconds}s])) / sum(count_over_time({app="notes"} [${pace.rateWindowSeconds}s]))`,
  guard: {
    what: 'log lines',
    logql: ({ pace }) => `sum(count_over_time({app="notes"} [${pace.rateWindowSeconds}s]))`,
  },
  expect: { atLeast: 80, unit: '%' },
  withinSeconds: twoTurns,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', '{app="notes", level="debug"}'),
  next: 'count by level: sum by (level) (count_over_time({app="notes"} [15s]))',
});

/** The services count their own lines, so that a lost line would show. */
export const servicesCount: Check = metricCheck({
  id: 'services-count',
  claim: 'the services count more than 200 debug lines a second',
  promql: ({ pace }) => `sum(rate(log_lines_total{level="debug"}[${pace.rateWindowSeconds}s]))`,
  guard: { what: 'services that count their lines', promql: 'count(log_lines_total)' },
  expect: { above: 200, unit: 'lines/s' },
  withinSeconds: twoTurns,
  next: 'see the level of each: sum by (instance, level) (rate(log_lines_total[15s]))',
});

const wordSearch = '{app="notes"} |= "error"';

/** A search for a word reads everything; what is ten times as much takes ten times the work. */
export const searchReadsMore: Check = {
  id: 'search-reads-more',
  claim: `the search ${wordSearch} reads five times as many bytes as before, for the same stretch of time`,
  pillar: 'logs',
  query: `statistics of ${wordSearch}: totalBytesProcessed`,
  async measure({ observe, timeline, clock, pace, signal }) {
    const lengthMs = pace.rateWindowSeconds * 1000;
    const read = async (endMs: number): Promise<number> =>
      (await observe.loki.cost(wordSearch, { startMs: endMs - lengthMs, endMs, signal })).bytes;
    const [now, before] = await Promise.all([
      read(clock.now() - 1000),
      read((timeline.brokenAtMs ?? clock.now()) - 1000),
    ]);
    return before === 0
      ? undefined
      : {
          value: now / before,
          note: `${(before / 1e6).toFixed(1)} MB before, ${(now / 1e6).toFixed(1)} MB now`,
        };
  },
  expect: { atLeast: 5, unit: '×' },
  withinSeconds: threeTurns,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', wordSearch),
  next: 'compare with the same question by label: {app="notes", level="error"}',
};

export const volumeBack = (mostTimes: number): Check => ({
  id: 'volume-back',
  claim: `at most ${mostTimes} times as much is logged as before the flood`,
  pillar: 'logs',
  query: 'sum(rate(loki_distributor_bytes_received_total[5s])), now and before the break',
  measure: (context) => timesMore(context, true),
  guard: linesCome,
  expect: { atMost: mostTimes, unit: '×' },
  withinSeconds: threeTurns,
  holdsForSeconds: threeScrapes,
  link: ({ observe }) => observe.prometheus.link(volume),
  next: 'see who is still loud: sum by (instance) (rate(log_lines_total{level="debug"}[5s]))',
});

export const plantedArrive: Invariant = {
  id: 'errors-arrive',
  claim: 'the rare errors of the gateway reach Loki, whatever is done about the flood',
  pillar: 'logs',
  query: plantedLines,
  async measure(context, interval) {
    const lengthMs = interval.toMs - interval.fromMs;
    const [lines, all] = await Promise.all([
      countLines(context, plantedLines, interval),
      countLines(context, '{app="notes"}', interval),
    ]);
    if (all === 0 || lengthMs < 2 * plantedEveryMs) return { value: undefined, note: `${all} lines at all` };
    return { value: (100 * lines * plantedEveryMs) / lengthMs, note: `${lines} lines` };
  },
  expect: { atLeast: 70, unit: '%' },
  violatedBy: 'drop-errors',
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', plantedLines),
  next: 'see whether the gateway still logs errors, and whether Loki takes them: log_lines_dropped_total',
};

/** By the services' own counts: they go on when Loki is gone. */
export const linesDelivered: Invariant = {
  id: 'lines-delivered',
  claim: 'what the services write reaches Loki',
  pillar: 'logs',
  query: 'log_lines_sent_total and log_lines_total, their increase',
  async measure({ observe, pace, signal }, { fromMs, toMs }) {
    const counted = async (metric: string): Promise<number> => {
      const at = (timeMs: number): Promise<number | undefined> =>
        observe.prometheus.value(`sum(${metric}{job=~"api|gateway"})`, { timeMs, signal });
      const [before, after] = await Promise.all([at(fromMs), at(toMs)]);
      return before === undefined || after === undefined ? Number.NaN : after - before;
    };
    if (toMs - fromMs < 3 * pace.scrapeIntervalSeconds * 1000)
      return { value: undefined, note: 'the interval is too short' };
    const [written, sent] = await Promise.all([counted('log_lines_total'), counted('log_lines_sent_total')]);
    return written > 0
      ? { value: (100 * sent) / written, note: `${sent} of ${written} lines` }
      : { value: undefined, note: 'no line was written' };
  },
  // Sent in batches: the newest are still on their way.
  expect: { atLeast: 70, unit: '%' },
  violatedBy: 'stop-shipping',
  link: ({ observe }) =>
    observe.prometheus.link('sum(rate(log_lines_sent_total[15s])) / sum(rate(log_lines_total[15s]))'),
  next: 'see whether Loki takes them: log_lines_retried_total, log_lines_dropped_total, npm run lab -- status',
};

export const noSecrets: Invariant = {
  id: 'no-secrets',
  claim: 'no line of any service holds a secret of this lab',
  pillar: 'logs',
  query: '{app="notes"} |= each of the lab\'s passwords and tokens',
  async measure(context, interval) {
    const all = await countLines(context, '{app="notes"}', interval);
    if (all === 0) return { value: undefined, note: 'no line at all' };
    const credentials = readCredentials(join(context.lab.directory, 'credentials.json')) ?? {};
    const secrets = [...new Set([context.lab.token, ...Object.values(credentials)])].filter(
      (one): one is string => typeof one === 'string' && one.length >= 8,
    );
    const counts = await Promise.all(
      secrets.map((secret) => countLines(context, `{app="notes"} |= ${JSON.stringify(secret)}`, interval)),
    );
    return {
      value: counts.reduce((a, b) => a + b, 0),
      note: `${secrets.length} secrets sought in ${all} lines`,
    };
  },
  expect: { equals: 0, unit: 'lines' },
  violatedBy: 'log-the-token',
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', '{app="notes"} |= "called with"'),
  next: 'find the line, take the secret out of use, and repair what wrote it',
};

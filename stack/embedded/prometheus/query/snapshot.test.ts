import { describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { createEngine } from '../promql/engine.ts';
import { parseMetricSelector } from '../promql/parser/parse.ts';
import { Head } from '../storage/head.ts';
import { answer, type Question } from './question.ts';
import { selectionsOf } from './reach.ts';
import { type Parcel, Snapshot, takeSnapshot } from './snapshot.ts';

const start = 1_767_225_600_000;
const samples = 900;
const options = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};
const engine = createEngine(options);
const lookbackMs = 300_000;

/** Several sealed chunks and an open one, gaps with staleness markers, resets, info series. */
function filled(): Head {
  const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 1e9 });
  for (let instance = 0; instance < 6; instance++) {
    const labels = { job: 'api', instance: `${instance}` };
    const counter = head.series(Labels.from({ ...labels, __name__: 'requests_total' }));
    const gauge = head.series(Labels.from({ ...labels, __name__: 'load' }));
    for (let second = 0; second < samples; second++) {
      const timeMs = start + second * 1000;
      head.load(counter, timeMs, (second * (instance + 1)) % 700);
      head.load(gauge, timeMs, Math.sin(second + instance), second % 211 === 5 * instance);
    }
    const info = head.series(
      Labels.from({ ...labels, __name__: 'target_info', version: `v${instance % 2}` }),
    );
    for (let second = 0; second < samples; second += 60) head.load(info, start + second * 1000, 1);
    const build = head.series(Labels.from({ ...labels, __name__: 'build_info', commit: `c${instance}` }));
    for (let second = 0; second < samples; second += 60) head.load(build, start + second * 1000, 1);
  }
  return head;
}

function ask(kind: 'instant' | 'range', text: string): Question {
  const times =
    kind === 'instant'
      ? { startMs: start + 700_500, endMs: start + 700_500, stepMs: 0 }
      : { startMs: start + 200_250, endMs: start + 800_250, stepMs: 7000 };
  return {
    kind,
    text,
    ...times,
    timeoutMs: 60_000,
    lookbackMs: undefined,
    limit: 0,
    stats: 'all',
    perStepStats: true,
  };
}

/** All of the answer but how long it took. */
const said = (queryable: Parameters<typeof answer>[1], question: Question) => {
  const { dataJson, ...rest } = answer(engine, queryable, question);
  const data = JSON.parse(dataJson) as { stats: { timings?: object } };
  delete data.stats.timings;
  return { ...rest, data };
};

function received(parcels: Iterable<Parcel>): Snapshot {
  const snapshot = new Snapshot();
  for (const parcel of parcels) snapshot.add(structuredClone(parcel));
  return snapshot;
}

const taken = (head: Head, question: Question) =>
  takeSnapshot(head, selectionsOf(engine.parse(question.text), question, lookbackMs));

describe('a query over its snapshot has the answer that it has over the storage', () => {
  test.each([
    '{__name__=~".+"}',
    'load',
    'load offset 5m',
    'load offset -3m',
    'load @ end()',
    'requests_total @ start() offset -90s',
    `sum by (job) (requests_total @ ${start / 1000 + 100})`,
    'rate(requests_total[2m])',
    'increase(requests_total[4m] offset 1m)',
    'increase(requests_total[1m] smoothed)',
    'delta(load[1m] anchored)',
    'load smoothed',
    'rate(requests_total[step() * 9 + 40])',
    'load offset (step() * 4)',
    'quantile_over_time(0.5, load[3m:13s])',
    'max_over_time(rate(requests_total[1m])[5m:10s] offset 2m)',
    'max_over_time((sum_over_time(load[30s] offset 45s))[2m:5s] @ end())',
    'timestamp(load)',
    'info(load)',
    'info(rate(requests_total[1m] offset 2m))',
    'info(load, {__name__="build_info"})',
    'info(load, {__name__!="target_info"})',
    'absent_over_time(nothing[5m])',
    'topk(2, load) or on () vector(scalar(sum(requests_total)))',
    'load * on (instance) group_left (version) target_info',
    'count_values("v", round(load))',
    'quantile(scalar(avg(load)), requests_total)',
  ])('%s', (text) => {
    const head = filled();
    for (const kind of ['instant', 'range'] as const) {
      const question = ask(kind, text);
      const fromHead = said(head, question);
      expect(said(received(taken(head, question)), question)).toEqual(fromHead);
    }
  });

  test('and so has a range vector', () => {
    const head = filled();
    for (const text of ['load[4m]', 'requests_total[2m:9s]', 'load[10m] offset 1m']) {
      const question = ask('instant', text);
      expect(JSON.stringify(said(head, question))).toContain('"values"');
      expect(said(received(taken(head, question)), question)).toEqual(said(head, question));
    }
  });
});

test('what is stored, inserted and deleted after a snapshot was taken does not change its answer', () => {
  const head = filled();
  const question = ask('range', 'sum by (instance) (increase(requests_total[1m])) + on (instance) load');
  const before = said(head, question);
  const parcels = taken(head, question);
  head.options.outOfOrderWindowMs = Number.POSITIVE_INFINITY;
  for (const series of [...head.index.all()]) {
    // In the open run, in a sealed chunk, and enough after them that the open run is sealed.
    head.append(series, start + 700_123, 1e6);
    head.append(series, start + 300_123, 1e6);
    for (let second = 1; second < 300; second++) head.append(series, start + (samples + second) * 1000, 1e9);
  }
  head.delete(parseMetricSelector('{instance="3"}').matchers, 0, Number.POSITIVE_INFINITY);
  expect(said(head, question)).not.toEqual(before);
  expect(said(received(parcels), question)).toEqual(before);
});

/**
 * The same data and queries put to the real Prometheus, where it is installed (Debian's `prometheus`, 3.x): values equal
 * to 1e-9, labels, order, errors and annotations the same. Skipped elsewhere.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import type { Queryable, SeriesSamples } from '../storage/queryable.ts';
import { createEngine } from './engine.ts';
import { formatFloat } from './format-float.ts';

/** Why the real one cannot be asked, or undefined. With `LAB_REQUIRE_NATIVE=1` its absence is a failure. */
function realMissing(): string | undefined {
  const said = spawnSync('prometheus', ['--version']).stdout?.toString() ?? '';
  if (said === '' || spawnSync('promtool', ['--version']).status !== 0) {
    if (process.env.LAB_REQUIRE_NATIVE === '1')
      throw new Error('prometheus and promtool are not on the PATH and LAB_REQUIRE_NATIVE=1 wants them');
    return 'prometheus or promtool is not on the PATH';
  }
  // 2.x counts in what lies on a window's left end: no two such answers are the same.
  return /version (?:[3-9]|\d\d+)\./.test(said) ? undefined : `${said.split('\n')[0]} is older than 3`;
}

const missing = realMissing();
const startMs = 1_767_225_600_000;
const at = startMs / 1000 + 1000.5;
const range = { start: startMs / 1000 + 200, end: startMs / 1000 + 1700, step: 37 };

function makeData(): SeriesSamples[] {
  const series: SeriesSamples[] = [];
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const add = (
    labels: Record<string, string>,
    next: (index: number, previous: number) => number | undefined,
  ): void => {
    const timestamps: number[] = [];
    const values: number[] = [];
    for (let index = 0; index < 120; index++) {
      const value = next(index, values.at(-1) ?? 0);
      if (value === undefined) continue;
      timestamps.push(startMs + index * 15_000 + Math.floor(random() * 1000));
      values.push(value);
    }
    series.push({
      labels: Labels.from(labels),
      timestamps: Float64Array.from(timestamps),
      values: Float64Array.from(values),
    });
  };
  for (const job of ['api', 'db']) {
    for (const instance of ['0', '1', '2']) {
      const owner = { job, instance };
      add({ __name__: 'reqs_total', ...owner }, (index, previous) =>
        index === 40 || index === 90 ? 2 : previous + random() * 10,
      );
      add({ __name__: 'gauge', ...owner }, (index) =>
        index % 17 === 3 ? undefined : Math.sin(index / 5) * 100 * (Number(instance) + 1),
      );
      add({ __name__: 'sparse', ...owner }, (index) => (index % 30 < 12 ? index : undefined));
      add({ __name__: 'weird', ...owner }, (index) =>
        index % 7 === 0 ? Number.NaN : index % 11 === 0 ? Number.POSITIVE_INFINITY : index,
      );
      for (const [bucket, le] of ['0.1', '0.5', '1', '+Inf'].entries()) {
        add({ __name__: 'lat_bucket', ...owner, le }, (_, previous) => previous + bucket + 1);
      }
    }
    add({ __name__: 'build', job, version: `v-${job}` }, () => 1);
    add({ __name__: 'target_info', job, instance: '0', zone: 'x' }, () => 1);
  }
  return series.sort((a, b) => Labels.compare(a.labels, b.labels));
}

const metrics = ['reqs_total', 'gauge', 'sparse', 'weird'];
const rangeFunctions = [
  'rate',
  'increase',
  'delta',
  'irate',
  'idelta',
  'deriv',
  'changes',
  'resets',
  'sum_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'count_over_time',
  'last_over_time',
  'absent_over_time',
  'ts_of_max_over_time',
];

function makeQueries(): string[] {
  const queries = [
    'histogram_quantile(0.9, lat_bucket)',
    'histogram_quantile(0.5, sum by (le) (rate(lat_bucket[2m])))',
    'histogram_quantile(1.1, lat_bucket)',
    'histogram_quantile(0.5, gauge)',
    'histogram_fraction(0.2, 0.7, lat_bucket)',
    'count by (__name__) ({__name__=~".+"})',
    'label_replace(gauge, "job", "$0", "job", "(")',
    'day_of_year()',
    '1 + 2 * 3 ^ 2 % 5',
    '"text"',
    'gauge[1m]',
    'sum(',
  ];
  for (const metric of metrics) {
    for (const name of rangeFunctions) {
      for (const window of ['[2m]', '[10m:30s]', '[5m] offset 1m', '[2m] @ end()'])
        queries.push(`${name}(${metric}${window})`);
    }
    for (const name of ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar']) {
      queries.push(
        `${name}(${metric})`,
        `${name} by (job) (${metric})`,
        `${name} without (instance) (${metric})`,
      );
    }
    for (const name of ['topk', 'bottomk', 'limitk', 'limit_ratio'])
      queries.push(`${name} by (job) (2, ${metric})`, `${name}(0.5, ${metric})`);
    for (const name of [
      'abs',
      'exp',
      'sqrt',
      'ln',
      'sgn',
      'sin',
      'timestamp',
      'year',
      'absent',
      'scalar',
      'sort_desc',
    ])
      queries.push(`${name}(${metric})`);
    for (const operator of ['+', '%', '^', 'atan2', '==', '> bool', 'and', 'or', 'unless'])
      queries.push(`${metric} ${operator} gauge`);
    queries.push(
      `quantile(0.4, ${metric})`,
      `count_values("v", ${metric} > bool 3)`,
      `predict_linear(${metric}[5m] @ end(), 300)`,
      `double_exponential_smoothing(${metric}[5m], 0.3, 0.6)`,
      `quantile_over_time(0.3, ${metric}[4m])`,
      `2 ^ ${metric}`,
      `${metric} * on (job) group_left (version) build`,
      `${metric} + on (job) ${metric}`,
      `-${metric}`,
      `${metric} offset -30s`,
      `clamp(${metric}, 1, 10)`,
      `round(${metric}, 0.3)`,
      `label_join(${metric}, "x", "-", "job", "instance")`,
      `sort_by_label_desc(${metric}, "instance")`,
      `info(${metric})`,
      `max_over_time(sum(rate(${metric}[2m]))[5m:1m])`,
      `rate({__name__=~"reqs_total|${metric}"}[2m])`,
    );
  }
  return queries;
}

interface Answer {
  readonly error?: string;
  readonly type?: string;
  readonly notes?: readonly string[];
  readonly rows?: readonly (readonly [
    key: string,
    points: readonly (readonly [ms: number, value: string])[],
  ])[];
}

interface ApiAnswer {
  readonly status: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

type Point = readonly [seconds: number, value: string];

function fromApi(answer: ApiAnswer): Answer {
  if (answer.data === undefined)
    return { error: answer.error?.replace('invalid parameter "query": ', '') ?? '' };
  const { resultType, result } = answer.data;
  const notes = [...(answer.warnings ?? []), ...(answer.infos ?? [])].sort();
  const points = (list: readonly Point[]): [number, string][] =>
    list.map(([time, value]) => [Math.round(time * 1000), value]);
  if (resultType === 'scalar' || resultType === 'string') {
    return { type: resultType, notes, rows: [['', points([result as Point])]] };
  }
  const rows = (result as { metric: Record<string, string>; value?: Point; values?: Point[] }[]).map(
    ({ metric, value, values }) => [Labels.from(metric).key, points(values ?? [value!])] as const,
  );
  return { type: resultType, notes, rows };
}

/** Equal, numbers to 1e-9; the order of an instant vector counts only where the query sorts. */
function difference(ours: Answer, theirs: Answer, ordered: boolean): string | undefined {
  if (ours.error !== theirs.error) {
    const duplicate = /found duplicate series for the match group/;
    if (duplicate.test(ours.error ?? '') && duplicate.test(theirs.error ?? '')) return undefined;
    return `error ${ours.error}, real ${theirs.error}`;
  }
  if (ours.type !== theirs.type) return `type ${ours.type}, real ${theirs.type}`;
  // Newer than the Prometheus that Debian has.
  const notes = (ours.notes ?? []).filter((note) => !note.includes('sort is ineffective'));
  if (notes.join() !== (theirs.notes ?? []).join())
    return `annotations ${notes.join()}, real ${theirs.notes?.join()}`;
  if (ours.rows?.length !== theirs.rows?.length)
    return `${ours.rows?.length} series, real ${theirs.rows?.length}`;
  const found = new Map(ours.rows?.map(([key, points], index) => [key, { points, index }]));
  for (const [index, [key, points]] of (theirs.rows ?? []).entries()) {
    const row = found.get(key);
    if (row === undefined || row.points.length !== points.length)
      return `${key}: ${row?.points.length} points, real ${points.length}`;
    if (ordered && row.index !== index) return `${key} at ${row.index}, real ${index}`;
    for (const [step, [time, value]] of points.entries()) {
      const [ourTime, ourValue] = row.points[step]!;
      const [a, b] = [ourValue, value].map((text) => Number(text.replace('Inf', 'Infinity')));
      const same = ourValue === value || Math.abs(a! - b!) <= 1e-9 * Math.max(Math.abs(a!), Math.abs(b!));
      if (time !== ourTime || !same) return `${key}: ${ourValue} at ${ourTime}, real ${value} at ${time}`;
    }
  }
  return undefined;
}

describe.skipIf(missing !== undefined)(
  `the engine answers as the real Prometheus${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'promql-differential-'));
    const data = makeData();
    let server: ChildProcess;
    let base = '';

    beforeAll(async () => {
      const lines = data.flatMap(({ labels, timestamps, values }) => {
        const rest = labels.pairs
          .filter(([name]) => name !== '__name__')
          .map(([name, value]) => `${name}="${value}"`);
        return Array.from(
          timestamps,
          (time, index) =>
            `${labels.get('__name__')}{${rest.join(',')}} ${formatFloat(values[index]!)} ${time / 1000}`,
        );
      });
      writeFileSync(join(folder, 'data.om'), `${lines.join('\n')}\n# EOF\n`);
      writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
      spawnSync('promtool', [
        'tsdb',
        'create-blocks-from',
        'openmetrics',
        join(folder, 'data.om'),
        join(folder, 'data'),
      ]);
      const port = await new Promise<number>((resolve) => {
        const probe = createServer().listen(0, '127.0.0.1', () => {
          const address = probe.address();
          probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
        });
      });
      base = `http://127.0.0.1:${port}`;
      server = spawn(
        'prometheus',
        [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--storage.tsdb.retention.time=100y',
          '--enable-feature=promql-experimental-functions',
        ],
        { stdio: 'ignore' },
      );
      while (
        !(await fetch(`${base}/-/ready`).then(
          (response) => response.ok,
          () => false,
        ))
      )
        await sleep(100);
    });

    afterAll(async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });

    const queryable: Queryable = {
      select: (matchers, minMs, maxMs) =>
        data
          .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
          .map(({ labels, timestamps, values }) => {
            const low = timestamps.findIndex((time) => time >= minMs);
            const high = timestamps.findLastIndex((time) => time <= maxMs) + 1;
            const from = low < 0 ? timestamps.length : low;
            return {
              labels,
              timestamps: timestamps.subarray(from, high),
              values: values.subarray(from, high),
            };
          }),
    };
    const engine = createEngine({ experimentalFunctions: true });

    const ask = (query: string, isRange: boolean): Answer => {
      try {
        const result = isRange
          ? engine.rangeQuery(queryable, query, range.start * 1000, range.end * 1000, range.step * 1000)
          : engine.instantQuery(queryable, query, at * 1000);
        const notes = [...result.annotations.warnings, ...result.annotations.infos].sort();
        if (result.type === 'matrix') {
          const rows = result.series.map(
            ({ labels, timestamps, values }) =>
              [
                labels.key,
                Array.from(timestamps, (time, index) => [time, formatFloat(values[index]!)] as const),
              ] as const,
          );
          return { type: 'matrix', notes, rows };
        }
        if (result.type === 'vector') {
          const rows = result.samples.map(
            ({ labels, timeMs, value }) => [labels.key, [[timeMs, formatFloat(value)] as const]] as const,
          );
          return { type: 'vector', notes, rows };
        }
        const value = typeof result.value === 'string' ? result.value : formatFloat(result.value);
        return { type: result.type, notes, rows: [['', [[result.timeMs, value]]]] };
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    };

    test.each([
      ['instant', false],
      ['range', true],
    ] as const)('%s queries', async (_, isRange) => {
      const differences: string[] = [];
      for (const query of makeQueries()) {
        const parameters: Record<string, string> = isRange
          ? { query, start: String(range.start), end: String(range.end), step: String(range.step) }
          : { query, time: String(at) };
        const response = await fetch(
          `${base}/api/v1/${isRange ? 'query_range' : 'query'}?${new URLSearchParams(parameters)}`,
        );
        const theirs = fromApi((await response.json()) as ApiAnswer);
        const reason = difference(
          ask(query, isRange),
          theirs,
          !isRange && /^(?:sort|topk|bottomk)/.test(query),
        );
        if (reason !== undefined) differences.push(`${query}: ${reason}`);
      }
      expect(differences).toEqual([]);
    });
  },
);

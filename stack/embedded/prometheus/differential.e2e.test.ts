/**
 * Everything that the lab asks in PromQL, asked of the embedded and of the real Prometheus: every rule, every check of
 * every exercise, every panel of the dashboards. Above 300 lines for the two data sets and their one comparison.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exerciseIds } from '../../../lab/exercise/model/load-exercises.ts';
import type { Check, Exercise, ExerciseContext } from '../../../lab/exercise/model/model.ts';
import { fakeContext } from '../../../lab/exercise/testing/fake-context.ts';
import { paces } from '../../pace.ts';
import { dashboardQueries, ruleQueries, type ShippedQuery } from '../../prometheus/queries.ts';
import { renderTemplate } from '../../render.ts';
import type { Placement } from '../../topology.ts';
import {
  downComponent,
  exposition,
  labJobs,
  labSeries,
  recordedSeries,
  storedText,
  upSeries,
} from './testing/lab-metrics.ts';
import { startTarget, startTestServer, type TestTarget, until } from './testing/test-server.ts';

const root = join(import.meta.dirname, '../../..');
const pace = paces.lab;

function realIsThere(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.LAB_REQUIRE_NATIVE === '1')
      throw new Error('prometheus and promtool are not on the PATH and LAB_REQUIRE_NATIVE=1 wants them');
    process.stderr.write('skipped: prometheus or promtool is not on the PATH\n');
    return false;
  }
}

/** 2.x counts in what lies on a window's left end and extrapolates otherwise: no two such answers are exactly the same. */
function realIsThree(): boolean {
  const said = execFileSync('prometheus', ['--version'], { encoding: 'utf8' });
  const three = Number(/version (\d+)/.exec(said)?.[1]) >= 3;
  if (!three) process.stderr.write(`skipped over imported history: ${said.split('\n')[0]} is older than 3\n`);
  return three;
}

/** The real server on a free port, over a data folder of its own. */
async function startReal(files: Readonly<Record<string, string>>, data: string) {
  const directory = mkdtempSync(join(tmpdir(), 'real-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  for (const [name, text] of Object.entries({ 'prometheus.yml': '', ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

/** Values by time, of each series by its labels. */
type Result = Map<string, Map<number, number>>;

async function ask(url: string, path: string, parameters: Record<string, string>): Promise<Result> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as {
    error?: string;
    data: {
      resultType: string;
      result:
        | { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[]
        | [number, string];
    };
  };
  if (body.error !== undefined) throw new Error(`${parameters.query}: ${body.error}`);
  const { resultType, result } = body.data;
  const series =
    resultType === 'scalar'
      ? [{ metric: {}, value: result as [number, string], values: undefined }]
      : (result as {
          metric: Record<string, string>;
          value?: [number, string];
          values?: [number, string][];
        }[]);
  return new Map(
    series.map(({ metric, value, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      new Map((values ?? [value!]).map(([time, text]) => [time, Number(text.replace('Inf', 'Infinity'))])),
    ]),
  );
}

/** What the PromQL language has beyond what the rules and exercises happen to use. */
const moreQueries: readonly ShippedQuery[] = [
  'http_requests_total',
  'max_over_time(http_requests_in_progress[20s])',
  'quantile_over_time(0.9, http_requests_in_progress[20s])',
  'topk(2, sum by (endpoint) (increase(http_requests_total[20s])))',
  'max_over_time(sum(rate(http_requests_total[10s]))[20s:5s])',
  'count by (__name__) ({job="api"})',
  'absent(nothing{a="b"})',
].map((promql) => ({ name: promql, promql }));

/** Empty on both servers, and rightly so. */
const rightlyEmpty: Readonly<Record<string, string>> = {
  'alert TargetMissing': 'nothing is missing: all three replicas are configured, if not all of them healthy',
  'alert AlertmanagerDown': 'of all components it is the inbox that is down',
  'alert LokiDown': 'it is the inbox that is down',
  'alert JaegerDown': 'it is the inbox that is down',
  'alert GrafanaDown': 'it is the inbox that is down',
  'alert PrometheusTargetsScrapeSlow':
    'what is scraped here answers at once; in the imported history one is slow',
  'alert CardinalityHigh': 'what is scraped here is small; in the imported history one target is not',
};

/** Not compared after scraping: what each server says of itself, and what is undecided by nature. */
const ownMatter: Readonly<Record<string, string>> = {
  'dashboard telemetry: Duration of the scrapes': 'each server measures its own scrapes',
  'dashboard telemetry: Series by metric':
    'the fifteenth of many metrics with equally many series is any of them',
};

/** Every PromQL that the checks of the exercises send, guards included: recorded by asking them. */
async function exerciseQueries(): Promise<ShippedQuery[]> {
  const found = new Map<string, ShippedQuery>();
  const targets = ['api-1', 'api-2', 'api-3'].map((instance) => ({ labels: { instance }, lastError: '' }));
  for (const id of exerciseIds(root)) {
    const file = pathToFileURL(join(root, 'exercises', id, 'exercise.ts')).href;
    const { default: exercise } = (await import(file)) as { default: Exercise };
    const checks = new Map<string, Check>();
    const ofActs = exercise.acts.flatMap((act) => [...act.observe, ...act.recover]);
    for (const check of [...exercise.baseline, ...ofActs])
      if (check.pillar === 'metrics') checks.set(check.id, check);
    expect(checks.size, id).toBeGreaterThan(0);
    for (const [checkId, check] of checks) {
      let part = 'measure';
      const record = async (promql: string): Promise<undefined> => {
        found.set(promql, { name: `exercise ${id}: ${checkId}, ${part}`, promql });
      };
      const context: ExerciseContext = {
        ...fakeContext(),
        pace,
        observe: {
          prometheus: {
            value: record,
            query: async (promql: string) => [await record(promql)].slice(1),
            // What is asked without PromQL is compared by the conformance runs.
            targets: async () => targets,
          },
        } as unknown as ExerciseContext['observe'],
      };
      await check.measure(context);
      part = 'guard';
      await check.guard?.measure(context);
    }
  }
  return [...found.values()];
}

/** The shipped config and rules at the lab's pace, with the targets at these addresses. */
function render(address: (component: string) => string): { files: Record<string, string>; at: Placement } {
  const at = {
    pace,
    address,
    url: (component: string) => `http://${component}.example`,
  } as unknown as Placement;
  const folder = join(root, 'stack/prometheus');
  const names = ['prometheus.yml', ...readdirSync(join(folder, 'rules')).map((name) => `rules/${name}`)];
  const files = Object.fromEntries(
    names.map((name) => [name, renderTemplate(readFileSync(join(folder, name), 'utf8'), at)]),
  );
  return { files, at };
}

async function shippedQueries(at: Placement): Promise<ShippedQuery[]> {
  const rules = ruleQueries(join(root, 'stack'), at);
  const exercises = await exerciseQueries();
  expect(rules.length).toBeGreaterThanOrEqual(44);
  expect(exercises.length).toBeGreaterThanOrEqual(10);
  return [...rules, ...exercises, ...dashboardQueries(join(root, 'stack'), pace), ...moreQueries];
}

interface Comparison {
  readonly parameters: Record<string, string>;
  /** The largest relative difference of two values that counts as the same. */
  tolerance(query: ShippedQuery): number;
}

/** Asks both, and says in one line for each query what differs. */
async function compare(
  real: string,
  embedded: string,
  queries: readonly ShippedQuery[],
  { parameters, tolerance }: Comparison,
): Promise<string[]> {
  const different: string[] = [];
  for (const query of queries) {
    const [wanted, got] = await Promise.all(
      [real, embedded].map((url) => ask(url, 'query_range', { query: query.promql, ...parameters })),
    );
    const problem =
      wanted!.size === 0 && rightlyEmpty[query.name] === undefined
        ? 'the real one answers nothing: that both are silent is no agreement'
        : difference(wanted!, got!, tolerance(query));
    if (problem !== undefined) different.push(`${query.name}: ${problem}\n    ${query.promql}`);
  }
  return different;
}

function difference(wanted: Result, got: Result, tolerance: number): string | undefined {
  for (const series of wanted.keys()) if (!got.has(series)) return `the embedded one lacks ${series}`;
  for (const [series, points] of got) {
    const others = wanted.get(series);
    if (others === undefined) return `the embedded one has ${series} too much`;
    const times = [...points.keys()].join();
    if (times !== [...others.keys()].join())
      return `${series} has samples at ${times}, not ${[...others.keys()].join()}`;
    for (const [time, value] of points) {
      const other = others.get(time)!;
      if (Object.is(value, other)) continue;
      const off = Math.abs(value - other) / Math.max(Math.abs(other), 1e-9);
      if (!(off <= tolerance)) return `${series} is ${value} at ${time}, not ${other}`;
    }
  }
  return undefined;
}

const installed = realIsThere();

describe.skipIf(!installed)('beside the real Prometheus', () => {
  test('both scrape the same lab and answer all that the lab asks alike, within the jitter of scraping', async () => {
    const started = Date.now();
    const lab = labSeries({ motion: 'even' });
    const targets = new Map<string, TestTarget>();
    const data = mkdtempSync(join(tmpdir(), 'real-prometheus-data-'));
    try {
      for (const component of Object.keys(labJobs)) {
        const target = await startTarget((_request, response) => {
          response.setHeader('Content-Type', 'text/plain; version=0.0.4');
          response.end(exposition(lab, component, (Date.now() - started) / 1000));
        });
        if (component === downComponent) {
          target.handler = (_request, response) => response.writeHead(503).end();
        }
        targets.set(component, target);
      }
      const { files, at } = render((component) => targets.get(component)!.address);
      const queries = (await shippedQueries(at)).filter(({ name }) => ownMatter[name] === undefined);
      await using real = await startReal(files, data);
      await using embedded = await startTestServer(files);
      // The real one looks for targets only every five seconds: the clock starts when both have scraped everything.
      const healthy = Object.keys(labJobs).length - 1;
      for (const { url } of [real, embedded.server])
        await until(async () => (await ask(url, 'query', { query: 'up == 1' })).size === healthy);
      // What counts what happened in a window is the same only where the window is full: the longest has 60 s, and there
      // are 4 s of answers.
      await sleep(68_000);
      const now = Math.floor(Date.now() / 1000) - 1;
      const different = await compare(real.url, embedded.server.url, queries, {
        parameters: { start: String(now - 4), end: String(now), step: '2' },
        // Both scrape once a second, up to a second apart. A raw counter, some 30 s old, has grown by up to a thirtieth
        // between; a rate over an evenly growing counter differs only by what a scrape is late, a few ms in 15 s; a
        // gauge moves by 2 % in a minute; a share is as its rates are.
        tolerance: ({ promql }) => (promql === 'http_requests_total' ? 0.05 : 0.02),
      });
      expect(different).toEqual([]);
    } finally {
      for (const target of targets.values()) await target[Symbol.asyncDispose]();
      rmSync(data, { recursive: true });
    }
  });

  test.skipIf(!installed || !realIsThree())(
    'over the same imported history they answer exactly the same',
    async () => {
      const start = Math.floor(Date.now() / 1000 / 7200) * 7200 - 7200;
      const intervalSeconds = 2;
      const count = 460;
      const lines: string[] = [];
      const all = [...recordedSeries(), ...upSeries(), ...labSeries({ motion: 'uneven' })];
      all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      for (const series of all) {
        const text = storedText(series);
        for (let index = 0; index < count; index++) {
          // Now and then a replica is not scraped for a while: windows that begin or end in the gap.
          if (series.component === 'api-2' && index % 60 >= 40 && index % 60 < 47) continue;
          lines.push(`${text} ${series.valueAt(index * intervalSeconds)} ${start + index * intervalSeconds}`);
        }
      }
      const directory = mkdtempSync(join(tmpdir(), 'import-'));
      const file = join(directory, 'data.om');
      writeFileSync(file, `${lines.join('\n')}\n# EOF\n`);
      try {
        const { at } = render((component) => component);
        const queries = await shippedQueries(at);
        execFileSync(
          'promtool',
          ['tsdb', 'create-blocks-from', 'openmetrics', file, join(directory, 'data')],
          {
            stdio: 'ignore',
          },
        );
        await using real = await startReal({}, join(directory, 'data'));
        await using embedded = await startTestServer({}, [
          `--storage.tsdb.import-openmetrics=${file}`,
          '--storage.tsdb.retention.time=0s',
        ]);
        const different = await compare(real.url, embedded.server.url, queries, {
          // On the samples, so that windows begin and end with one: 3.x leaves out what lies on the left end.
          parameters: { start: String(start + 202), end: String(start + 902), step: '20' },
          tolerance: () => 0,
        });
        expect(different).toEqual([]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );
});

/**
 * Replays Jaeger's own test data against the embedded server, over HTTP:
 * - `fixtures/<name>-in.json` with `<name>-out.json`: OTLP in, UI JSON out, through `/api/transform`
 * - `fixtures/domain_NN.json` with `ui_NN.json`: Jaeger's domain model to UI JSON (converted to OTLP first)
 * - `storage/queries.json` with `storage/traces/*.json`: what a search must find, by both query APIs, and whole
 * - `apiv3/*.json`: answers of `/api/v3`, asked of a server that was sent spans which lead to that answer
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseConfig } from '../../stack/embedded/jaeger/config/config.ts';
import { type RunningJaeger, startJaeger } from '../../stack/embedded/jaeger/server.ts';
import { flatten, flattenAll, same } from './jaeger-compare.ts';
import { type DomainTrace, domainToOtlp } from './jaeger-domain.ts';
import { type Leading, spansLeadingTo } from './jaeger-snapshots.ts';
import { type Outcome, Tally } from './tally.ts';

type Json = Record<string, unknown>;

const madeFromAnswer =
  "Jaeger's file holds the answer alone: the spans were made from it, beside others that must not be in it";

/** Runs every file below the paths that belongs to one of the four kinds; names what it skips. */
export async function run(paths: readonly string[]): Promise<Outcome> {
  const files = (await Promise.all(paths.map(listFiles))).flat().sort();
  const tally = new Tally();
  const check = async (name: string, test: () => Promise<void>, partly?: string): Promise<void> => {
    try {
      await test();
      tally.add(name, undefined, partly);
    } catch (error) {
      tally.add(name, (error as Error).message);
    }
  };
  for (const file of files) {
    const name = basename(file, '.json');
    const folder = basename(dirname(file));
    if (folder === 'fixtures') {
      if (name.endsWith('-in')) await check(`fixtures/${name}`, () => transform(file));
      else if (/^domain_\d+$/.test(name)) await check(`fixtures/${name}`, () => fromDomain(file));
      else if (!name.endsWith('-out') && !/^ui_\d+$/.test(name)) {
        tally.skip(`fixtures/${name}`, 'neither OTLP nor a domain trace with a known counterpart');
      }
    } else if (folder === 'apiv3') {
      const input = spansLeadingTo(name, (await readJson(file)) as Json);
      if (input === undefined) tally.skip(`apiv3/${name}`, 'endpoint out of scope');
      else await check(`apiv3/${name}`, () => snapshot(file, input), madeFromAnswer);
    } else if (name === 'queries') await storageQueries(file, check);
  }
  return tally;
}

async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return path.endsWith('.json') ? [path] : [];
  const entries = await readdir(path, { withFileTypes: true });
  return (await Promise.all(entries.map((entry) => listFiles(join(path, entry.name))))).flat();
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

async function withServer(use: (jaeger: RunningJaeger) => Promise<void>): Promise<void> {
  const jaeger = await startJaeger(
    parseConfig(`
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}}
extensions:
  jaeger_storage: {backends: {main: {memory: {max_traces: 100000}}}}
  jaeger_query: {storage: {traces: main}, http: {endpoint: "127.0.0.1:0"}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {jaeger_storage_exporter: {trace_storage: main}}
`),
  );
  try {
    await use(jaeger);
  } finally {
    await jaeger.close();
  }
}

async function push(jaeger: RunningJaeger, otlp: unknown): Promise<void> {
  const response = await fetch(`${jaeger.otlpUrls[0]}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlp),
  });
  const text = await response.text();
  if (response.status !== 200 || text !== '{"partialSuccess":{}}')
    throw new Error(`push was answered ${response.status} ${text}`);
}

async function get(jaeger: RunningJaeger, path: string): Promise<unknown> {
  const response = await fetch(`${jaeger.url}${path}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path} was answered ${response.status} ${text}`);
  return JSON.parse(text);
}

async function transform(file: string): Promise<void> {
  const expected = await readJson(file.replace(/-in\.json$/, '-out.json'));
  await withServer(async (jaeger) => {
    const response = await fetch(`${jaeger.url}/api/transform`, {
      method: 'POST',
      body: await readFile(file),
    });
    same(await response.json(), expected, 'UI JSON');
  });
}

async function fromDomain(file: string): Promise<void> {
  const expected = (await readJson(file.replace(/domain_(\d+)\.json$/, 'ui_$1.json'))) as Json;
  const domain = (await readJson(file)) as DomainTrace;
  await withServer(async (jaeger) => {
    const response = await fetch(`${jaeger.url}/api/transform`, {
      method: 'POST',
      body: JSON.stringify(domainToOtlp(domain, await readFile(file, 'utf8'))),
    });
    const body = (await response.json()) as { data: Json[] };
    // OTLP has no place for warnings of a whole trace, and none for a trace without them on spans.
    same(body.data[0], { ...expected, warnings: null }, 'UI JSON');
  });
}

async function snapshot(file: string, { otlp, besides, path }: Leading): Promise<void> {
  const expected = await readJson(file);
  await withServer(async (jaeger) => {
    await push(jaeger, besides);
    await push(jaeger, otlp);
    same(await get(jaeger, path), expected, path);
  });
}

interface StorageQuery {
  Caption: string;
  Query: {
    ServiceName: string;
    OperationName: string;
    Tags: Record<string, unknown> | null;
    StartTimeMin: string;
    StartTimeMax: string;
    /** Nanoseconds. */
    DurationMin: number;
    DurationMax: number;
    NumTraces: number;
  };
  ExpectedFixtures: string[];
}

async function storageQueries(
  file: string,
  check: (name: string, test: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = join(dirname(file), 'traces');
  const traces = new Map<string, Json>();
  for (const name of (await readdir(folder)).sort()) {
    traces.set(basename(name, '.json'), (await readJson(join(folder, name))) as Json);
  }
  const queries = (await readJson(file)) as StorageQuery[];
  await withServer(async (jaeger) => {
    for (const trace of traces.values()) await push(jaeger, trace);
    for (const { Caption, Query, ExpectedFixtures } of queries) {
      const expected = ExpectedFixtures.map((name) => {
        const trace = traces.get(name);
        if (trace === undefined) throw new Error(`no trace ${name} in ${folder}`);
        return trace;
      });
      await check(`storage/${Caption} (/api/v3/traces)`, async () => {
        const parameters = new URLSearchParams({
          'query.serviceName': Query.ServiceName,
          'query.operationName': Query.OperationName,
          'query.startTimeMin': Query.StartTimeMin,
          'query.startTimeMax': Query.StartTimeMax,
          'query.searchDepth': String(Query.NumTraces),
          'query.rawTraces': 'true',
          'query.attributes': JSON.stringify(textTags(Query.Tags)),
        });
        if (Query.DurationMin > 0) parameters.set('query.durationMin', `${Query.DurationMin}ns`);
        if (Query.DurationMax > 0) parameters.set('query.durationMax', `${Query.DurationMax}ns`);
        const body = (await get(jaeger, `/api/v3/traces?${parameters}`)) as { result: Json };
        same(flatten(body.result), flattenAll(expected), 'traces found');
      });
      await check(`storage/${Caption} (/api/traces)`, async () => {
        const parameters = new URLSearchParams({
          service: Query.ServiceName,
          operation: Query.OperationName,
          start: String(Date.parse(Query.StartTimeMin) * 1000),
          end: String(Math.ceil(Date.parse(Query.StartTimeMax)) * 1000 + 999),
          limit: String(Query.NumTraces),
          tags: JSON.stringify(textTags(Query.Tags)),
          raw: 'true',
        });
        if (Query.DurationMin > 0) parameters.set('minDuration', `${Query.DurationMin}ns`);
        if (Query.DurationMax > 0) parameters.set('maxDuration', `${Query.DurationMax}ns`);
        const found = (await get(jaeger, `/api/traces?${parameters}`)) as { data: unknown[] };
        const byTransform: unknown[] = [];
        for (const trace of expected) {
          const response = await fetch(`${jaeger.url}/api/transform`, {
            method: 'POST',
            body: JSON.stringify(trace),
          });
          byTransform.push(...((await response.json()) as { data: unknown[] }).data);
        }
        same(
          found.data.map((trace) => JSON.stringify(trace)).sort(),
          byTransform.map((trace) => JSON.stringify(trace)).sort(),
          'traces found',
        );
      });
    }
  });
}

function textTags(tags: Record<string, unknown> | null): Record<string, string> {
  return Object.fromEntries(Object.entries(tags ?? {}).map(([key, value]) => [key, String(value)]));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRegistry } from '../../services/telemetry/metrics-registry.ts';
import { builtInVariables, interpolate, readVariables } from '../embedded/grafana/pages/variables.ts';
import { parseQuery } from '../embedded/loki/logql/parser.ts';
import type { VectorSelector } from '../embedded/prometheus/promql/parser/ast.ts';
import { parseExpr } from '../embedded/prometheus/promql/parser/parse.ts';
import { dashboardFile, dashboards } from './dashboard-sources/all.ts';
import { places } from './dashboard-sources/dashboard.ts';

interface Target {
  refId: string;
  datasource: { type: string; uid: string };
  expr?: string;
  service?: string;
  queryType?: string;
  exemplar?: boolean;
}
interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  datasource?: { uid: string };
  fieldConfig?: { defaults: { unit?: string; links?: { url: string }[] } };
  targets?: Target[];
}
interface Model {
  uid: string;
  title: string;
  panels: Panel[];
  links: { url: string }[];
  templating?: { list: { name: string; datasource?: { uid: string }; definition?: string }[] };
  annotations: { list: { name: string; datasource: { uid: string }; target: { tags: string[] } }[] };
}

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'dashboards');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const models = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Model)
  .map((model) => ({ ...model, drawn: model.panels.filter(({ type }) => type !== 'row') }));
const sourceOf = (path: string) =>
  readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => text(join(path, name)))
    .join('\n');

/** What the code calls its metrics: the name, then the help text. */
const namesIn = (source: string) =>
  [...source.matchAll(/name: '([a-z][a-z0-9_]+)',\s+help:/g)].map((match) => match[1] ?? '');

/** The series that a metric of the services has. */
const withSeries = (name: string) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];

const recorded = readdirSync(join(root, 'stack/prometheus/rules')).flatMap((name) =>
  (
    parse(text(`stack/prometheus/rules/${name}`)) as { groups: { rules: { record?: string }[] }[] }
  ).groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? [])),
);
const { registry } = createRegistry('test');
expect(registry).toBeInstanceOf(Registry);
const known = new Set([
  ...recorded,
  ...namesIn(sourceOf('services')).flatMap(withSeries),
  ...registry.getMetricsAsArray().flatMap(({ name }) => withSeries(name)),
  // Named through a function: services/api/database/database.ts, services/api/notes/notes-service.ts.
  ...['active', 'idle', 'waiting', 'max'].map((state) => `database_connections_${state}`),
  ...['created', 'deleted'].map((what) => `notes_${what}_total`),
  // Made by Prometheus itself for each scrape and each alert.
  ...['up', 'scrape_samples_scraped', 'scrape_duration_seconds', 'ALERTS'],
  // Of the real backends. The embedded ones have them as well, which a test below holds.
  ...[
    'prometheus_tsdb_head_series',
    'prometheus_tsdb_head_samples_appended_total',
    'loki_ingester_memory_streams',
    'otelcol_receiver_accepted_spans_total',
    'otelcol_receiver_refused_spans_total',
    'otelcol_exporter_sent_spans_total',
    'otelcol_processor_tail_sampling_global_count_traces_sampled_total',
  ],
]);

/** What a query asks for, with variables filled in as by default. */
function filled(model: Model, query: string): string {
  const variables = readVariables(model.templating?.list, new URLSearchParams());
  return interpolate(query, {
    ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    ...builtInVariables(900, '1s'),
  });
}

/** Every selector below an expression. */
function selectorsOf(node: unknown): VectorSelector[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = (node as { kind?: string }).kind === 'selector' ? [node as VectorSelector] : [];
  return [...own, ...Object.values(node).flatMap(selectorsOf)];
}

const targets = models.flatMap((model) =>
  model.drawn.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      name: `${model.uid}: ${panel.title} ${target.refId}`,
      model,
      panel,
      target,
    })),
  ),
);

test('the checked-in files are what the sources make: run npm run dashboards', () => {
  expect(readdirSync(folder).sort()).toEqual(dashboards.map(({ uid }) => `${uid}.json`).sort());
  for (const dashboard of dashboards)
    expect(readFileSync(join(folder, `${dashboard.uid}.json`), 'utf8')).toBe(dashboardFile(dashboard));
});

test('every dashboard that an alert links to is there', () => {
  const linked = [
    ...text('stack/prometheus/rules/alerts.yml').matchAll(/dashboard_url: .*\/d\/([a-z]+)/g),
  ].map((match) => match[1]);
  expect(linked.length).toBeGreaterThan(10);
  const uids = models.map(({ uid }) => uid);
  expect([...new Set(linked)].filter((uid) => !uids.includes(uid ?? ''))).toEqual([]);
  expect(uids.sort()).toEqual(Object.keys(places).sort());
});

describe.each(models)('$uid', (model) => {
  test('every panel says what it shows, in which unit, and asks something', () => {
    expect(model.drawn.length).toBeGreaterThan(3);
    const poor = model.drawn.filter(
      ({ title, description, fieldConfig, targets }) =>
        !title || (description ?? '').length < 15 || !fieldConfig?.defaults.unit || !targets?.length,
    );
    expect(poor.map(({ title }) => title)).toEqual([]);
    expect(new Set(model.panels.map(({ id }) => id)).size).toBe(model.panels.length);
  });

  test('its links lead to dashboards, one level up and one down', () => {
    const level = places[model.uid as keyof typeof places].level;
    const uids = model.links.map(({ url }) => url.replace('/d/', '') as keyof typeof places);
    const levels = new Set(uids.map((uid) => places[uid].level));
    const wanted = level === 0 ? [1, 2] : level === 4 ? [3] : [level - 1, level + 1];
    expect([...levels]).toEqual(expect.arrayContaining(wanted));
    for (const { fieldConfig } of model.drawn)
      for (const { url } of fieldConfig?.defaults.links ?? [])
        expect(url).toMatch(/^\/d\/instance\?var-instance=/);
  });

  test('breaks, fixes and deploys are marked from the annotations of Grafana', () => {
    expect(model.annotations.list.map(({ datasource, target }) => [datasource.uid, target.tags])).toEqual([
      ['-- Grafana --', ['lab', 'break']],
      ['-- Grafana --', ['lab', 'fix']],
      ['-- Grafana --', ['lab', 'deploy']],
      ['-- Grafana --', ['lab', 'rollback']],
    ]);
  });
});

test('the dashboards of single processes choose them by the variable that alerts fill', () => {
  for (const uid of ['instance', 'debug']) {
    const model = models.find((candidate) => candidate.uid === uid)!;
    const variable = model.templating?.list.find(({ name }) => name === 'instance');
    expect(variable?.datasource?.uid).toBe('prometheus');
    const [, selector] = /^label_values\((.*), instance\)$/.exec(variable?.definition ?? '') ?? [];
    expect(selectorsOf(parseExpr(selector ?? ''))).toHaveLength(1);
    const [value] = readVariables(model.templating?.list, new URLSearchParams('var-instance=api-3'));
    expect(value).toMatchObject({ name: 'instance', value: 'api-3' });
  }
});

test('latencies carry exemplars where requests are answered', () => {
  const quantiles = targets.filter(({ target }) =>
    /quantile\(0\.95.*http_request_duration_seconds_bucket/.test(target.expr ?? ''),
  );
  expect(quantiles.length).toBeGreaterThan(4);
  expect(quantiles.filter(({ target }) => target.exemplar !== true).map(({ name }) => name)).toEqual([]);
});

test('every query names one of the three data sources', () => {
  expect(targets.length).toBeGreaterThan(100);
  expect(targets.filter(({ target, panel }) => target.datasource.uid !== panel.datasource?.uid)).toEqual([]);
  expect([...new Set(targets.map(({ target }) => target.datasource.uid))].sort()).toEqual([
    'jaeger',
    'loki',
    'prometheus',
  ]);
});

const of = (uid: string) => targets.filter(({ target }) => target.datasource.uid === uid);

test.each(of('prometheus'))('PromQL parses and asks for what exists · $name', ({ model, target }) => {
  const query = filled(model, target.expr ?? '');
  const selectors = selectorsOf(parseExpr(query));
  expect(query).not.toMatch(/\$/);
  expect(selectors.length).toBeGreaterThan(0);
  const names = selectors.map(({ name }) => name);
  expect(names.filter((name) => name !== '' && !known.has(name))).toEqual([]);
});

test.each(of('loki'))('LogQL parses · $name', ({ model, target }) => {
  const query = filled(model, target.expr ?? '');
  expect(query).not.toMatch(/\$/);
  expect(parseQuery(query)).toBeDefined();
});

test.each(of('jaeger'))('traces are searched by a service that sends them · $name', ({ target }) => {
  if (target.queryType === 'dependencyGraph') expect(target.service).toBeUndefined();
  else expect(['gateway', 'api']).toContain(target.service);
});

test('the embedded backends have the metrics of the real ones that are drawn', () => {
  const source = ['prometheus', 'loki', 'jaeger']
    .map((name) => sourceOf(`stack/embedded/${name}`))
    .join('\n');
  const drawn = [...known].filter((name) => /^(prometheus|loki_|otelcol)/.test(name) && !name.includes(':'));
  expect(drawn.length).toBe(7);
  expect(
    drawn.filter((name) => {
      // Jaeger composes the names of its sampler from a prefix and a suffix.
      const short = name.replace('otelcol_processor_tail_sampling_', '').replace(/_total$/, '');
      return !source.includes(`'${name}'`) && !source.includes(`'${short}'`);
    }),
  ).toEqual([]);
});

import { z } from 'zod';
import type { DataSource } from '../provisioning/data-sources.ts';
import type { AlertListView, PanelView, SourceView, TargetView } from '../web/view.ts';
import { exploreUrl } from './explore-url.ts';
import { secondsBetween, type TimeRange } from './time-range.ts';
import { builtInVariables, interpolate } from './variables.ts';

// Dashboards come from many tools and versions: a field that cannot be read is as if it were not there, and what it
// is about is drawn without it.
const text = z.string().catch('');
const number = z.number().optional().catch(undefined);
const flag = z.boolean().catch(false);
const lines = <Item extends z.ZodType>(item: Item) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((all) =>
      all.flatMap((one) => {
        const read = item.safeParse(one);
        return read.success ? [read.data as z.output<Item>] : [];
      }),
    );

const targetSchema = z.looseObject({
  expr: text,
  query: text,
  datasource: z.unknown().optional(),
  legendFormat: text,
  instant: flag,
  range: flag,
  exemplar: flag,
  hide: flag,
  queryType: text,
  service: text,
  tags: text,
  minDuration: text,
  maxDuration: text,
  limit: number,
  maxLines: number,
});

const stepSchema = z.looseObject({ value: z.number().nullable().catch(null), color: z.string() });
const mappingSchema = z.looseObject({
  type: z.literal('value'),
  options: z.record(z.string(), z.looseObject({ text, color: z.string().optional().catch(undefined) })),
});
const linkSchema = z.looseObject({ title: text, url: z.string() });

const defaultsSchema = z
  .looseObject({
    unit: text,
    decimals: number,
    min: number,
    max: number,
    noValue: text,
    links: lines(linkSchema),
    mappings: lines(mappingSchema),
    thresholds: z.looseObject({ steps: lines(stepSchema) }).catch({ steps: [] }),
    custom: z
      .looseObject({
        fillOpacity: z.number().catch(0),
        stacking: z.looseObject({ mode: text }).catch({ mode: '' }),
        thresholdsStyle: z.looseObject({ mode: text }).catch({ mode: '' }),
      })
      .catch({ fillOpacity: 0, stacking: { mode: '' }, thresholdsStyle: { mode: '' } }),
  })
  .catch({
    unit: '',
    decimals: undefined,
    min: undefined,
    max: undefined,
    noValue: '',
    links: [],
    mappings: [],
    thresholds: { steps: [] },
    custom: { fillOpacity: 0, stacking: { mode: '' }, thresholdsStyle: { mode: '' } },
  });

const panelSchema = z.looseObject({
  id: number,
  type: text,
  title: text,
  description: text,
  datasource: z.unknown().optional(),
  gridPos: z
    .looseObject({ x: z.number(), y: z.number(), w: z.number().min(1).max(24), h: z.number().min(1) })
    .optional()
    .catch(undefined),
  targets: lines(targetSchema),
  fieldConfig: z
    .looseObject({ defaults: defaultsSchema })
    .catch(() => ({ defaults: defaultsSchema.parse(undefined) })),
  options: z
    .looseObject({
      content: text,
      textMode: text,
      datasource: text,
      maxItems: number,
      stateFilter: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .catch({ content: '', textMode: '', datasource: '' }),
  panels: z.array(z.unknown()).catch([]),
});

type Panel = z.output<typeof panelSchema>;

/** What stands in the place of a panel that is none. */
const unreadable: Panel = panelSchema.parse({ title: 'Panel' });

export interface ViewContext {
  readonly sources: readonly DataSource[];
  /** The dashboard's variables. */
  readonly values: Readonly<Record<string, string>>;
  readonly range: TimeRange;
}

/** Panel types that the page can draw. */
export const drawnTypes: ReadonlySet<string> = new Set([
  ...['timeseries', 'graph', 'stat', 'gauge', 'bargauge', 'table', 'logs'],
  ...['state-timeline', 'status-history', 'heatmap', 'text', 'alertlist', 'nodeGraph', 'row'],
]);

/** Every panel of a dashboard, those inside of rows too. One that cannot be drawn says why in `problem`. */
export function panelViews(panels: unknown, context: ViewContext): PanelView[] {
  if (!Array.isArray(panels)) return [];
  return panels
    .flatMap((one): Panel[] => {
      const read = panelSchema.safeParse(one);
      if (!read.success) return [unreadable];
      return [read.data, ...read.data.panels.map((inner) => panelSchema.safeParse(inner).data ?? unreadable)];
    })
    .map((panel, index) => panelView(panel, index, context));
}

function panelView(panel: Panel, index: number, context: ViewContext): PanelView {
  const { unit, decimals, min, max, noValue, links, mappings, thresholds, custom } =
    panel.fieldConfig.defaults;
  const grid = panel.gridPos ?? { x: 12 * (index % 2), y: 8 * Math.floor(index / 2), w: 12, h: 8 };
  const problems: string[] = [];
  if (!drawnTypes.has(panel.type)) {
    problems.push(
      panel === unreadable
        ? 'This panel is not an object, so there is nothing to draw.'
        : `The embedded Grafana does not draw panels of type "${panel.type}".`,
    );
  }
  let stepSeconds = 0;
  const targets: TargetView[] = [];
  for (const target of panel.targets.filter(({ hide }) => !hide)) {
    const source = findSource(context, target.datasource ?? panel.datasource);
    if (source === undefined) {
      problems.push(`There is no data source "${sourceName(target.datasource ?? panel.datasource)}".`);
      continue;
    }
    // As wide as it is on a screen of usual size: a point each pixel or two.
    const builtIn = builtInVariables(
      secondsBetween(context.range),
      source.jsonData.timeInterval,
      40 * grid.w,
    );
    stepSeconds = Math.max(stepSeconds, Number(builtIn.__interval_ms) / 1000);
    const serviceMap = source.type === 'jaeger' && target.queryType === 'dependencyGraph';
    if (serviceMap && panel.type !== 'nodeGraph') {
      problems.push('A query of type "dependencyGraph" is drawn by a panel of type "nodeGraph".');
    }
    const written = serviceMap ? target.queryType : queryText(target);
    const query = interpolate(written, { ...context.values, ...builtIn });
    targets.push({
      source: sourceView(source),
      query,
      written,
      explore: exploreUrl(source, query, { ...context.range, range: target.range, serviceMap }),
      serviceMap,
      legend: interpolate(target.legendFormat, context.values),
      instant: target.instant && !target.range,
      exemplars: target.exemplar,
      limit: target.limit ?? target.maxLines ?? (source.type === 'loki' ? 500 : 20),
    });
  }
  return {
    id: panel.id ?? index + 1,
    type: panel.type,
    title: interpolate(panel.title, context.values),
    description: panel.description,
    grid,
    targets,
    stepSeconds: stepSeconds || 15,
    unit: unit || 'none',
    decimals,
    min,
    max,
    stacked: custom.stacking.mode === 'normal',
    fill: custom.fillOpacity,
    thresholds: thresholds.steps,
    thresholdLines: !['', 'off'].includes(custom.thresholdsStyle.mode),
    showName: panel.options.textMode === 'name',
    mappings: Object.assign({}, ...mappings.map(({ options }) => options)) as PanelView['mappings'],
    noValue,
    content: panel.options.content,
    alertList: panel.type === 'alertlist' ? alertListView(panel, context) : undefined,
    link: links.find(({ url }) => url.startsWith('/')),
    problem: problems.length === 0 ? undefined : [...new Set(problems)].join(' '),
  };
}

/** Grafana calls an inactive rule `normal`; without a filter it lists what is active. */
function alertListView({ options, datasource }: Panel, context: ViewContext): AlertListView | undefined {
  const named = findSource(context, options.datasource || datasource);
  const source =
    named?.type === 'prometheus' ? named : context.sources.find(({ type }) => type === 'prometheus');
  const filter = options.stateFilter ?? { firing: true, pending: true };
  const states = Object.keys(filter).filter((state) => filter[state] === true);
  return (
    source && {
      prometheus: source.uid,
      states: states.map((state) => (state === 'normal' ? 'inactive' : state)),
      limit: options.maxItems ?? 20,
    }
  );
}

/** What a page needs to know of a data source. */
export function sourceView({ uid, type, jsonData }: DataSource): SourceView {
  const derived = z
    .array(z.looseObject({ matcherRegex: z.string(), datasourceUid: z.string() }))
    .safeParse(jsonData.derivedFields);
  const [field] = derived.success ? derived.data : [];
  return field === undefined
    ? { uid, type }
    : { uid, type, traces: { uid: field.datasourceUid, pattern: field.matcherRegex } };
}

/** The query in the words that Explore takes; a search for traces as its service and its conditions. */
function queryText({ expr, query, service, tags, ...target }: z.output<typeof targetSchema>): string {
  const bound = (name: 'minDuration' | 'maxDuration'): string => target[name] && `${name}=${target[name]}`;
  const conditions = [service, tags, bound('minDuration'), bound('maxDuration')];
  return expr || query || conditions.filter((part) => part !== '').join(' ');
}

/** None named: the default. One that is not there is never another one. */
function findSource({ sources, values }: ViewContext, reference: unknown): DataSource | undefined {
  const name = interpolate(sourceName(reference), values);
  if (name === '' || name === 'default') return sources.find((source) => source.isDefault);
  return sources.find((source) => source.uid === name || source.name === name);
}

function sourceName(reference: unknown): string {
  if (typeof reference === 'string') return reference;
  const uid = (reference as { uid?: unknown } | null | undefined)?.uid;
  return typeof uid === 'string' ? uid : '';
}

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Dashboard as DashboardModel,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { services } from './queries.ts';

/**
 * Every dashboard and the level it stands on: from the outcome (1) down to single requests (4). Alerts link to these
 * uids. Level 0 stands beside: another view of the whole, reached from the executive one.
 */
export const places = {
  executive: { title: 'L1 · Executive', level: 1 },
  service: { title: 'L2 · Service', level: 2 },
  authentication: { title: 'L2 · Authentication', level: 2 },
  database: { title: 'L2 · Database', level: 2 },
  instance: { title: 'L3 · Instance', level: 3 },
  resilience: { title: 'L3 · Circuit breakers and cache', level: 3 },
  debug: { title: 'L4 · Debug: logs and traces', level: 4 },
  slo: { title: 'SLO and error budget', level: 0 },
  business: { title: 'Business', level: 0 },
  telemetry: { title: 'Telemetry cost', level: 0 },
} as const;

export type Uid = keyof typeof places;

export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardOptions {
  readonly uid: Uid;
  /** The question that it answers. */
  readonly description: string;
  readonly variables?: readonly Builder<VariableModel>[];
  readonly rows: readonly Row[];
}

/** A dashboard of the lab: links up and down the levels, breaks, fixes and deploys as marks, 15 minutes, live. */
export function dashboard({ uid, description, variables = [], rows }: DashboardOptions): DashboardModel {
  const { title, level } = places[uid];
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['lab', level === 0 ? 'overview' : `level-${level}`])
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .annotations([
      marks('Breaks', 'break', 'red'),
      marks('Fixes', 'fix', 'green'),
      marks('Deploys', 'deploy', 'blue'),
      marks('Rollbacks', 'rollback', 'purple'),
    ])
    .links(neighbours(uid).map(link));
  for (const variable of variables) builder.withVariable(variable);
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const model = builder.build();
  // Numbered here: Grafana numbers panels as it loads them, and links to a panel need the same number every time.
  for (const [index, panel] of (model.panels ?? []).entries()) panel.id = index + 1;
  // The SDK hides links and marks in a menu; here they are the way from level to level, so they stay in sight.
  for (const item of [...(model.links ?? []), ...(model.annotations?.list ?? [])]) delete item.placement;
  return model;
}

/** The `instance` variable: one process of the lab. An alert's link fills it: `?var-instance=api-1`. */
export function instanceVariable(options: { readonly all: boolean }): QueryVariableBuilder {
  const query = `label_values(up{${services}}, instance)`;
  const variable = new QueryVariableBuilder('instance')
    .label('Instance')
    .datasource({ type: 'prometheus', uid: 'prometheus' })
    .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  return options.all
    ? variable.multi(true).includeAll(true).allValue('.+').current({ text: 'All', value: '$__all' })
    : variable.current({ text: 'api-1', value: 'api-1' });
}

/** One level up and one level down; the overviews hang on the executive one and lead into the details. */
function neighbours(uid: Uid): Uid[] {
  const { level } = places[uid];
  const near = level === 0 ? [1, 2] : level === 1 ? [0, 2] : [level - 1, level + 1];
  return (Object.keys(places) as Uid[]).filter(
    (other) => near.includes(places[other].level) || (level > 1 && other === 'executive'),
  );
}

function link(uid: Uid): DashboardLinkBuilder {
  return new DashboardLinkBuilder(places[uid].title)
    .type(DashboardLinkType.Link)
    .url(`/d/${uid}`)
    .keepTime(true)
    .includeVars(true);
}

/** What the lab wrote to Grafana's own annotations when it broke, repaired or deployed something. */
function marks(name: string, tag: string, color: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource({ type: 'grafana', uid: '-- Grafana --' })
    .enable(true)
    .iconColor(color)
    .target({
      build: () => ({
        type: 'tags',
        tags: ['lab', tag],
        matchAny: false,
        limit: 100,
        _implementsDataqueryVariant() {},
      }),
    });
}

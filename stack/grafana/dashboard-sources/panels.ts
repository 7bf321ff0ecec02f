import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  MappingType,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as NodeGraph } from '@grafana/grafana-foundation-sdk/nodegraph';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelQuery } from './queries.ts';

/** What every panel says of itself. */
export interface PanelText {
  readonly title: string;
  /** What is seen here, and what it means when it moves. */
  readonly description: string;
  /** Grafana's id of a unit: `s`, `reqps`, `percentunit`, `bytes`. */
  readonly unit: string;
  readonly queries: readonly [PanelQuery, ...PanelQuery[]];
  /** Of the 24 columns. */
  readonly width?: number;
  readonly height?: number;
  /** The dashboard that a click on a series opens, for the instance that the series is of. */
  readonly drill?: { readonly title: string; readonly uid: string };
}

interface AnyPanel extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  datasource(source: DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  withTarget(target: Builder<Dataquery>): this;
  dataLinks(links: Builder<unknown>[]): this;
}

function describe<Type extends AnyPanel>(panel: Type, text: PanelText, width: number, height: number): Type {
  panel
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(text.queries[0].source)
    .span(text.width ?? width)
    .height(text.height ?? height);
  for (const [index, query] of text.queries.entries())
    panel.withTarget(query.build(String.fromCharCode(65 + index)));
  if (text.drill !== undefined) {
    panel.dataLinks([
      new DashboardLinkBuilder(text.drill.title).url(
        // Grafana fills it with the series that was clicked.
        `/d/${text.drill.uid}?var-instance=\${__field.labels.instance}&\${__url_time_range}`,
      ),
    ]);
  }
  return panel;
}

/** Green until the first step; a step's colour holds from its value upwards. */
function thresholds(first: string, ...steps: readonly (readonly [value: number, color: string])[]) {
  const list: Threshold[] = [
    { value: null, color: first },
    ...steps.map(([value, color]) => ({ value, color })),
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list);
}

export interface GraphOptions extends PanelText {
  /** A line at this value: an objective, or an alert's limit. */
  readonly limit?: number;
  readonly min?: number;
  readonly max?: number;
  readonly stacked?: boolean;
}

/** Lines over time. */
export function graph(options: GraphOptions): TimeSeries {
  const panel = describe(new TimeSeries(), options, 12, 8)
    .min(options.min ?? 0)
    .lineWidth(1)
    .fillOpacity(options.stacked === true ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (options.max !== undefined) panel.max(options.max);
  if (options.stacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (options.limit !== undefined)
    panel
      .thresholds(thresholds('transparent', [options.limit, 'red']))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

export interface StatOptions extends PanelText {
  /** The colour below the first step. */
  readonly color?: string;
  readonly steps?: readonly (readonly [value: number, color: string])[];
  readonly decimals?: number;
  /** Shown when there is no value. */
  readonly none?: string;
}

/** One number, coloured by its meaning. */
export function stat(options: StatOptions): Stat {
  const panel = describe(new Stat(), options, 4, 4)
    .thresholds(thresholds(options.color ?? 'green', ...(options.steps ?? [])))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .noValue(options.none ?? 'no data');
  return options.decimals === undefined ? panel : panel.decimals(options.decimals);
}

/** What a value is called, and how it looks. */
export type States = Readonly<Record<string, { readonly text: string; readonly color: string }>>;

/** A lane for each series, in the colour of its state. */
export function states(options: PanelText & { readonly states: States }): StateTimeline {
  return describe(new StateTimeline(), options, 12, 6)
    .mappings([{ type: MappingType.ValueToText, options: { ...options.states } }])
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80)
    .legend(new VizLegendOptionsBuilder().showLegend(false));
}

/** The largest first, as bars. */
export function bars(options: PanelText): BarGauge {
  return describe(new BarGauge(), options, 12, 10)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(thresholds('blue'));
}

/** A histogram's buckets over time: what averages and quantiles hide. */
export function heatmap(options: PanelText): Heatmap {
  return describe(new Heatmap(), options, 12, 8)
    .calculate(false)
    .cellGap(1)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().unit(options.unit));
}

export function table(options: PanelText): Table {
  return describe(new Table(), options, 12, 8).filterable(true);
}

/** Boxes, and arrows between them. */
export function nodeGraph(options: PanelText): NodeGraph {
  return describe(new NodeGraph(), options, 24, 9);
}

/** Log lines, the newest first. */
export function logs(options: Omit<PanelText, 'unit'>): Logs {
  return describe(new Logs(), { ...options, unit: 'none' }, 24, 10)
    .showTime(true)
    .enableLogDetails(true)
    .prettifyLogMessage(false)
    .wrapLogMessage(true)
    .sortOrder(LogsSortOrder.Descending);
}

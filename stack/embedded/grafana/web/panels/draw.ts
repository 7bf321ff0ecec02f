import { drawAlertList } from './alert-list.ts';
import { drawGraph } from './graph.ts';
import { drawHeatmap } from './heatmap.ts';
import { drawLogs, drawTable, drawText } from './lists.ts';
import { drawBarGauge, drawStat } from './numbers.ts';
import type { Draw, Refresh } from './panel.ts';
import { drawStateTimeline } from './state-timeline.ts';

/** The map and its layout are loaded when a page has one. */
const drawLater: Draw = (panel, host, surroundings) => {
  let drawn: Promise<Refresh> | undefined;
  return async (range, marks) => {
    drawn ??= import('./node-graph.ts').then(({ drawNodeGraph }) => drawNodeGraph(panel, host, surroundings));
    return (await drawn)(range, marks);
  };
};

/** How a panel of a type is drawn. */
export const draws: Readonly<Record<string, Draw>> = {
  timeseries: drawGraph,
  graph: drawGraph,
  stat: drawStat,
  gauge: drawStat,
  bargauge: drawBarGauge,
  table: drawTable,
  logs: drawLogs,
  'state-timeline': drawStateTimeline,
  'status-history': drawStateTimeline,
  heatmap: drawHeatmap,
  text: drawText,
  alertlist: drawAlertList,
  nodeGraph: drawLater,
};

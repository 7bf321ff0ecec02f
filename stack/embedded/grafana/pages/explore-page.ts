import { z } from 'zod';
import type { DataSource } from '../provisioning/data-sources.ts';
import type { ExploreSource } from '../web/view.ts';
import { layout, scriptJson } from './layout.ts';
import { sourceView } from './panel-view.ts';
import { builtInVariables } from './variables.ts';

const toLogsSchema = z.looseObject({
  datasourceUid: z.string(),
  query: z.string(),
  spanStartTimeShift: z.string().default('-1m'),
  spanEndTimeShift: z.string().default('1m'),
});
const toMetricsSchema = z.looseObject({
  datasourceUid: z.string(),
  tags: z.array(z.looseObject({ key: z.string(), value: z.string().optional() })).default([]),
  queries: z.array(z.looseObject({ name: z.string(), query: z.string() })),
});

/**
 * A query and its result: a graph and a table, log lines, traces, or the spans of one trace. Understands Grafana's links
 * (`/explore?schemaVersion=1&panes={"a":{"datasource":…,"queries":[…],"range":…}}`), so a check's link leads here.
 */
export function explorePage(sources: readonly DataSource[]): string {
  const offered = sources.map((source): ExploreSource => {
    const { __interval_ms: interval } = builtInVariables(0, source.jsonData.timeInterval);
    return {
      ...sourceView(source),
      name: source.name,
      isDefault: source.isDefault,
      scrapeSeconds: Number(interval) / 1000,
      logs: toLogsSchema.safeParse(source.jsonData.tracesToLogsV2).data,
      metrics: toMetricsSchema.safeParse(source.jsonData.tracesToMetrics).data,
    };
  });
  return layout(
    'Explore',
    `<h1>Explore</h1><form id="form"><div><select name="source" aria-label="Data source"></select>
<label>From <input name="from" value="now-1h" size="14"></label><label>To <input name="to" value="now" size="14"></label>
<button>Run query</button><button type="button" id="live" hidden>Live</button><button type="button" id="map" hidden>Service map</button></div>
<textarea name="query" rows="3" aria-label="Query"></textarea></form>
<p id="status" role="status"></p><div id="result"></div>`,
    { data: scriptJson(offered), script: 'explore' },
  );
}

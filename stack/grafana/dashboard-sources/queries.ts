import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder as LokiQuery } from '@grafana/grafana-foundation-sdk/loki';
import {
  DataqueryBuilder as PrometheusQuery,
  PromQueryFormat,
} from '@grafana/grafana-foundation-sdk/prometheus';

/** Probes and scrapes are no user's requests: what the recording rules leave out, panels leave out as well. */
export const users = 'endpoint!~".*/(metrics|health|ready)"';

/** The services' own processes, as against the observability stack's. */
export const services = 'job=~"api|gateway|inbox"';

/** A query together with the data source that answers it. */
export interface PanelQuery {
  readonly source: DataSourceRef;
  build(refId: string): Builder<Dataquery>;
}

export interface PromqlOptions {
  /** Asks for exemplars too: dots on the graph that open a trace. */
  readonly exemplars?: boolean;
  /** One value, now, instead of a line. */
  readonly instant?: boolean;
  readonly format?: 'table' | 'heatmap';
}

/** Windows are `$__rate_interval` or a recording rule's own, so that one file fits both paces. */
export function promql(expr: string, legend = '', options: PromqlOptions = {}): PanelQuery {
  const source = { type: 'prometheus', uid: 'prometheus' };
  return {
    source,
    build: (refId) => {
      const query = new PrometheusQuery().refId(refId).datasource(source).expr(expr);
      if (legend !== '') query.legendFormat(legend);
      if (options.exemplars === true) query.exemplar(true);
      if (options.format === 'table') query.format(PromQueryFormat.Table);
      if (options.format === 'heatmap') query.format(PromQueryFormat.Heatmap);
      return options.instant === true ? query.instant() : query.range();
    },
  };
}

export function logql(expr: string, legend = ''): PanelQuery {
  const source = { type: 'loki', uid: 'loki' };
  return {
    source,
    build: (refId) => {
      const query = new LokiQuery().refId(refId).datasource(source).expr(expr).queryType('range');
      return legend === '' ? query : query.legendFormat(legend);
    },
  };
}

export interface TraceSearch {
  readonly service: string;
  /** In logfmt, as Jaeger's search box takes them. */
  readonly tags?: string;
  readonly minDuration?: string;
}

/** The SDK has no builder for Jaeger's queries. */
function jaegerQuery(fields: { readonly queryType: string; readonly limit?: number }): PanelQuery {
  const source = { type: 'jaeger', uid: 'jaeger' };
  return {
    source,
    build: (refId) => ({
      build: () => ({ refId, datasource: source, ...fields, _implementsDataqueryVariant() {} }),
    }),
  };
}

/** A search for traces. */
export const traces = (search: TraceSearch): PanelQuery =>
  jaegerQuery({ queryType: 'search', ...search, limit: 20 });

/** The services that sent traces, and how often one called another. */
export const serviceMap = (): PanelQuery => jaegerQuery({ queryType: 'dependencyGraph' });

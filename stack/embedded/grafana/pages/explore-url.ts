import type { DataSource } from '../provisioning/data-sources.ts';

/** Grafana's own address of a query in Explore (schema version 1). */
export function exploreUrl(
  source: Pick<DataSource, 'uid' | 'type'>,
  query: string,
  options: {
    readonly from?: string;
    readonly to?: string;
    readonly range?: boolean;
    readonly serviceMap?: boolean;
  } = {},
): string {
  const field =
    options.serviceMap === true
      ? { queryType: 'dependencyGraph' }
      : source.type === 'jaeger'
        ? { query }
        : { expr: query };
  const panes = {
    a: {
      datasource: source.uid,
      queries: [
        {
          refId: 'A',
          datasource: { type: source.type, uid: source.uid },
          ...field,
          ...(options.range === true && { range: true }),
        },
      ],
      range: { from: options.from ?? 'now-1h', to: options.to ?? 'now' },
    },
  };
  return `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

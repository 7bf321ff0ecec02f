import { z } from 'zod';
import { HttpJson } from './http-json.ts';

type Cancel = { readonly signal?: AbortSignal };

export interface Annotation {
  readonly text: string;
  readonly tags: readonly string[];
  readonly timeMs: number;
  /** Given for a span of time. */
  readonly endMs?: number;
}

const annotation = z.object({
  id: z.number(),
  time: z.number(),
  timeEnd: z.number().optional(),
  text: z.string(),
  tags: z.array(z.string()).default([]),
});

/** The UIDs under which the lab provisions its data sources. */
export type DatasourceUid = 'prometheus' | 'loki' | 'jaeger';

/** Grafana's HTTP API: annotations for breaks and fixes, and links that open a query in Explore. */
export class GrafanaClient {
  readonly #http: HttpJson;

  /** `password` is the admin's; reading needs none, annotations do. */
  constructor(baseUrl: string, password?: string) {
    const headers: Record<string, string> =
      password === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` };
    this.#http = new HttpJson('Grafana', baseUrl, headers);
  }

  async healthy({ signal }: Cancel = {}): Promise<boolean> {
    const schema = z.object({ database: z.string() });
    return (await this.#http.json('/api/health', schema, { signal })).database === 'ok';
  }

  /** Marks a moment, or a span of time, on every dashboard. Returns its ID. */
  async annotate({ text, tags, timeMs, endMs }: Annotation, { signal }: Cancel = {}): Promise<number> {
    const timeEnd = endMs === undefined ? undefined : Math.round(endMs);
    const body = { text, tags, time: Math.round(timeMs), timeEnd };
    const schema = z.object({ id: z.number() });
    return (await this.#http.json('/api/annotations', schema, { body, signal })).id;
  }

  async annotations(
    options: Cancel & { readonly tags?: readonly string[] } = {},
  ): Promise<z.output<typeof annotation>[]> {
    return this.#http.json('/api/annotations', z.array(annotation), {
      query: { tags: options.tags },
      signal: options.signal,
    });
  }

  /** How many dashboards there are. */
  async dashboards({ signal }: Cancel = {}): Promise<number> {
    const found = await this.#http.json('/api/search', z.array(z.object({ uid: z.string() })), {
      query: { type: 'dash-db' },
      signal,
    });
    return found.length;
  }

  /** Explore with one query of the data source's own language. */
  exploreLink(datasource: DatasourceUid, query: string): string {
    const panes = {
      lab: {
        datasource,
        queries: [
          {
            refId: 'A',
            datasource: { type: datasource, uid: datasource },
            [datasource === 'jaeger' ? 'query' : 'expr']: query,
          },
        ],
        range: { from: 'now-15m', to: 'now' },
      },
    };
    return this.#http.url('/explore', { schemaVersion: 1, orgId: 1, panes: JSON.stringify(panes) });
  }
}

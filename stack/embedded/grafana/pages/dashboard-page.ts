import { z } from 'zod';
import type { Dashboard } from '../provisioning/dashboards.ts';
import type { DataSource } from '../provisioning/data-sources.ts';
import { exploreUrl } from './explore-url.ts';
import { escapeHtml, layout } from './layout.ts';

interface Panel {
  title?: string | undefined;
  type?: string | undefined;
  datasource?: unknown;
  targets?: { expr?: string | undefined; query?: unknown; datasource?: unknown }[] | undefined;
  panels?: Panel[] | undefined;
}

const panelSchema: z.ZodType<Panel> = z.looseObject({
  title: z.string().optional(),
  type: z.string().optional(),
  datasource: z.unknown().optional(),
  targets: z
    .array(
      z.looseObject({
        expr: z.string().optional(),
        query: z.unknown().optional(),
        datasource: z.unknown().optional(),
      }),
    )
    .optional(),
  get panels() {
    return z.array(panelSchema).optional();
  },
});

/** A dashboard as a list of its panels with their queries, each with a link that runs it. The drawing comes later. */
export function dashboardPage(dashboard: Dashboard, sources: readonly DataSource[]): string {
  const parsed = z.array(panelSchema).safeParse(dashboard.model.panels ?? []);
  const panels = (parsed.success ? parsed.data : []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const rows = panels.map((panel) => {
    if (panel.type === 'row') return `<tr><th colspan="3">${escapeHtml(panel.title ?? '')}</th></tr>`;
    const queries = (panel.targets ?? []).map((target) => {
      const text = target.expr ?? (typeof target.query === 'string' ? target.query : '');
      const source = findSource(sources, target.datasource ?? panel.datasource);
      const link = source === undefined ? '' : ` <a href="${escapeHtml(exploreUrl(source, text))}">run</a>`;
      return `<div><code>${escapeHtml(text)}</code>${link}</div>`;
    });
    return `<tr><td>${escapeHtml(panel.title ?? '')}</td><td>${escapeHtml(panel.type ?? '')}</td><td>${queries.join('')}</td></tr>`;
  });
  return layout(
    dashboard.title,
    `<h1>${escapeHtml(dashboard.title)}</h1><p><a href="/api/dashboards/uid/${encodeURIComponent(dashboard.uid)}">JSON</a></p><table>${rows.join('')}</table>`,
  );
}

function findSource(sources: readonly DataSource[], reference: unknown): DataSource | undefined {
  const uid =
    typeof reference === 'string' ? reference : (reference as { uid?: unknown } | null | undefined)?.uid;
  return (
    sources.find((source) => source.uid === uid || source.name === uid) ??
    sources.find((source) => source.isDefault)
  );
}

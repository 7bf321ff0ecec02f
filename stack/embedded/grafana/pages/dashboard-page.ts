import { z } from 'zod';
import type { Dashboard } from '../provisioning/dashboards.ts';
import type { DataSource } from '../provisioning/data-sources.ts';
import { exploreUrl } from './explore-url.ts';
import { escapeHtml, layout } from './layout.ts';
import { builtInVariables, interpolate, readVariables } from './variables.ts';

const targetSchema = z.looseObject({
  expr: z.string().optional(),
  query: z.unknown().optional(),
  datasource: z.unknown().optional(),
  range: z.boolean().optional(),
  service: z.string().optional(),
  tags: z.string().optional(),
  minDuration: z.string().optional(),
});

interface Panel {
  title?: string | undefined;
  description?: string | undefined;
  type?: string | undefined;
  datasource?: unknown;
  targets?: z.output<typeof targetSchema>[] | undefined;
  panels?: Panel[] | undefined;
}

const panelSchema: z.ZodType<Panel> = z.looseObject({
  title: z.string().optional(),
  description: z.string().optional(),
  type: z.string().optional(),
  datasource: z.unknown().optional(),
  targets: z.array(targetSchema).optional(),
  get panels() {
    return z.array(panelSchema).optional();
  },
});

const linksSchema = z.array(z.looseObject({ title: z.string().default(''), url: z.string().optional() }));
const timeSchema = z.looseObject({ from: z.string(), to: z.string() });

/**
 * A dashboard as a list of its panels with their queries, each with a link that runs it with the variables filled in:
 * from `var-<name>`, `from` and `to` of the address where they stand there. The drawing comes later.
 */
export function dashboardPage(
  dashboard: Dashboard,
  sources: readonly DataSource[],
  parameters = new URLSearchParams(),
): string {
  const { model } = dashboard;
  const variables = readVariables((model.templating as { list?: unknown } | undefined)?.list, parameters);
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const time = timeSchema.safeParse(model.time);
  const from = parameters.get('from') || (time.success ? time.data.from : 'now-1h');
  const to = parameters.get('to') || (time.success ? time.data.to : 'now');
  const rangeSeconds = secondsBetween(from, to);

  const parsed = z.array(panelSchema).safeParse(model.panels ?? []);
  const panels = (parsed.success ? parsed.data : []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const rows = panels.map((panel) => {
    const title = escapeHtml(interpolate(panel.title ?? '', values));
    if (panel.type === 'row') return `<tr><th colspan="3">${title}</th></tr>`;
    const queries = (panel.targets ?? []).map((target) => {
      const source = findSource(sources, target.datasource ?? panel.datasource);
      const text = queryText(target);
      const filled = interpolate(text, {
        ...values,
        ...builtInVariables(rangeSeconds, source?.jsonData.timeInterval),
      });
      const link =
        source === undefined
          ? ''
          : ` <a href="${escapeHtml(exploreUrl(source, filled, { from, to, range: target.range === true }))}">run</a>`;
      return `<div><code>${escapeHtml(text)}</code>${link}</div>`;
    });
    const description =
      panel.description === undefined ? '' : `<div><small>${escapeHtml(panel.description)}</small></div>`;
    return `<tr><td>${title}${description}</td><td style="white-space:nowrap">${escapeHtml(panel.type ?? '')}</td><td>${queries.join('')}</td></tr>`;
  });
  return layout(
    dashboard.title,
    `<h1>${escapeHtml(dashboard.title)}</h1>${about(model.description)}<p>${[
      ...dashboardLinks(model.links, parameters),
      `<a href="/api/dashboards/uid/${encodeURIComponent(dashboard.uid)}">JSON</a>`,
    ].join(' · ')}</p><form><div>${[
      ...variables.map(({ name, label, text }) => field(`var-${name}`, label, text)),
      field('from', 'From', from),
      field('to', 'To', to),
    ].join('')}<button>Apply</button></div></form><table>${rows.join('')}</table>`,
  );
}

function about(description: unknown): string {
  return typeof description === 'string' ? `<p>${escapeHtml(description)}</p>` : '';
}

function field(name: string, label: string, value: string): string {
  return `<label>${escapeHtml(label)} <input name="${escapeHtml(name)}" value="${escapeHtml(value)}" size="14"></label>`;
}

/** Links to other dashboards keep the variables and the range of time. Addresses elsewhere are left out. */
function dashboardLinks(links: unknown, parameters: URLSearchParams): string[] {
  const parsed = linksSchema.safeParse(links ?? []);
  const kept = parameters.size === 0 ? '' : `?${parameters}`;
  return (parsed.success ? parsed.data : []).flatMap(({ title, url }) =>
    url?.startsWith('/d/') === true
      ? [`<a href="${escapeHtml(`${url}${kept}`)}">${escapeHtml(title)}</a>`]
      : [],
  );
}

/** The query in the words that Explore takes; a search for traces as its service and its conditions. */
function queryText({ expr, query, service, tags, minDuration }: z.output<typeof targetSchema>): string {
  if (expr !== undefined) return expr;
  if (typeof query === 'string') return query;
  const conditions = [service, tags, minDuration === undefined ? undefined : `minDuration=${minDuration}`];
  return conditions.filter((text) => text !== undefined && text !== '').join(' ');
}

/** Between two of `now`, `now-15m`, a date or milliseconds; an hour where they cannot be read. */
function secondsBetween(from: string, to: string): number {
  const now = Date.now();
  const instant = (text: string): number => {
    const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text);
    if (relative !== null)
      return now - Number(relative[1] ?? 0) * 1000 * unitSeconds[(relative[2] ?? 's') as 's'];
    return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  };
  const seconds = Math.round((instant(to) - instant(from)) / 1000);
  return seconds > 0 ? seconds : 3600;
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

function findSource(sources: readonly DataSource[], reference: unknown): DataSource | undefined {
  const uid =
    typeof reference === 'string' ? reference : (reference as { uid?: unknown } | null | undefined)?.uid;
  return (
    sources.find((source) => source.uid === uid || source.name === uid) ??
    sources.find((source) => source.isDefault)
  );
}

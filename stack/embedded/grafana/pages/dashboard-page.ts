import { z } from 'zod';
import type { Dashboard } from '../provisioning/dashboards.ts';
import type { DataSource } from '../provisioning/data-sources.ts';
import type { DashboardView, PanelView } from '../web/view.ts';
import { escapeHtml, layout, scriptJson } from './layout.ts';
import { panelViews } from './panel-view.ts';
import { interpolate, readVariables } from './variables.ts';

const linksSchema = z.array(z.looseObject({ title: z.string().default(''), url: z.string().optional() }));
const timeSchema = z.looseObject({ from: z.string(), to: z.string() }).catch({ from: 'now-1h', to: 'now' });
const markSchema = z.looseObject({
  enable: z.boolean().default(true),
  iconColor: z.string().default('blue'),
  target: z.looseObject({ type: z.literal('tags'), tags: z.array(z.string()) }),
});

/**
 * A dashboard: what to draw as JSON for the page's own program, and below it every query, each with a link that runs it
 * with the variables filled in: from `var-<name>`, `from` and `to` of the address where they stand there.
 */
export function dashboardPage(
  dashboard: Dashboard,
  sources: readonly DataSource[],
  parameters = new URLSearchParams(),
): string {
  const { model } = dashboard;
  const variables = readVariables((model.templating as { list?: unknown } | undefined)?.list, parameters);
  const time = timeSchema.parse(model.time);
  const range = { from: parameters.get('from') || time.from, to: parameters.get('to') || time.to };
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const panels = panelViews(model.panels, { sources, values, range });
  const alone = panels.find(({ id }) => String(id) === parameters.get('viewPanel'));
  const view: DashboardView = {
    panels: alone === undefined ? panels : [{ ...alone, grid: { x: 0, y: 0, w: 24, h: 20 } }],
    ...range,
    refreshSeconds: secondsOfRefresh(parameters.get('refresh') ?? model.refresh),
    marks: readMarks(model.annotations),
    choices: variables.flatMap(({ choice }) => {
      if (choice === undefined || 'values' in choice.from) return choice ?? [];
      const { selector, ...from } = choice.from;
      return { ...choice, from: { ...from, selector: interpolate(selector, values) } };
    }),
    traces: sources.find(({ type }) => type === 'jaeger')?.uid,
  };
  const back = new URLSearchParams(parameters);
  back.delete('viewPanel');
  return layout(
    dashboard.title,
    `<h1>${escapeHtml(dashboard.title)}</h1>${about(model.description)}<nav aria-label="Dashboards">${[
      ...(alone === undefined ? [] : [`<a href="?${escapeHtml(String(back))}">All panels</a>`]),
      ...dashboardLinks(model.links, parameters),
    ].join('')}</nav><form id="controls"><div>${[
      ...variables.map(({ name, label, text }) => field(`var-${name}`, label, text)),
      field('from', 'From', range.from),
      field('to', 'To', range.to),
    ].join('')}<button>Apply</button></div></form>${
      Array.isArray(model.rows)
        ? '<p class="error">This dashboard has "rows", the format of Grafana before version 5, which is not drawn.</p>'
        : ''
    }<div id="panels"></div><details${panels.length === 0 ? ' open' : ''}><summary>Queries of this dashboard</summary><p><a href="/api/dashboards/uid/${encodeURIComponent(dashboard.uid)}">JSON</a></p>${queryTable(panels)}</details>`,
    { data: scriptJson(view), script: 'dashboard', className: parameters.has('kiosk') ? 'kiosk' : '' },
  );
}

function queryTable(panels: readonly PanelView[]): string {
  const rows = panels.map(({ type, title, description, targets, problem }) => {
    if (type === 'row') return `<tr><th colspan="3">${escapeHtml(title)}</th></tr>`;
    const queries = targets.map(
      ({ written, explore }) =>
        `<div><code>${escapeHtml(written)}</code> <a href="${escapeHtml(explore)}">run</a></div>`,
    );
    if (problem !== undefined) queries.push(`<div class="error">${escapeHtml(problem)}</div>`);
    return `<tr><td>${escapeHtml(title)}${description === '' ? '' : `<div><small>${escapeHtml(description)}</small></div>`}</td><td>${escapeHtml(type)}</td><td>${queries.join('')}</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
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
  const kept = new URLSearchParams(parameters);
  kept.delete('viewPanel');
  const query = kept.size === 0 ? '' : `?${kept}`;
  return (parsed.success ? parsed.data : []).flatMap(({ title, url }) =>
    url?.startsWith('/d/') === true
      ? [`<a href="${escapeHtml(`${url}${query}`)}">${escapeHtml(title)}</a>`]
      : [],
  );
}

/** `5s`, `1m`; nothing that can be read: never. */
function secondsOfRefresh(refresh: unknown): number {
  const read = /^(\d+)([smh])$/.exec(typeof refresh === 'string' ? refresh : '');
  return read === null ? 0 : Number(read[1]) * { s: 1, m: 60, h: 3600 }[read[2] as 's'];
}

function readMarks(annotations: unknown): DashboardView['marks'] {
  const list = (annotations as { list?: unknown } | null | undefined)?.list;
  return (Array.isArray(list) ? list : []).flatMap((one) => {
    const read = markSchema.safeParse(one);
    return read.success && read.data.enable
      ? [{ color: read.data.iconColor, tags: read.data.target.tags }]
      : [];
  });
}

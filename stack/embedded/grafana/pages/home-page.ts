import type { Annotation } from '../annotations/annotation-store.ts';
import type { Dashboard } from '../provisioning/dashboards.ts';
import type { DataSource } from '../provisioning/data-sources.ts';
import { exploreUrl } from './explore-url.ts';
import { escapeHtml, layout } from './layout.ts';

/** Everything there is: dashboards, data sources, the latest annotations. */
export function homePage(
  dashboards: readonly Dashboard[],
  sources: readonly DataSource[],
  annotations: readonly Annotation[],
): string {
  const rows = (items: readonly string[], none: string): string =>
    items.length === 0 ? `<p>${none}</p>` : `<table>${items.join('')}</table>`;
  return layout(
    'Home',
    `<h2>Dashboards</h2>${rows(
      dashboards.map(
        (dashboard) =>
          `<tr><td><a href="/d/${encodeURIComponent(dashboard.uid)}/${dashboard.slug}">${escapeHtml(dashboard.title)}</a></td><td>${escapeHtml(dashboard.folder)}</td><td>${escapeHtml(dashboard.tags.join(', '))}</td></tr>`,
      ),
      'No dashboards are provisioned.',
    )}<h2>Data sources</h2>${rows(
      sources.map(
        (source) =>
          `<tr><td><a href="${escapeHtml(exploreUrl(source, ''))}">${escapeHtml(source.name)}</a></td><td>${escapeHtml(source.type)}</td><td><code>${escapeHtml(source.url)}</code></td></tr>`,
      ),
      'No data sources are provisioned.',
    )}<h2>Annotations</h2>${rows(
      annotations.map(
        (annotation) =>
          `<tr><td>${timeText(annotation.time)}${annotation.timeEnd > annotation.time ? ` – ${timeText(annotation.timeEnd)}` : ''}</td><td>${escapeHtml(annotation.text)}</td><td>${escapeHtml(annotation.tags.join(', '))}</td></tr>`,
      ),
      'No annotations yet: breaks and fixes will appear here.',
    )}`,
  );
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19);
}

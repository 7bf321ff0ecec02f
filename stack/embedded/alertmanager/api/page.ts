import { escapeHtml } from '../../go-template/index.ts';
import type { Alertmanager } from '../alertmanager.ts';
import { listGroups, listSilences } from './views.ts';

/** It needs its own style, and nothing else. */
export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** One page that shows a person which alerts fire and what is silenced; it needs no script. */
export function renderPage(manager: Alertmanager): string {
  const cell = (text: string) => `<td>${escapeHtml(text)}</td>`;
  const groups = listGroups(manager, new URLSearchParams())
    .map((group) => {
      const title = Object.entries(group.labels).map(([name, value]) => `${name}=${value}`);
      const rows = group.alerts.map(
        (alert) =>
          `<tr class="${alert.status.state}">${cell(alert.status.state)}${cell(alert.startsAt)}${cell(
            Object.entries(alert.labels)
              .map(([name, value]) => `${name}="${value}"`)
              .join(' '),
          )}${cell(alert.annotations.summary ?? alert.annotations.description ?? '')}</tr>`,
      );
      return `<h3>${escapeHtml(title.join(' ') || 'not grouped')} &rarr; ${escapeHtml(group.receiver.name)}</h3>
<table><tr><th>state</th><th>since</th><th>labels</th><th>summary</th></tr>${rows.join('')}</table>`;
    })
    .join('');
  const silences = listSilences(manager, new URLSearchParams())
    .map(
      (silence) =>
        `<tr>${cell(silence.status.state)}${cell(
          silence.matchers
            .map(
              (matcher) =>
                `${matcher.name}${matcher.isEqual ? '=' : '!'}${matcher.isRegex ? '~' : matcher.isEqual ? '' : '='}"${matcher.value}"`,
            )
            .join(' '),
        )}${cell(silence.endsAt)}${cell(silence.createdBy)}${cell(silence.comment)}</tr>`,
    )
    .join('');
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Alertmanager</title>
<link rel="icon" href="data:,">
<style>
body { font-family: system-ui, sans-serif; margin: 2rem; color: #222; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; }
h3 { margin: 1.2rem 0 .3rem; } .suppressed { color: #888; } .active td:first-child { color: #b00; font-weight: bold; }
</style></head><body>
<h1>Alertmanager</h1>
<p>Embedded in Break &amp; Observe. The same over HTTP: <a href="api/v2/alerts">alerts</a>, <a href="api/v2/alerts/groups">groups</a>,
<a href="api/v2/silences">silences</a>, <a href="api/v2/status">status and configuration</a>, <a href="metrics">metrics</a>.</p>
<h2>Alerts</h2>${groups || '<p>No alert fires.</p>'}
<h2>Silences</h2>${silences === '' ? '<p>No silence.</p>' : `<table><tr><th>state</th><th>matchers</th><th>ends</th><th>by</th><th>comment</th></tr>${silences}</table>`}
</body></html>
`;
}

import { plainError, type Routing, send } from './routing.ts';

/** Small pages for people: a query with its table, targets, alerts, rules. Everything comes from the JSON API. */
export function addPages(routing: Routing): void {
  for (const [path, script] of Object.entries(scripts)) {
    routing.plain(['GET', 'HEAD'], path, (_request, response) =>
      send(response, 200, 'text/html; charset=utf-8', render(path, script)),
    );
  }
  routing.plain(['GET', 'HEAD'], '/favicon.ico', (_request, response) =>
    plainError(response, 404, '404 page not found'),
  );
}

function render(path: string, script: string): string {
  const links = Object.keys(scripts)
    .map((name) => `<a href="${name}"${name === path ? ' class="here"' : ''}>${name.slice(1)}</a>`)
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Prometheus (embedded): ${path.slice(1)}</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 0; color: #222; }
nav { background: #e6522c; padding: 10px 20px; } nav b, nav a { color: #fff; margin-right: 16px; text-decoration: none; }
nav a.here { border-bottom: 2px solid #fff; } main { padding: 20px; }
form { display: flex; gap: 8px; } input[name="g0.expr"] { flex: 1; font: 15px monospace; padding: 8px; }
table { border-collapse: collapse; width: 100%; margin-top: 16px; } td, th { border-bottom: 1px solid #ddd; padding: 6px 10px; text-align: left; vertical-align: top; }
code { font-size: 13px; overflow-wrap: anywhere; } .error { color: #b00020; white-space: pre-wrap; }
</style></head><body><nav><b>Prometheus (embedded)</b>${links}</nav><main id="main"></main>
<script>
const main = document.getElementById('main');
const element = (name, text, attributes = {}) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text }, attributes);
const metric = ({ __name__ = '', ...labels }) => __name__ + '{' + Object.entries(labels).map(([name, value]) => name + '=' + JSON.stringify(value)).join(', ') + '}';
const api = async (path) => {
  const body = await (await fetch('/api/v1/' + path)).json();
  if (body.status === 'error') throw new Error(body.errorType + ': ' + body.error);
  return body;
};
const table = (heads, rows) => {
  const node = element('table');
  const head = node.createTHead().insertRow();
  for (const text of heads) head.append(element('th', text));
  const body = node.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const text of row) line.insertCell().append(element('code', String(text)));
  }
  main.append(node);
};
(async () => {${script}})().catch((error) => main.append(element('p', error.message, { className: 'error' })));
</script></body></html>
`;
}

const scripts: Readonly<Record<string, string>> = {
  '/query': `
  const asked = new URLSearchParams(location.search).get('g0.expr') ?? '';
  const form = element('form');
  form.append(element('input', undefined, { name: 'g0.expr', value: asked, placeholder: 'Expression', autofocus: true }), element('button', 'Execute'));
  main.append(form);
  if (asked === '') return;
  const { data, warnings = [], infos = [] } = await api('query?' + new URLSearchParams({ query: asked }));
  for (const note of [...warnings, ...infos]) main.append(element('p', note));
  if (data.resultType === 'scalar' || data.resultType === 'string') table(['value'], [[data.result[1]]]);
  else table(['series', 'value'], data.result.map((row) => [metric(row.metric), row.value ? row.value[1] : row.values.map(([time, value]) => value + ' @' + time).join(' ')]));`,
  '/alerts': `
  const { data } = await api('rules?type=alert');
  table(['alert', 'state', 'expression', 'active'], data.groups.flatMap((group) => group.rules).map((rule) => [rule.name, rule.state, rule.query, rule.alerts.map((alert) => metric(alert.labels) + ' since ' + alert.activeAt).join(' ')]));`,
  '/rules': `
  const { data } = await api('rules');
  table(['group', 'rule', 'expression', 'health', 'error'], data.groups.flatMap((group) => group.rules.map((rule) => [group.name, rule.name, rule.query, rule.health, rule.lastError ?? ''])));`,
  '/targets': `
  const { data } = await api('targets?state=active');
  table(['pool', 'endpoint', 'health', 'labels', 'last scrape', 'error'], data.activeTargets.map((target) => [target.scrapePool, target.scrapeUrl, target.health, metric(target.labels), target.lastScrape, target.lastError]));`,
  '/config': `
  const { data } = await api('status/config');
  main.append(element('pre', data.yaml));`,
};

/** Scripts and styles come with the page, data from the same server; nothing else is loaded. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const style = `
:root { color-scheme: light dark; --line: #8884; --bad: #b00020; --good: #2e7d32; --wait: #b26a00; --quiet: #777; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff6b62; --good: #81c784; --wait: #ffb74d; --quiet: #999; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0; }
nav { background: #e6522c; padding: 10px 20px; } nav b, nav a { color: #fff; margin-right: 16px; text-decoration: none; }
nav a.here { border-bottom: 2px solid #fff; }
main { padding: 20px; max-width: 90rem; margin: 0 auto; }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; } input, button { font: inherit; padding: 6px 10px; }
input.expr { flex: 1 1 30rem; font: 14px/1.7 ui-monospace, monospace; padding: 6px 9px; } input.range { width: 5rem; }
.tabs a { margin-right: 14px; } .tabs a.here { font-weight: 700; text-decoration: none; color: inherit; }
.tabs { margin: 12px 0 0; }
table { border-collapse: collapse; width: 100%; margin-top: 12px; } td, th { border-bottom: 1px solid var(--line); padding: 6px 10px; text-align: left; vertical-align: top; }
th { font-size: 13px; color: var(--quiet); } td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; } pre { overflow-x: auto; } .name { font-weight: 600; white-space: nowrap; }
.note { color: var(--quiet); } .error, .firing, .down, .err { color: var(--bad); } .up, .ok { color: var(--good); } .pending, .unknown { color: var(--wait); }
.error { white-space: pre-wrap; } .firing, .down { font-weight: 700; }
svg { width: 100%; height: auto; margin-top: 12px; display: block; } svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--line); } svg .cursor { stroke: var(--quiet); stroke-dasharray: 3 3; } svg polyline { fill: none; stroke-width: 1.6; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px; vertical-align: -1px; }
`;

const shared = `
const main = document.getElementById('main');
const element = (name, text, attributes = {}) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text }, attributes);
const metric = ({ __name__ = '', ...labels }) => {
  const pairs = Object.entries(labels).map(([name, value]) => name + '=' + JSON.stringify(value)).join(', ');
  return __name__ + (pairs !== '' || __name__ === '' ? '{' + pairs + '}' : '');
};
const api = async (path) => {
  const response = await fetch(prefix + '/api/v1/' + path);
  const text = await response.text();
  let body;
  try { body = JSON.parse(text); } catch { throw new Error(text || response.statusText); }
  if (body.status === 'error') throw new Error(body.errorType + ': ' + body.error);
  return body;
};
const since = (time) => new Date(time).toISOString().replace('T', ' ').slice(0, 19);
const say = (node, text, className) => node.append(element('p', text, { className }));
/** A cell is text, or a node. */
const table = (node, heads, rows) => {
  const made = element('table');
  const head = made.createTHead().insertRow();
  for (const text of heads) head.append(element('th', text));
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().append(cell instanceof Node ? cell : element('code', String(cell)));
  }
  node.append(made);
  return made;
};
const state = (word) => element('span', word, { className: word });
const queryLink = (expr) => {
  const link = element('a', undefined, { href: prefix + '/query?' + new URLSearchParams({ 'g0.expr': expr, 'g0.tab': 'graph' }) });
  link.append(element('code', expr));
  return link;
};
`;

/** A page whose script fills `main` from the JSON API. The script must close what it opens: it stands in a function. */
export function renderPage(
  path: string,
  paths: readonly string[],
  script: string,
  routePrefix: string,
): string {
  const links = paths
    .map(
      (name) =>
        `<a href="${encodeURI(routePrefix)}${name}"${name === path ? ' class="here"' : ''}>${name.slice(1)}</a>`,
    )
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Prometheus (embedded): ${path.slice(1)}</title>
<style>${style}</style></head><body><nav><b>Prometheus (embedded)</b>${links}</nav><main id="main"></main>
<script>const prefix = ${JSON.stringify(encodeURI(routePrefix)).replaceAll('<', '\\u003c')};${shared}
(async () => {${script}})().catch((error) => say(main, error.message, 'error'));
</script></body></html>
`;
}

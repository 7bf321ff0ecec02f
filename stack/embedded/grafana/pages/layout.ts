/** The frame of every page; `script` runs after the body is there. Text must be escaped by the caller. */
export function layout(title: string, body: string, script = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Grafana (embedded)</title>
<link rel="icon" href="data:,">
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#f6f7f8}
header{background:#1f1f26;padding:.6rem 1rem;display:flex;gap:1.2rem}header a{color:#ff9a3c;text-decoration:none}
main{padding:1rem;max-width:80rem}h2{margin:1.2rem 0 .4rem;font-size:1rem}
table{border-collapse:collapse;width:100%;background:#fff}td,th{border-bottom:1px solid #e3e3e3;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td:first-child{min-width:9rem}
input,select,button,textarea{font:inherit;padding:.3rem}textarea{width:100%;box-sizing:border-box;font-family:ui-monospace,monospace}
form{display:grid;gap:.5rem}form div{display:flex;gap:.5rem;flex-wrap:wrap}code{font-size:12px;overflow-wrap:anywhere}.error{color:#b3261e;white-space:pre-wrap}
@media (prefers-color-scheme:dark){body{background:#111217;color:#ddd}table,input,select,textarea,button{background:#1a1c21;color:#ddd;border-color:#444}td,th{border-color:#333}a{color:#7db8ff}}
</style></head><body>
<header><a href="/">Grafana <small>embedded</small></a><a href="/explore">Explore</a></header>
<main>${body}</main>${script === '' ? '' : `<script>${script}</script>`}
</body></html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** JSON that may stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

export interface PageProgram {
  /** The page's program: `web/<script>.ts`. */
  readonly script?: string;
  /** JSON that the program starts with, as `scriptJson` writes it. */
  readonly data?: string;
  readonly className?: string;
}

/**
 * Scripts and styles come from this server and from nowhere else; whatever telemetry says stays text. Graphs and tables
 * place their parts by style attributes.
 */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The frame of every page. Text must be escaped by the caller. */
export function layout(
  title: string,
  body: string,
  { script, data, className = '' }: PageProgram = {},
): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Grafana (embedded)</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/public/page.css">
</head><body class="${escapeHtml(className)}">
<header><a href="/">Grafana <small>embedded</small></a><nav aria-label="Grafana"><a href="/explore">Explore</a><a href="/alerting/list">Alerts</a></nav></header>
<main>${body}</main>${data === undefined ? '' : `<script type="application/json" id="data">${data}</script>`}${
    script === undefined ? '' : `<script type="module" src="/public/${script}.js"></script>`
  }
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

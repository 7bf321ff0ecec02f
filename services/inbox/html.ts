/** The page's own style and program and nothing else may load: what senders wrote stays text. */
export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

const baseStyle = `
:root { color-scheme: light dark; --line: #8884; --firing: #c62828; --warning: #8a5000; --resolved: #2e7d32; --quiet: #666; --link: #1a5fb4; --back: #fff; --text: #1c1c1c; }
@media (prefers-color-scheme: dark) { :root { --firing: #ff6b62; --warning: #ffb74d; --resolved: #81c784; --quiet: #a3a3a3; --link: #8ab4f8; --back: #141414; --text: #e6e6e6; } }
body { color: var(--text); background: var(--back); font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
a { color: var(--link); }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; }
h1 { font-size: 1.35rem; margin: 0; }
`;

export interface Layout {
  title: string;
  /** Added to what all pages share. */
  style?: string;
  /** The page brings itself up to date this often. */
  refreshSeconds?: number;
}

/** A whole page around `body`, which is HTML already. */
export function renderLayout({ title, style = '', refreshSeconds }: Layout, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">${
    refreshSeconds === undefined
      ? ''
      : `\n<script src="/refresh.js" data-seconds="${refreshSeconds}" defer></script>`
  }
<title>${escapeHtml(title)}</title>
<style>${baseStyle}${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML, also within a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

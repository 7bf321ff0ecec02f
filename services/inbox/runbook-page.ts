import { Marked, type Tokens } from 'marked';
import { escapeHtml, renderLayout } from './html.ts';

const style = `
nav { font-size: .9rem; margin-bottom: 1rem; } main { max-width: 46rem; }
main h1 { font-size: 1.6rem; } main h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
li { margin: .35rem 0; }
code { font: .88em ui-monospace, monospace; background: #8882; border-radius: .25rem; padding: .1rem .3rem; overflow-wrap: anywhere; user-select: all; }
pre { overflow-x: auto; background: #8882; border-radius: .4rem; padding: .7rem .9rem; } pre code { background: none; padding: 0; }
ul.runbooks { columns: 16rem; padding-left: 1.2rem; }
`;

/** Raw HTML shows as the text that it is; links go to other runbooks or to the web, images are not loaded. */
const markdown = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
    image: ({ text, href }: Tokens.Image) => escapeHtml(text || href),
    link({ href, tokens }: Tokens.Link) {
      const text = this.parser.parseInline(tokens);
      const runbook = /^(?:\.\/)?([\w-]+)\.md(#.*)?$/.exec(href);
      const target = runbook ? `/runbooks/${runbook[1]}${runbook[2] ?? ''}` : href;
      return /^(https?:\/\/|\/(?!\/)|#)/i.test(target) ? `<a href="${escapeHtml(target)}">${text}</a>` : text;
    },
  },
});

/** One runbook as a page. */
export function renderRunbook(name: string, source: string): string {
  return renderLayout(
    { title: `${name}: runbook`, style },
    `<nav><a href="/">On-call inbox</a> / <a href="/runbooks">Runbooks</a> / ${escapeHtml(name)}</nav>
<main>
${markdown.parse(source, { async: false })}</main>`,
  );
}

/** All runbooks, by name. */
export function renderRunbookList(names: readonly string[]): string {
  const items = names.map((name) => `<li><a href="/runbooks/${name}">${name}</a></li>`).join('\n');
  return renderLayout(
    { title: 'Runbooks', style },
    `<nav><a href="/">On-call inbox</a> / Runbooks</nav>
<main>
<h1>Runbooks</h1>
${names.length === 0 ? '<p>None here: RUNBOOKS_DIRECTORY is not set, or its folder has none.</p>' : `<ul class="runbooks">\n${items}\n</ul>`}
</main>`,
  );
}

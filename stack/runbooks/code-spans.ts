import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexer, type Token } from 'marked';

export type CodeSpanKind = 'command' | 'shell' | 'promql' | 'logql' | 'word';

/** Something between backticks in a runbook, and what it is there for. */
export interface CodeSpan {
  readonly runbook: string;
  readonly kind: CodeSpanKind;
  /** With an instance for the placeholder `<instance>`, so that it can be run. */
  readonly text: string;
}

/** The runbooks of a folder: names and Markdown. */
export function readRunbooks(folder: string): { readonly name: string; readonly source: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => ({ name: file.slice(0, -3), source: readFileSync(join(folder, file), 'utf8') }));
}

/** Every code span of a runbook in the order of its text. */
export function codeSpans({ name, source }: { name: string; source: string }): CodeSpan[] {
  return collect(lexer(source), (token) => token.type === 'codespan').map((token) => {
    const text = (token as { text: string }).text.replaceAll('<instance>', 'api-1');
    return { runbook: name, kind: kindOf(text), text };
  });
}

/** Where the runbook's links lead. */
export function linkTargets({ source }: { source: string }): string[] {
  return collect(lexer(source), (token) => token.type === 'link').map(
    (token) => (token as { href: string }).href,
  );
}

/** A query has a bracket, a brace or an operator, or is the name of a metric: words with an underscore or a colon. */
function kindOf(text: string): CodeSpanKind {
  if (text.startsWith('npm ')) return 'command';
  if (text.startsWith('curl ')) return 'shell';
  if (text.startsWith('{') || /_over_time\(\{/.test(text)) return 'logql';
  if (/^[/<]/.test(text)) return 'word';
  return /[({]|[a-z][_:][a-z]/.test(text) ? 'promql' : 'word';
}

function collect(tokens: readonly Token[], wanted: (token: Token) => boolean): Token[] {
  return tokens.flatMap((token) => [
    ...(wanted(token) ? [token] : []),
    ...collect('tokens' in token ? (token.tokens ?? []) : [], wanted),
    ...(token.type === 'list' ? collect((token as { items: Token[] }).items, wanted) : []),
  ]);
}

import { goQuote } from '../../promql/parser/go-quote.ts';

const token = /^[!#$%&'*+\-.^_`|~\w]+/;

/** The format that a page says it is in. Throws what Prometheus says of a page in none, when there is no fallback. */
export function expositionFormat(contentType: string, fallback: string | undefined): 'text' | 'OpenMetrics' {
  const problem = readMediaType(contentType);
  if (problem === 'application/openmetrics-text') return 'OpenMetrics';
  if (problem === 'text/plain') return 'text';
  if (fallback !== undefined) return fallback.startsWith('OpenMetrics') ? 'OpenMetrics' : 'text';
  throw new Error(
    contentType === ''
      ? 'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target'
      : problem.startsWith('mime: ')
        ? `cannot parse Content-Type ${goQuote(contentType)} and no fallback_scrape_protocol for target\n${problem}`
        : `received unsupported Content-Type ${goQuote(contentType)} and no fallback_scrape_protocol specified for target`,
  );
}

/** The media type in small letters, or what Go's mime.ParseMediaType says of the text. */
function readMediaType(text: string): string {
  const [base = ''] = text.split(';', 1);
  const type = base.trim().toLowerCase();
  const [first = ''] = token.exec(type) ?? [];
  if (first === '') return 'mime: no media type';
  const rest = type.slice(first.length);
  if (rest !== '') {
    if (!rest.startsWith('/')) return 'mime: expected slash after first token';
    const [second = ''] = token.exec(rest.slice(1)) ?? [];
    if (second === '') return 'mime: expected token after slash';
    if (rest.length > second.length + 1) return 'mime: unexpected content after media subtype';
  }
  return parametersProblem(text.slice(base.length)) ?? type;
}

function parametersProblem(text: string): string | undefined {
  const seen = new Set<string>();
  let rest = text;
  while (rest !== '') {
    rest = rest.trimStart();
    const [whole = '', name = ''] =
      /^;\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:\\.|[^"\\\r\n])*")/.exec(rest) ?? [];
    if (whole === '') return rest.trim() === ';' || rest === '' ? undefined : 'mime: invalid media parameter';
    const key = name.toLowerCase();
    if (seen.has(key)) return 'mime: duplicate parameter name';
    seen.add(key);
    rest = rest.slice(whole.length);
  }
  return undefined;
}

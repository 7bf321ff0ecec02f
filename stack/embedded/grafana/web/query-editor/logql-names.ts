// What can stand at a place of a LogQL query.

/** What is to be offered, and from where on the text is replaced by it. */
export type LogqlPlace =
  | { readonly kind: 'label' | 'stage' | 'function'; readonly from: number }
  | { readonly kind: 'value'; readonly from: number; readonly label: string };

/** What may follow the text before the cursor; undefined where nothing can be offered. */
export function logqlPlace(before: string): LogqlPlace | undefined {
  const selector = openSelector(before);
  if (selector !== undefined) {
    const value = /([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(selector);
    if (value !== null) return { kind: 'value', from: before.length - value[2]!.length, label: value[1]! };
    const label = /(?:^|,)\s*(\w*)$/.exec(selector);
    return label === null ? undefined : { kind: 'label', from: before.length - label[1]!.length };
  }
  if (isInString(before)) return undefined;
  const stage = /\|\s*(\w*)$/.exec(before);
  if (stage !== null) return { kind: 'stage', from: before.length - stage[1]!.length };
  const name = /(?:^|[\s(,+*/-])([A-Za-z_]\w*)$/.exec(before);
  // After a pipe come conditions on labels, which are not functions.
  if (name === null || /\|[^)]*$/.test(before)) return undefined;
  return { kind: 'function', from: before.length - name[1]!.length };
}

/** What stands after the brace that is still open. */
function openSelector(before: string): string | undefined {
  let start: number | undefined;
  for (let at = 0; at < before.length; at += 1) {
    const sign = before[at]!;
    if (sign === '"' || sign === '`') {
      at = closingQuote(before, at);
    } else if (sign === '{') start = at + 1;
    else if (sign === '}') start = undefined;
  }
  return start === undefined ? undefined : before.slice(start);
}

function isInString(before: string): boolean {
  for (let at = 0; at < before.length; at += 1) {
    if (before[at] !== '"' && before[at] !== '`') continue;
    at = closingQuote(before, at);
    if (at >= before.length) return true;
  }
  return false;
}

/** The place of the quote that ends a string; the end of the text when none does. */
function closingQuote(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at;
  }
  return text.length;
}

export const logqlStages: Readonly<Record<string, string>> = {
  json: 'fields of a JSON line become labels',
  logfmt: 'key=value pairs become labels',
  pattern: 'labels by a pattern: pattern "<ip> <_>"',
  regexp: 'labels by named groups',
  unpack: 'labels that promtail packed',
  line_format: 'another line, by a template',
  label_format: 'another label, by a template or a name',
  unwrap: 'the number of a label, for what counts over time',
  drop: 'without these labels',
  keep: 'with these labels alone',
  decolorize: 'without colour codes',
};

export const logqlFunctions: readonly string[] = [
  ...['rate', 'rate_counter', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'absent_over_time'],
  ...[
    'sum_over_time',
    'avg_over_time',
    'max_over_time',
    'min_over_time',
    'first_over_time',
    'last_over_time',
  ],
  ...['stdvar_over_time', 'stddev_over_time', 'quantile_over_time'],
  ...['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'topk', 'bottomk', 'sort', 'sort_desc'],
  ...['by', 'without', 'label_replace', 'vector'],
];

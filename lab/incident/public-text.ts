/** What the outside must not learn, and what it looks like. */
const inside: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'an internal name',
    /\b(?:api-\d|postgres[\w-]*|gateway|prometheus|alertmanager|loki|jaeger|grafana|inbox)\b/i,
  ],
  ['an address', /\bhttps?:\/\/\S+|\blocalhost\b\S*|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?/i],
  ['a line of a stack trace', /^\s*at .+[:(]\d+[:)].*$/m],
  ['an error of a program', /\b(?:E[A-Z]{4,}|[A-Z]\w+(?:Error|Exception))\b/],
];

/** Words that are for colleagues and stand in a text for users; undefined when there are none. */
export function internalWords(text: string): { readonly what: string; readonly words: string } | undefined {
  for (const [what, pattern] of inside) {
    const found = pattern.exec(text);
    if (found !== null) return { what, words: found[0].trim().slice(0, 80) };
  }
  return undefined;
}

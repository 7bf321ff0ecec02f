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

/** The longest text that the status page takes. Characters. */
export const longestPublicText = 500;

/** Why users must not read a text, and what to do; undefined when they may. */
export function publicTextProblem(
  text: string,
): { readonly problem: string; readonly remedy: string } | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return { problem: 'The text is empty.', remedy: 'Say it in a few words.' };
  if (trimmed.length > longestPublicText) {
    return {
      problem: `The text has ${trimmed.length} characters, and ${longestPublicText} are allowed.`,
      remedy: 'Say it in a few words.',
    };
  }
  const found = internalWords(trimmed);
  return found === undefined
    ? undefined
    : {
        problem: `"${found.words}" is ${found.what}, and the status page is public.`,
        remedy: 'Say what users notice, in their words.',
      };
}

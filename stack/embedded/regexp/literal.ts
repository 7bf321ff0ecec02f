const special = /[\\.+*?()|[\]{}^$]/;

/**
 * A test by string comparison for the shapes that label matchers mostly have: `a|b|c`, `a.*`, `.*a`, `.*a.*`, `.+`.
 * Undefined when the pattern has another shape. The pattern matches the whole text.
 */
export function literalMatcher(pattern: string): ((text: string) => boolean) | undefined {
  if (!special.test(pattern)) return (text) => text === pattern;
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (text) => text !== '';
  const alternatives = pattern.split('|');
  if (alternatives.every((alternative) => !special.test(alternative))) {
    const set = new Set(alternatives);
    return (text) => set.has(text);
  }
  const starts = pattern.startsWith('.*');
  const ends = pattern.endsWith('.*');
  const middle = pattern.slice(starts ? 2 : 0, ends ? -2 : undefined);
  if (middle === '' || special.test(middle)) return undefined;
  if (starts && ends) return (text) => text.includes(middle);
  if (starts) return (text) => text.endsWith(middle);
  if (ends) return (text) => text.startsWith(middle);
  return undefined;
}

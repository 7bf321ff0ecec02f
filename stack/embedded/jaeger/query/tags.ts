import { BadParameter } from './parameters.ts';

/**
 * Tags to search for: `tag=key:value` (repeatable) and `tags=` as a JSON object of strings or, as people type them in
 * the UI's form, in logfmt (`error=true http.status_code="500"`).
 */
export function parseTags(simple: readonly string[], encoded: readonly string[]): Map<string, string> {
  const tags = new Map<string, string>();
  for (const tag of simple) {
    const colon = tag.indexOf(':');
    if (colon < 0) throw new BadParameter(`malformed 'tag' parameter, expecting key:value, received: ${tag}`);
    tags.set(tag.slice(0, colon), tag.slice(colon + 1));
  }
  for (const text of encoded) {
    const pairs =
      text.trimStart().startsWith('{') || !text.includes('=') ? parseJsonTags(text) : parseLogfmt(text);
    for (const [key, value] of pairs) tags.set(key, value);
  }
  return tags;
}

/** An object whose values are all strings. Throws BadParameter in Jaeger's words. */
export function parseJsonTags(text: string): [string, string][] {
  const refuse = (reason: string): never => {
    throw new BadParameter(`malformed 'tags' parameter, cannot unmarshal JSON: ${reason}`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (parsed === null) return [];
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    return refuse(`json: cannot unmarshal ${goKind(parsed)} into Go value of type map[string]string`);
  }
  return Object.entries(parsed).map(([key, value]) => {
    if (typeof value === 'string') return [key, value];
    return refuse(`json: cannot unmarshal ${goKind(value)} into Go value of type string`);
  });
}

function goKind(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
}

function parseLogfmt(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  const pattern = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/y;
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw new BadParameter(
        `malformed 'tags' parameter, cannot read logfmt at ${JSON.stringify(text.slice(at, at + 40))}`,
      );
    pairs.push([match[1]!, match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? 'true']);
  }
  return pairs;
}

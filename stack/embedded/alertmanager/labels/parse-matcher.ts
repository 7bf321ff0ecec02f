import { Matcher, type MatchOperator } from './matcher.ts';

/** How matchers are read: by the new parser with the old one before it (the default), by one of them alone. */
export type MatcherMode = 'fallback' | 'classic' | 'utf8';

/** Reads matchers such as `a="b"` or `{a="b", "c d"=~"e"}`. Throws in the words of the real parsers. */
export function parseMatchers(text: string, mode: MatcherMode = 'fallback'): Matcher[] {
  return byMode(
    mode,
    () => classicMatchers(text),
    () => utf8Matchers(text),
  );
}

/** Reads exactly one matcher. */
export function parseMatcher(text: string, mode: MatcherMode = 'fallback'): Matcher {
  if (mode !== 'classic' && (text.startsWith('{') || text.endsWith('}')))
    throw new Error(`unexpected open or close brace: ${text}`);
  return byMode(
    mode,
    () => classicMatcher(text),
    () => {
      const [matcher, ...rest] = utf8Matchers(text);
      if (matcher === undefined) throw new Error('no matchers');
      if (rest.length > 0) throw new Error(`expected 1 matcher, found ${rest.length + 1}`);
      return matcher;
    },
  );
}

function byMode<T>(mode: MatcherMode, classic: () => T, utf8: () => T): T {
  if (mode === 'utf8') return utf8();
  try {
    return classic();
  } catch (error) {
    if (mode === 'classic') throw error;
    try {
      return utf8();
    } catch {
      // Wrong for both: the real one reports what the classic parser says.
      throw error;
    }
  }
}

function classicMatchers(text: string): Matcher[] {
  let inner = text;
  if (inner.startsWith('{')) inner = inner.slice(1);
  if (inner.endsWith('}')) inner = inner.slice(0, -1);
  const parts: string[] = [];
  let quoted = false;
  let escaped = false;
  let part = '';
  for (const char of inner) {
    if (char === ',' && !quoted) {
      parts.push(part);
      part = '';
      continue;
    }
    if (char === '"' && !escaped) quoted = !quoted;
    escaped = char === '\\' && !escaped;
    part += char;
  }
  if (part !== '') parts.push(part);
  return parts.filter((item) => item.trim() !== '').map(classicMatcher);
}

function classicMatcher(text: string): Matcher {
  const match = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*([\s\S]*?)\s*$/.exec(text);
  if (match === null) throw new Error(`bad matcher format: ${text}`);
  const [, name = '', operator = '=', raw = ''] = match;
  let rest = raw;
  let expectQuote = false;
  if (rest.startsWith('"')) {
    rest = rest.slice(1);
    expectQuote = true;
  }
  let value = '';
  let escaped = false;
  for (let index = 0; index < rest.length; index++) {
    const char = rest[index] ?? '';
    if (escaped) {
      escaped = false;
      value += char === 'n' ? '\n' : char === '"' || char === '\\' ? char : `\\${char}`;
    } else if (char === '\\') {
      if (index === rest.length - 1) value += '\\';
      else escaped = true;
    } else if (char === '"') {
      if (!expectQuote || index < rest.length - 1)
        throw new Error(`matcher value contains unescaped double quote: ${raw}`);
      expectQuote = false;
    } else value += char;
  }
  if (expectQuote) throw new Error(`matcher value contains unescaped double quote: ${raw}`);
  return new Matcher(name, operator as MatchOperator, value);
}

/** The parser of the grammar with UTF-8 label names. */
function utf8Matchers(text: string): Matcher[] {
  let index = 0;
  const skip = () => {
    while (/\s/u.test(text[index] ?? '')) index++;
  };
  const fail = (message: string): never => {
    throw new Error(
      `${index}:${Math.min(index + 1, text.length)}: ${text[index] ?? 'end of input'}: ${message}`,
    );
  };
  const word = (what: string): string => {
    skip();
    if (text[index] === '"') {
      const start = index;
      index++;
      while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
      if (text[index] !== '"')
        throw new Error(`${start}:${text.length}: ${text.slice(start)}: missing end "`);
      index++;
      const raw = text.slice(start, index);
      try {
        return JSON.parse(raw) as string;
      } catch {
        throw new Error(`${start}:${index}: ${raw}: invalid input`);
      }
    }
    const start = index;
    while (index < text.length && !/[\s{}!=~,\\"'`]/u.test(text[index] ?? '')) index++;
    if (index === start) fail(`expected ${what}`);
    return text.slice(start, index);
  };
  skip();
  const open = text[index] === '{';
  if (open) index++;
  const matchers: Matcher[] = [];
  for (;;) {
    skip();
    if (index >= text.length) {
      if (open) throw new Error(`0:${text.length}: end of input: expected close brace`);
      break;
    }
    if (text[index] === '}') {
      if (!open) fail('expected opening paren');
      index++;
      skip();
      if (index < text.length) fail('expected end of input');
      break;
    }
    const name = word('label name');
    skip();
    const operator = /^(=~|!=|!~|=)/.exec(text.slice(index, index + 2))?.[0];
    if (operator === undefined) return fail("expected an operator such as '=', '!=', '=~' or '!~'");
    index += operator.length;
    matchers.push(new Matcher(name, operator as MatchOperator, word('label value')));
    skip();
    if (text[index] === ',') index++;
    else if (index < text.length && text[index] !== '}') fail('expected a comma or close brace');
  }
  return matchers;
}

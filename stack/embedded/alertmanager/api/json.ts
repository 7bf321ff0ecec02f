/** JSON that is no JSON, in the words of Go's encoding/json. */
export class GoJsonError extends Error {
  override readonly name = 'GoJsonError';
}

const maxDepth = 10_000;

/** Parses JSON; an error says what Go's decoder would say. */
export function parseGoJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // Go's decoder reads one value and leaves what follows.
    return JSON.parse(text.slice(0, explain(text)));
  }
}

/** Walks the text as Go's scanner does: the end of its first value, or the first complaint. */
function explain(text: string): number {
  let index = 0;
  const space = () => {
    while (/[ \t\r\n]/.test(text[index] ?? '')) index++;
  };
  const fail = (context: string): never => {
    const char = text[index];
    if (char === undefined) throw new GoJsonError('unexpected EOF');
    const shown = char === "'" ? "'\\''" : char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
    throw new GoJsonError(`invalid character ${shown} ${context}`);
  };
  const string = () => {
    index++;
    for (; ; index++) {
      const char = text[index];
      if (char === undefined || char < ' ') fail('in string literal');
      if (char === '"') break;
      if (char === '\\') {
        index++;
        if (!/["\\/bfnrtu]/.test(text[index] ?? '"'))
          throw new GoJsonError(`invalid escape sequence \`\\${text[index]}\` in string`);
        if (text[index] === 'u')
          for (let digit = 0; digit < 4; digit++) {
            index++;
            if (!/[0-9a-fA-F]/.test(text[index] ?? '')) fail('in \\u hexadecimal character escape');
          }
      }
    }
    index++;
  };
  const value = (depth: number) => {
    if (depth > maxDepth) throw new GoJsonError('exceeded max depth');
    space();
    const char = text[index];
    if (char === '{') {
      index++;
      space();
      if (text[index] === '}') {
        index++;
        return;
      }
      for (;;) {
        space();
        if (text[index] !== '"') fail('looking for beginning of object key string');
        string();
        space();
        if (text[index] !== ':') fail('after object key');
        index++;
        value(depth + 1);
        space();
        if (text[index] === '}') break;
        if (text[index] !== ',') fail('after object key:value pair');
        index++;
      }
      index++;
    } else if (char === '[') {
      index++;
      space();
      if (text[index] === ']') {
        index++;
        return;
      }
      for (;;) {
        value(depth + 1);
        space();
        if (text[index] === ']') break;
        if (text[index] !== ',') fail('after array element');
        index++;
      }
      index++;
    } else if (char === '"') string();
    else if (char === 't' || char === 'f' || char === 'n') {
      const word = { t: 'true', f: 'false', n: 'null' }[char];
      for (const letter of word) {
        if (text[index] !== letter && index > 0) fail(`in literal ${word} (expecting '${letter}')`);
        index++;
      }
    } else {
      const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(index, index + 400))?.[0];
      if (number === undefined || number === '') fail('looking for beginning of value');
      else index += number.length;
    }
  };
  space();
  if (index >= text.length) throw new GoJsonError('EOF');
  value(0);
  return index;
}

/** What encoding/json calls the kind of a JSON value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

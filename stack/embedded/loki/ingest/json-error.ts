import { endOfJsonValue } from '../pipeline/json-scan.ts';

/** Writes an error as json-iterator does: what stands ten bytes, then fifty bytes around the place. */
export function reportAt(text: string, at: number, message: string): string {
  const peekStart = Math.max(0, at - 10);
  const near = text.slice(peekStart, at + 10);
  const wide = text.slice(Math.max(0, at - 50), at + 50);
  return `${message}, error found in #${at - peekStart} byte of ...|${near}|..., bigger context ...|${wide}|...`;
}

/** Where the stream of this index ends in the body; the body's end when it cannot be told. */
export function streamEnds(text: string, index: number): number {
  try {
    let at = text.indexOf('[', text.indexOf('"streams"')) + 1;
    for (let current = 0; ; current++) {
      while (/[\s,]/.test(text[at] ?? '')) at++;
      at = endOfJsonValue(text, at);
      if (current === index) return at;
    }
  } catch {
    return text.length;
  }
}

/**
 * Says of a body that is no JSON what json-iterator says: where the first token stands that does not fit. `prefix`
 * names the field that was being read.
 */
export function describeJsonError(text: string, prefix: string): string {
  const at = skip(text, 0);
  const found = text[at] ?? '\0';
  if (found !== '{') return reportAt(text, at + 1, `readObjectStart: expect { or n, but found ${found}`);
  const key = skip(text, at + 1);
  const first = text[key] ?? '\0';
  if (first !== '"' && first !== '}') {
    return reportAt(text, key + 1, `ReadObject: expect " after {, but found ${first}`);
  }
  const colon = text.indexOf(':', key);
  if (colon === -1)
    return reportAt(
      text,
      text.length,
      `${prefix.split('.Streams')[0]}.ReadObject: expect : after object field, but found \0`,
    );
  const value = skip(text, colon + 1);
  const start = text[value] ?? '\0';
  if (start !== '[') {
    const head = Math.min(value + 1, text.length);
    return reportAt(
      text,
      start === '\0' ? text.length - (text.length - value) : head,
      `${prefix}: decode slice: expect [ or n, but found ${start}`,
    );
  }
  return reportAt(text, text.length, `${prefix}: unmarshalerDecoder: Malformed JSON error`);
}

function skip(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at++;
  return at;
}

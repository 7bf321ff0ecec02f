import { goQuote, isValidUtf8 } from '../../promql/parser/go-quote.ts';
import { ExpositionError } from './exposition.ts';
import type { Lexer, Token } from './lexer.ts';
import { TextLexer } from './text-lexer.ts';

/** How much of a text an error shows at most. */
const shownCharacters = 1000;

/** Pieces of the text, as begin and end of each: the metric's name first, then name and value of every label. */
export type Offsets = number[];
const notSet = -1;

/** How the labels of this place are written. */
export interface LabelSyntax {
  /** Whether a comma must stand between two labels: in OpenMetrics. */
  readonly commas: boolean;
  /** Whether these are an exemplar's, which has no name of its own. */
  readonly exemplar: boolean;
}

/** What the parser wanted at this place, and what it found. */
export function unexpected(lexer: Lexer, wanted: string, got: Token, entry: number): ExpositionError {
  return new ExpositionError(
    `${wanted}, got ${shown(lexer, lexer.start)} (${goQuote(got)}) while parsing: ${shown(lexer, entry)}`,
  );
}

/** The text from a place to one byte behind the last token. */
function shown(lexer: Lexer, from: number): string {
  const { text } = lexer;
  const next = text.codePointAt(lexer.at);
  const byte = next === undefined ? '' : Buffer.from(String.fromCodePoint(next));
  const last =
    next === undefined || next < 0x80 || (next >= 0xdc80 && next <= 0xdcff)
      ? text.slice(lexer.at, lexer.at + 1)
      : String.fromCharCode(0xdc00 + (byte[0] as number));
  const whole = text.slice(from, lexer.at) + last;
  return goQuote(whole.length > shownCharacters ? `${whole.slice(0, shownCharacters)}…` : whole);
}

/** Reads what follows an opening brace, up to the closing one, and adds its pieces to `offsets`. Throws `ExpositionError`. */
export function readLabels(lexer: Lexer, entry: number, offsets: Offsets, syntax: LabelSyntax): void {
  for (let token = lexer.next(); token !== 'BCLOSE'; ) {
    if (token !== 'LNAME' && token !== 'QSTRING')
      throw unexpected(lexer, 'expected label name', token, entry);
    const isQuoted = token === 'QSTRING';
    let { start, at: end } = lexer;
    if (isQuoted) {
      start++;
      end--;
    }
    token = lexer.next();
    const isAlone = token === 'COMMA' || token === 'BCLOSE';
    if (isAlone && (isQuoted || syntax.exemplar || offsets[0] !== notSet)) {
      // A quoted text that stands alone is the metric's name.
      if (syntax.exemplar) throw unexpected(lexer, 'expected label name', token, entry);
      if (offsets[0] !== notSet)
        throw new ExpositionError(
          `metric name already set while parsing: ${goQuote(lexer.text.slice(entry, lexer.at))}`,
        );
      offsets[0] = start;
      offsets[1] = end;
      if (token === 'COMMA') token = lexer.next();
      continue;
    }
    if (token !== 'EQUAL') throw unexpected(lexer, 'expected equal', token, entry);
    token = lexer.next();
    if (token !== 'LVALUE') throw unexpected(lexer, 'expected label value', token, entry);
    if (!isValidUtf8(lexer.token))
      throw new ExpositionError(`invalid UTF-8 label value: ${goQuote(lexer.token)}`);
    offsets.push(start, end, lexer.start + 1, lexer.at - 1);
    token = lexer.next();
    if (token === 'COMMA') token = lexer.next();
    else if (syntax.commas && token !== 'BCLOSE')
      throw unexpected(lexer, 'expected comma or brace close', token, entry);
  }
}

/**
 * Reads name and labels after their first token; returns the token that follows them. Blanks in front of a name are
 * part of it, as in Prometheus.
 */
export function readSeries(
  lexer: Lexer,
  first: Token,
  entry: number,
  syntax: LabelSyntax,
): { offsets: Offsets; end: number; next: Token } {
  const offsets = first === 'MNAME' ? [entry, lexer.at] : [notSet, notSet];
  let end = lexer.at;
  let next: Token = 'BOPEN';
  if (first === 'MNAME') next = lexer.next();
  if (next === 'BOPEN') {
    readLabels(lexer, entry, offsets, syntax);
    end = lexer.at;
    next = lexer.next();
  }
  if (offsets[0] === notSet)
    throw new ExpositionError(
      `metric name not set while parsing: ${goQuote(lexer.text.slice(entry, lexer.at))}`,
    );
  return { offsets, end, next };
}

/** Name and value of each label, as they are meant; of their own, so that an exemplar keeps no page. */
export function labelsAt(text: string, offsets: Offsets, from: number): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = from; index < offsets.length; index += 4) {
    const [nameStart, nameEnd, valueStart, valueEnd] = offsets.slice(index, index + 4);
    pairs.push([
      unescapeText(detached(text.slice(nameStart, nameEnd))),
      unescapeText(detached(text.slice(valueStart, valueEnd))),
    ]);
  }
  return pairs;
}

/**
 * A copy of its own. V8 cuts a text by pointing into the whole: a label kept for hours would keep the page that it was
 * scraped from, and each new series a page more.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}

/** Parses a name with labels, `name{a="b"}` or `{"any name",a="b"}`, into pairs with `__name__` first. */
export function parseSeries(text: string): [name: string, value: string][] {
  const lexer = new TextLexer(text);
  const { offsets } = readSeries(lexer, lexer.next(), 0, { commas: false, exemplar: false });
  const pairs: [string, string][] = [
    ['__name__', unescapeText(text.slice(offsets[0], offsets[1]))],
    ...labelsAt(text, offsets, 2),
  ];
  const seen = new Set<string>();
  for (const [name] of pairs) {
    if (seen.has(name))
      throw new ExpositionError(`label name ${goQuote(name)} is not unique: invalid sample`);
    seen.add(name);
  }
  return pairs;
}

/** Undoes the escapes of names, label values and OpenMetrics HELP texts: `\\`, `\n`, `\"`. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (whole, code: string) =>
    code === 'n' ? '\n' : code === '\\' || code === '"' ? code : whole,
  );
}

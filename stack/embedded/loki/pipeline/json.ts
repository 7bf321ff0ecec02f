import {
  afterColon,
  closeBrace,
  eachMember,
  endOfBlock,
  endOfJsonValue,
  endOfKey,
  JsonError,
  jsonLabelValue,
  malformed,
  nextMember,
  openBrace,
  openBracket,
  quoteCode,
  skipSpace,
  unescapeJson,
} from './json-scan.ts';
import { type LineLabels, type Metadata, type StreamLabels, sanitizeLabelName } from './line-labels.ts';
import type { LabelHints, StageFunction } from './stage.ts';

/** A line nested deeper is malformed for us: a scanner must not overflow the stack on hostile input. */
const maxDepth = 1000;

/** What is known of a member that came at some position of the lines before: usually it comes there again. */
interface Expected {
  readonly prefix: string;
  /** The key with its quotes and the colon, as it stood. */
  readonly head: string;
  /** Its name with the names of those around it; empty when nothing is left of it. */
  readonly name: string;
  /** The label it becomes beside these labels, and whether the query reads that. */
  stream: StreamLabels | undefined;
  metadata: Metadata | undefined;
  label: string;
  wanted: boolean;
}

/** Positions that are remembered: longer lines work as well, only slower. */
const maxRemembered = 256;

/**
 * Reads one line after the other. Lines of one origin have the same members in the same order, so it remembers what
 * stood where and only compares: a key is parsed, cleaned and looked up when it is new at its place.
 */
class JsonReader {
  readonly #hints: LabelHints;
  readonly #expected: Expected[] = [];
  #text = '';
  #position = 0;
  #missing = 0;

  constructor(hints: LabelHints) {
    this.#hints = hints;
  }

  read(line: string, labels: LineLabels): void {
    const { wanted } = this.#hints;
    this.#missing = wanted === undefined ? Number.POSITIVE_INFINITY : wanted.size;
    if (this.#missing === 0) return;
    this.#text = line;
    this.#position = 0;
    this.#object(skipSpace(line, 0), '', 0, labels);
  }

  /** Reads the object at `from`. Returns the index after it, or -1 when all that is wanted was found. */
  #object(from: number, prefix: string, depth: number, labels: LineLabels): number {
    const text = this.#text;
    if (text.charCodeAt(from) !== openBrace || depth > maxDepth) throw new JsonError(malformed.object);
    let at = skipSpace(text, from + 1);
    if (at >= text.length) throw new JsonError(malformed.json);
    for (;;) {
      if (text.charCodeAt(at) === closeBrace) return at + 1;
      const member = this.#member(at, prefix, labels);
      at = skipSpace(text, at + member.head.length);
      const code = text.charCodeAt(at);
      const start = at;
      if (code === openBrace) {
        // Nothing is taken from an object that does not end; those within it end where it does.
        const end = depth === 0 ? endOfBlock(text, at) : -1;
        if (this.#hints.hasPrefix(member.name)) {
          at = this.#object(at, member.name, depth + 1, labels);
          if (at === -1) return -1;
        } else at = end === -1 ? endOfBlock(text, at) : end;
      } else {
        at = endOfJsonValue(text, at);
        // Arrays and nulls become no labels.
        if (member.wanted && code !== openBracket && code !== 110) {
          const value =
            code === quoteCode ? jsonLabelValue(text.slice(start + 1, at - 1)) : text.slice(start, at);
          if (labels.extract(member.label, value) && --this.#missing <= 0) return -1;
        }
      }
      const next = nextMember(text, at);
      if (next === -1) return skipSpace(text, at) + 1;
      at = next;
    }
  }

  #member(at: number, prefix: string, labels: LineLabels): Expected {
    const position = this.#position++;
    let member = this.#expected[position];
    if (member === undefined || member.prefix !== prefix || !this.#text.startsWith(member.head, at)) {
      member = this.#parseMember(at, prefix);
      if (position < maxRemembered) this.#expected[position] = member;
    }
    if (member.stream !== labels.stream || member.metadata !== labels.metadata || !labels.namesAreShared) {
      member.stream = labels.stream;
      member.metadata = labels.namesAreShared ? labels.metadata : undefined;
      member.label = labels.nameFor(member.name);
      member.wanted =
        member.name !== '' && (this.#hints.wanted === undefined || this.#hints.wanted.has(member.label));
    }
    return member;
  }

  #parseMember(at: number, prefix: string): Expected {
    const text = this.#text;
    const end = endOfKey(text, at);
    const key = unescapeJson(text.slice(at + 1, end - 1));
    if (key === undefined) throw new JsonError(malformed.escape);
    const own = sanitizeLabelName(key, { nested: prefix !== '' });
    return {
      prefix,
      head: text.slice(at, afterColon(text, end)),
      name: prefix === '' ? own : own === '' ? prefix : `${prefix}_${own}`,
      stream: undefined,
      metadata: undefined,
      label: '',
      wanted: false,
    };
  }
}

/** `| json`: every scalar of the line becomes a label, nested ones joined by `_`; arrays and nulls are left out. */
export function jsonParser(hints: LabelHints): StageFunction {
  const reader = new JsonReader(hints);
  return (line, labels) => {
    try {
      reader.read(line, labels);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      labels.fail('JSONParserErr', error.message);
    }
    return line;
  };
}

/** `| unpack`: undoes promtail's pack stage: string members become labels, `_entry` becomes the line; without one nothing. */
export const unpackParser: StageFunction = (line, labels) => {
  if (line === '') return line;
  if (line.charCodeAt(0) !== openBrace) {
    labels.fail('JSONParserErr', 'expecting json object(6), but it is not');
    return line;
  }
  let entry: string | undefined;
  const found: [string, string][] = [];
  try {
    eachMember(line, (key, start, end) => {
      if (line.charCodeAt(start) !== quoteCode) return;
      const raw = line.slice(start + 1, end - 1);
      if (key === '_entry') {
        entry = unescapeJson(raw);
        if (entry === undefined) throw new JsonError(malformed.escape);
        return;
      }
      const label = labels.nameFor(key);
      if (!labels.wasSet(label)) found.push([sanitizeLabelName(label), jsonLabelValue(raw)]);
    });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    labels.fail('JSONParserErr', error.message);
    return line;
  }
  if (entry === undefined) return line;
  for (const [name, value] of found) labels.set(name, value);
  return entry;
};

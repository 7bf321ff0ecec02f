import { goQuote, isValidUtf8 } from '../../promql/parser/go-quote.ts';
import {
  type Exposition,
  ExpositionError,
  type MetricType,
  metadataOf,
  parseFloatStrict,
} from './exposition.ts';
import { readSeries, unexpected } from './series-text.ts';
import { TextLexer } from './text-lexer.ts';

const types = new Map<string, MetricType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
]);
const syntax = { commas: false, exemplar: false };
const longestTime = 2n ** 63n - 1n;

/** Parses the Prometheus text format, version 0.0.4. */
export function parseText(text: string): Exposition {
  const exposition: Exposition = { samples: [], metadata: new Map(), failure: undefined };
  const parser = new TextParser(`${text}\n`, exposition);
  try {
    while (parser.entry());
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    exposition.failure = error;
  }
  return exposition;
}

class TextParser {
  readonly #lexer: TextLexer;
  readonly #exposition: Exposition;
  #type: MetricType = 'unknown';

  constructor(text: string, exposition: Exposition) {
    this.#lexer = new TextLexer(text);
    this.#exposition = exposition;
  }

  /** Reads a line; false at the end. */
  entry(): boolean {
    const lexer = this.#lexer;
    const entry = lexer.at;
    const first = lexer.next();
    switch (first) {
      case 'EOF':
        return false;
      case 'LINEBREAK':
        return true;
      case 'HELP':
      case 'TYPE':
        this.#metadata(first, entry);
        return true;
      case 'COMMENT':
        this.#lineBreak('linebreak expected after comment', entry);
        return true;
      case 'MNAME':
      case 'BOPEN':
        this.#sample(first, entry);
        return true;
      default:
        throw unexpected(lexer, 'expected a valid start token', first, entry);
    }
  }

  #lineBreak(wanted: string, entry: number): void {
    const token = this.#lexer.next();
    if (token !== 'LINEBREAK') throw unexpected(this.#lexer, wanted, token, entry);
  }

  #metadata(keyword: 'HELP' | 'TYPE', entry: number): void {
    const lexer = this.#lexer;
    const { metadata } = this.#exposition;
    const token = lexer.next();
    if (token !== 'MNAME') throw unexpected(lexer, `expected metric name after ${keyword}`, token, entry);
    const name = lexer.token.startsWith('"') ? lexer.token.slice(1, -1) : lexer.token;
    lexer.next();
    // The character behind the name is a blank, or whatever is there.
    const text = lexer.token.slice(1);
    if (keyword === 'TYPE') {
      const type = types.get(text);
      if (type === undefined) throw new ExpositionError(`invalid metric type ${goQuote(text)}`);
      this.#lineBreak('linebreak expected after metadata', entry);
      this.#type = type;
      metadataOf(metadata, name).type = type;
    } else {
      if (!isValidUtf8(text))
        throw new ExpositionError(`help text ${goQuote(text)} is not a valid utf8 string`);
      this.#lineBreak('linebreak expected after metadata', entry);
      metadataOf(metadata, name).help = text.replace(/\\([\\n])/g, (_all, code: string) =>
        code === 'n' ? '\n' : '\\',
      );
    }
  }

  #sample(first: 'MNAME' | 'BOPEN', entry: number): void {
    const lexer = this.#lexer;
    const { end, next } = readSeries(lexer, first, entry, syntax);
    if (next !== 'VALUE') throw unexpected(lexer, 'expected value after metric', next, entry);
    const value = this.#number(entry, parseFloatStrict);
    let timeMs: number | undefined;
    const last = lexer.next();
    if (last === 'TIMESTAMP') {
      timeMs = this.#number(entry, parseTime);
      this.#lineBreak('expected next entry after timestamp', entry);
    } else if (last !== 'LINEBREAK') throw unexpected(lexer, 'expected timestamp or new record', last, entry);
    this.#exposition.samples.push({
      series: lexer.text.slice(entry, end),
      value,
      timeMs,
      exemplar: undefined,
      type: this.#type,
    });
  }

  #number(entry: number, parse: (text: string) => number): number {
    const lexer = this.#lexer;
    try {
      return parse(lexer.token);
    } catch (error) {
      throw new ExpositionError(
        `${(error as Error).message} while parsing: ${goQuote(lexer.text.slice(entry, lexer.at))}`,
      );
    }
  }
}

/** Milliseconds, in as many digits as 64 bits hold. */
function parseTime(digits: string): number {
  if (digits.length > 18 && BigInt(digits) > longestTime)
    throw new ExpositionError(`strconv.ParseInt: parsing ${goQuote(digits)}: value out of range`);
  return Number(digits);
}

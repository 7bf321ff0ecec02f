import { goQuote, isValidUtf8 } from '../../promql/parser/go-quote.ts';
import {
  type Exposition,
  ExpositionError,
  type MetricType,
  metadataOf,
  type ParsedExemplar,
  parseFloatStrict,
} from './exposition.ts';
import type { Token } from './lexer.ts';
import { OpenMetricsLexer } from './open-metrics-lexer.ts';
import { labelsAt, type Offsets, readLabels, readSeries, unescapeText, unexpected } from './series-text.ts';

const types = new Set<string>([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
] satisfies MetricType[]);
const withoutEnd = 'data does not end with # EOF';

/** Parses OpenMetrics 1.0 text, exemplars included. */
export function parseOpenMetrics(text: string): Exposition {
  const exposition: Exposition = { samples: [], metadata: new Map(), failure: undefined };
  const parser = new OpenMetricsParser(text, exposition);
  try {
    while (parser.entry());
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    exposition.failure = error;
  }
  return exposition;
}

class OpenMetricsParser {
  readonly #lexer: OpenMetricsLexer;
  readonly #exposition: Exposition;
  #type: MetricType = 'unknown';
  #entry = 0;

  constructor(text: string, exposition: Exposition) {
    this.#lexer = new OpenMetricsLexer(text);
    this.#exposition = exposition;
  }

  /** Reads a line; false at the end. */
  entry(): boolean {
    const lexer = this.#lexer;
    this.#entry = lexer.at;
    const first = lexer.next();
    switch (first) {
      case 'EOFWORD':
        if (lexer.next() !== 'EOF') throw new ExpositionError('unexpected data after # EOF');
        return false;
      case 'EOF':
        throw new ExpositionError(withoutEnd);
      case 'HELP':
      case 'TYPE':
      case 'UNIT':
        this.#metadata(first);
        return true;
      case 'MNAME':
      case 'BOPEN':
        this.#sample(first);
        return true;
      default:
        throw this.#unexpected('expected a valid start token', first);
    }
  }

  #unexpected(wanted: string, got: Token): ExpositionError {
    return unexpected(this.#lexer, wanted, got, this.#entry);
  }

  #metadata(keyword: 'HELP' | 'TYPE' | 'UNIT'): void {
    const lexer = this.#lexer;
    const token = lexer.next();
    if (token !== 'MNAME') throw this.#unexpected(`expected metric name after ${keyword}`, token);
    const name = lexer.token.startsWith('"') ? lexer.token.slice(1, -1) : lexer.token;
    if (lexer.next() !== 'TEXT') throw new ExpositionError(`expected text in ${keyword}`);
    const text = lexer.token.slice(1, -1);
    const { metadata } = this.#exposition;
    if (keyword === 'TYPE') {
      if (!types.has(text)) throw new ExpositionError(`invalid metric type ${goQuote(text)}`);
      this.#type = text as MetricType;
      metadataOf(metadata, name).type = this.#type;
    } else if (keyword === 'HELP') {
      if (!isValidUtf8(text))
        throw new ExpositionError(`help text ${goQuote(text)} is not a valid utf8 string`);
      metadataOf(metadata, name).help = unescapeText(text);
    } else {
      if (text !== '' && !name.endsWith(`_${text}`))
        throw new ExpositionError(`unit ${goQuote(text)} not a suffix of metric ${goQuote(name)}`);
      metadataOf(metadata, name).unit = text;
    }
  }

  #sample(first: 'MNAME' | 'BOPEN'): void {
    const lexer = this.#lexer;
    const { end, next } = readSeries(lexer, first, this.#entry, { commas: true, exemplar: false });
    const value = this.#value(next, 'metric');
    let timeMs: number | undefined;
    let exemplar: ParsedExemplar | undefined;
    let token = lexer.next();
    if (token === 'TIMESTAMP') {
      timeMs = this.#time('timestamp');
      token = lexer.next();
      if (token !== 'LINEBREAK' && token !== 'COMMENT')
        throw this.#unexpected('expected next entry after timestamp', token);
    }
    if (token === 'EOF') throw new ExpositionError(withoutEnd);
    // Anything else is not looked at here, as in Prometheus: it will be no start of an entry.
    if (token === 'COMMENT') exemplar = this.#exemplar();
    const series = lexer.text.slice(this.#entry, end);
    this.#exposition.samples.push({ series, value, timeMs, exemplar, type: this.#type });
  }

  #exemplar(): ParsedExemplar {
    const lexer = this.#lexer;
    const offsets: Offsets = [];
    readLabels(lexer, this.#entry, offsets, { commas: true, exemplar: true });
    const value = this.#value(lexer.next(), 'exemplar labels');
    let timeMs: number | undefined;
    let token = lexer.next();
    if (token === 'EOF') throw new ExpositionError(withoutEnd);
    if (token === 'TIMESTAMP') {
      timeMs = this.#time('exemplar timestamp');
      token = lexer.next();
      if (token !== 'LINEBREAK')
        throw this.#unexpected('expected next entry after exemplar timestamp', token);
    } else if (token !== 'LINEBREAK') throw this.#unexpected('expected timestamp or comment', token);
    return { labels: labelsAt(lexer.text, offsets, 0), value, timeMs };
  }

  #value(token: Token, after: string): number {
    if (token !== 'VALUE') throw this.#unexpected(`expected value after ${after}`, token);
    return this.#float();
  }

  /** Seconds in the text, whole milliseconds here. */
  #time(what: string): number {
    const seconds = this.#float();
    if (Number.isFinite(seconds)) return Math.trunc(seconds * 1000);
    const shown = Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf';
    throw new ExpositionError(`invalid ${what} ${shown}`);
  }

  #float(): number {
    const lexer = this.#lexer;
    try {
      return parseFloatStrict(lexer.token.slice(1));
    } catch (error) {
      throw new ExpositionError(
        `${(error as Error).message} while parsing: ${goQuote(lexer.text.slice(this.#entry, lexer.at))}`,
      );
    }
  }
}

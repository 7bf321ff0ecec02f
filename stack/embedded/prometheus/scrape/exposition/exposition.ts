import { isUtf8 } from 'node:buffer';
import { goQuote } from '../../promql/parser/go-quote.ts';

/** What a target said, in the order it said it. */
export interface Exposition {
  readonly samples: ParsedSample[];
  readonly metadata: Map<string, MetricMetadata>;
  /** What is wrong with the text; `samples` and `metadata` are those before it. */
  failure: ExpositionError | undefined;
}

export interface ParsedSample {
  /** Name and labels as written: equal text is an equal series, so the labels are parsed once (`parseSeries`). */
  readonly series: string;
  readonly value: number;
  readonly timeMs: number | undefined;
  readonly exemplar: ParsedExemplar | undefined;
  /** What the last TYPE line before it says. */
  readonly type: MetricType;
}

export interface ParsedExemplar {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  readonly timeMs: number | undefined;
}

export interface MetricMetadata {
  type: MetricType;
  help: string;
  unit: string;
}

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** The text is not in the format it claims to be. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
}

/** The metadata of a metric family, made when there is none. */
export function metadataOf(metadata: Map<string, MetricMetadata>, name: string): MetricMetadata {
  let entry = metadata.get(name);
  if (entry === undefined) {
    entry = { type: 'unknown', help: '', unit: '' };
    metadata.set(name, entry);
  }
  return entry;
}

/**
 * The text of a body. A byte that is no UTF-8 stays what it was, as the lone surrogate U+DC00 + byte: where such a byte
 * may not stand, the parser must be able to say so and to show it.
 */
export function decodeBody(body: Buffer): string {
  if (isUtf8(body)) return body.toString('utf8');
  let text = '';
  for (let at = 0; at < body.length; ) {
    const first = body[at]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const rune = body.subarray(at, at + length);
    const isRune = rune.length === length && isUtf8(rune);
    text += isRune ? rune.toString('utf8') : String.fromCharCode(0xdc00 + first);
    at += isRune ? length : 1;
  }
  return text;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const special = /^(?:[+-]?inf(?:inity)?|nan)$/i;

/** A number as Go's strconv.ParseFloat reads it, without the forms that Prometheus leaves out (hexadecimal, `1_000`). */
export function parseFloatStrict(text: string): number {
  if (decimal.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new ExpositionError(`strconv.ParseFloat: parsing ${goQuote(text)}: value out of range`);
  }
  if (special.test(text)) {
    if (/nan/i.test(text)) return Number.NaN;
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (/[pP_]/.test(text)) throw new ExpositionError('unsupported character in float');
  throw new ExpositionError(`strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax`);
}

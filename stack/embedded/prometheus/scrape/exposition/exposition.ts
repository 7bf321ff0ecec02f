/** What a target said, in the order it said it. */
export interface Exposition {
  readonly samples: ParsedSample[];
  readonly metadata: Map<string, MetricMetadata>;
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

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const special = /^[+-]?(?:inf|infinity|nan)$/i;

/** Go's strconv.ParseFloat for what exporters write. */
export function parseFloatStrict(text: string): number {
  if (decimal.test(text)) return Number(text);
  if (special.test(text)) {
    if (/nan$/i.test(text)) {
      if (text.length === 3) return Number.NaN;
    } else return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  throw new ExpositionError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** At most this much of a bad line is shown in an error. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** Labels of a stream: fixed, sorted by name, shared by all its lines. */
export interface StreamLabels {
  readonly entries: readonly (readonly [string, string])[];
  readonly map: ReadonlyMap<string, string>;
  /** `{a="1", b="2"}`: what identifies the stream, and what messages print. */
  readonly text: string;
}

/** Structured metadata of a line, shared by all lines of a chunk that carry the same. */
export type Metadata = ReadonlyMap<string, string>;

export const noMetadata: Metadata = new Map();

export type LabelCategory = 'stream' | 'metadata' | 'parsed';

const nothing: ReadonlySet<string> = new Set();

/**
 * The labels of one line on its way through a pipeline. Three layers: what a parser extracted hides the line's
 * structured metadata, which hides the labels of its stream. One object is reused for all lines of a query.
 */
export class LineLabels {
  #stream!: StreamLabels;
  #metadata: Metadata = noMetadata;
  readonly #parsed = new Map<string, string>();
  #hiddenStream: ReadonlySet<string> = nothing;
  #hiddenMetadata: ReadonlySet<string> = nothing;
  #touched = false;
  /** Kind of the first error of a stage, as `__error__` shows it; empty while all went well. */
  error = '';
  errorDetails = '';

  reset(stream: StreamLabels, metadata: Metadata): void {
    this.#stream = stream;
    this.#metadata = metadata;
    if (this.#touched) {
      this.#parsed.clear();
      this.#hiddenStream = nothing;
      this.#hiddenMetadata = nothing;
      this.error = '';
      this.errorDetails = '';
      this.#touched = false;
    }
  }

  /** Whether the labels are still those of the stream and the metadata alone. */
  get untouched(): boolean {
    return !this.#touched;
  }

  get stream(): StreamLabels {
    return this.#stream;
  }

  get metadata(): Metadata {
    return this.#metadata;
  }

  fail(error: string, details: string): void {
    this.#touched = true;
    this.error = error;
    this.errorDetails = details;
  }

  clearError(): void {
    this.error = '';
    this.errorDetails = '';
  }

  /** Whether the stream itself has the label: then a parser's find gets the suffix `_extracted`. */
  streamHas(name: string): boolean {
    return this.#stream.map.has(name);
  }

  get(name: string): string | undefined {
    if (name === '__error__') return this.error === '' ? undefined : this.error;
    if (name === '__error_details__') return this.errorDetails === '' ? undefined : this.errorDetails;
    const parsed = this.#touched ? this.#parsed.get(name) : undefined;
    if (parsed !== undefined) return parsed;
    if (!this.#hiddenMetadata.has(name)) {
      const metadata = this.#metadata.get(name);
      if (metadata !== undefined) return metadata;
    }
    return this.#hiddenStream.has(name) ? undefined : this.#stream.map.get(name);
  }

  category(name: string): LabelCategory | undefined {
    if (this.#parsed.has(name)) return 'parsed';
    if (this.#metadata.has(name) && !this.#hiddenMetadata.has(name)) return 'metadata';
    return this.#stream.map.has(name) && !this.#hiddenStream.has(name) ? 'stream' : undefined;
  }

  /** Sets a label as a parser or a format does: it hides what had the name before. */
  set(name: string, value: string): void {
    this.#touched = true;
    this.#parsed.set(name, value);
    if (this.#metadata.has(name)) this.#hiddenMetadata = new Set(this.#hiddenMetadata).add(name);
    if (this.#stream.map.has(name)) this.#hiddenStream = new Set(this.#hiddenStream).add(name);
  }

  delete(name: string): void {
    this.#touched = true;
    if (name === '__error__') this.error = '';
    else if (name === '__error_details__') this.errorDetails = '';
    this.#parsed.delete(name);
    if (this.#metadata.has(name)) this.#hiddenMetadata = new Set(this.#hiddenMetadata).add(name);
    if (this.#stream.map.has(name)) this.#hiddenStream = new Set(this.#hiddenStream).add(name);
  }

  /** Every label with its value, the error's included; unsorted. */
  all(): [string, string][] {
    const result: [string, string][] = [];
    for (const [name, value] of this.#stream.entries) {
      if (!this.#hiddenStream.has(name) && !this.#isCovered(name)) result.push([name, value]);
    }
    for (const [name, value] of this.#metadata) {
      if (!this.#hiddenMetadata.has(name) && !this.#parsed.has(name)) result.push([name, value]);
    }
    result.push(...this.#parsed);
    if (this.error !== '') {
      result.push(['__error__', this.error]);
      if (this.errorDetails !== '') result.push(['__error_details__', this.errorDetails]);
    }
    return result;
  }

  #isCovered(name: string): boolean {
    return this.#metadata.has(name) && !this.#hiddenMetadata.has(name);
  }

  /** The labels of one layer; errors belong to the parsed ones. */
  layer(category: LabelCategory): [string, string][] {
    if (category === 'stream') {
      return this.#stream.entries
        .filter(([name]) => !this.#hiddenStream.has(name))
        .map(([name, value]) => [name, value]);
    }
    if (category === 'metadata') {
      return [...this.#metadata].filter(([name]) => !this.#hiddenMetadata.has(name));
    }
    const parsed = [...this.#parsed];
    if (this.error !== '') {
      parsed.push(['__error__', this.error]);
      if (this.errorDetails !== '') parsed.push(['__error_details__', this.errorDetails]);
    }
    return parsed;
  }
}

/** Makes a label name of any text as Loki does: what a name may not hold becomes `_`, a digit in front gets one. */
export function sanitizeLabelName(key: string): string {
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(key)) return key;
  const trimmed = key.trim();
  if (trimmed === '') return '';
  const name = trimmed.replace(/[^a-zA-Z0-9_]/gu, '_');
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Sorts labels by name, by bytes as Go does, and drops the empty ones. */
export function sortedLabels(labels: Iterable<readonly [string, string]>): [string, string][] {
  const result: [string, string][] = [];
  for (const [name, value] of labels) if (value !== '') result.push([name, value]);
  return result.sort(compareNames);
}

function compareNames(left: readonly [string, string], right: readonly [string, string]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0;
}

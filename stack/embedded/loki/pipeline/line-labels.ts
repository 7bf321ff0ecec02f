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

/** What a label is called that a parser found, or the metadata brings, under a name that is taken. */
const duplicateSuffix = '_extracted';

/**
 * The labels of one line on its way through a pipeline. Three layers: what a parser extracted hides the line's
 * structured metadata, which hides the labels of its stream. One object is reused for all lines of a query.
 */
export class LineLabels {
  #stream!: StreamLabels;
  #given: Metadata = noMetadata;
  #metadata: Metadata = noMetadata;
  readonly #parsed = new Map<string, string>();
  /** Names that were set once and deleted since: parsers do not extract them again. */
  readonly #deleted = new Set<string>();
  #hiddenStream: ReadonlySet<string> = nothing;
  #hiddenMetadata: ReadonlySet<string> = nothing;
  #touched = false;
  /** Kind of the first error of a stage, as `__error__` shows it; empty while all went well. */
  error = '';
  errorDetails = '';

  reset(stream: StreamLabels, metadata: Metadata): void {
    if (stream !== this.#stream || metadata !== this.#given) {
      this.#stream = stream;
      this.#given = metadata;
      this.#metadata = besideStream(metadata, stream);
    }
    if (this.#touched) {
      this.#parsed.clear();
      this.#deleted.clear();
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

  /** The metadata that the line was given: one object for all lines that carry the same. */
  get metadata(): Metadata {
    return this.#given;
  }

  /** Marks the line as failed; without details those of an earlier error stay. */
  fail(error: string, details?: string): void {
    this.#touched = true;
    this.error = error;
    if (details !== undefined) this.errorDetails = details;
  }

  /** The label that a parser's find becomes: with a suffix where the stream or the line's metadata has the name. */
  nameFor(name: string): string {
    return this.#stream.map.has(name) || (this.#metadata.has(name) && !this.#hiddenMetadata.has(name))
      ? name + duplicateSuffix
      : name;
  }

  /** Whether `nameFor` answers for this line what it answers for all lines of its stream and metadata. */
  get namesAreShared(): boolean {
    return this.#hiddenMetadata.size === 0;
  }

  /** Sets what a parser found under the name that `nameFor` gave, unless an earlier find or format took it. */
  extract(label: string, value: string): boolean {
    if (this.wasSet(label)) return false;
    this.set(label, value);
    return true;
  }

  /** Whether a parser or a format set the label in this line, be it deleted since. */
  wasSet(label: string): boolean {
    return this.#touched && (this.#parsed.has(label) || this.#deleted.has(label));
  }

  /** The value of a label or of the line's error. */
  get(name: string): string | undefined {
    if (name === '__error__') return this.error === '' ? undefined : this.error;
    if (name === '__error_details__') return this.errorDetails === '' ? undefined : this.errorDetails;
    return this.label(name);
  }

  /** The value of a label; the error is none. */
  label(name: string): string | undefined {
    const parsed = this.#touched ? this.#parsed.get(name) : undefined;
    if (parsed !== undefined) return parsed;
    if (!this.#hiddenMetadata.has(name)) {
      const metadata = this.#metadata.get(name);
      if (metadata !== undefined) return metadata;
    }
    return this.#hiddenStream.has(name) ? undefined : this.#stream.map.get(name);
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
    if (this.#parsed.delete(name)) this.#deleted.add(name);
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
    this.#pushError(result);
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
    this.#pushError(parsed);
    return parsed;
  }

  /** Details without an error (it was dropped) show only where there is more than the stream's labels. */
  #pushError(labels: [string, string][]): void {
    if (this.error !== '') labels.push(['__error__', this.error]);
    else if (this.#parsed.size + this.#metadata.size + this.#hiddenStream.size === 0) return;
    if (this.errorDetails !== '') labels.push(['__error_details__', this.errorDetails]);
  }
}

/** Metadata under the names that it has in a query: what the stream has as well gets the suffix. */
function besideStream(metadata: Metadata, stream: StreamLabels): Metadata {
  let taken = false;
  for (const name of metadata.keys()) taken ||= stream.map.has(name);
  if (!taken) return metadata;
  return new Map(
    [...metadata].map(([name, value]) => [stream.map.has(name) ? name + duplicateSuffix : name, value]),
  );
}

/** Makes a label name of any text as Loki does: what a name may not hold becomes `_`, a digit in front gets one. */
export function sanitizeLabelName(key: string, options: { readonly nested?: boolean } = {}): string {
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(key)) return key;
  const trimmed = key.trim();
  if (trimmed === '') return '';
  const name = trimmed.replace(/[^a-zA-Z0-9_]/gu, '_');
  return options.nested !== true && /^\d/.test(name) ? `_${name}` : name;
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

// Above 300 lines, because every rule of what is accepted stands here in the order in which Loki applies it.
import { instantOfMilliseconds } from '../../go-time/index.ts';
import type { LokiConfig } from '../config/config.ts';
import { type Metadata, noMetadata, type StreamLabels, sanitizeLabelName } from '../pipeline/line-labels.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, difference, formatRfc3339 } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import type { Stream } from '../storage/stream.ts';
import { levelFromLine, levelFromNames, levelFromSeverity } from './level-detection.ts';
import { missingStreams, PushError } from './push-error.ts';
import type { PushedEntry, PushedStream } from './push-request.ts';
import { RateLimit } from './rate-limit.ts';
import { newStreamLabels, parseStreamLabels } from './stream-labels.ts';

/** Told of every entry that was stored, for tails. */
export type EntryListener = (stream: Stream, at: Instant, line: string, metadata: Metadata) => void;

export interface IngestCounts {
  /** Bytes and lines that came in, as Loki counts them: before anything is refused. */
  bytes: number;
  lines: number;
  structuredMetadataBytes: number;
  /** Lines and bytes refused, by Loki's reason. */
  readonly discarded: Map<string, { samples: number; bytes: number }>;
}

interface KnownStream {
  readonly stream: StreamLabels;
  /** The level that the labels tell, for `detected_level`. */
  readonly level: string | undefined;
  readonly rate: RateLimit;
}

const tenant = 'fake';
/** Errors of one stream that are spelled out; the rest is only counted. */
const maxReported = 10;
/** Parsed label texts kept; a flood of ever new streams must not grow this without bound. */
const maxKnown = 20_000;
const mebibyte = 1024 * 1024;

/** Takes in pushes: validates them by Loki's rules and limits, completes labels, and stores what is valid. */
export class Distributor {
  readonly #config: LokiConfig;
  readonly #store: LogStore;
  readonly #now: () => number;
  readonly #known = new Map<string, KnownStream>();
  readonly #rate: RateLimit;
  readonly counts: IngestCounts = {
    bytes: 0,
    lines: 0,
    structuredMetadataBytes: 0,
    discarded: new Map(),
  };
  /** Set while someone follows the log. */
  listener: EntryListener | undefined;

  constructor(config: LokiConfig, store: LogStore, now: () => number) {
    this.#config = config;
    this.#store = store;
    this.#now = now;
    const { ingestion_rate_mb, ingestion_burst_size_mb } = config.limits_config;
    this.#rate = new RateLimit(ingestion_rate_mb * mebibyte, ingestion_burst_size_mb * mebibyte, now);
  }

  /** Stores the valid entries; throws a PushError about the others, as Loki does after it has stored the valid. */
  push(streams: readonly PushedStream[]): void {
    if (streams.length === 0) throw new PushError(422, missingStreams);
    const limits = this.#config.limits_config;
    const errors: string[] = [];
    const accepted: { known: KnownStream; entries: ValidEntry[]; bytes: number }[] = [];
    let lines = 0;
    let bytes = 0;
    for (const { labels, entries } of streams) {
      if (entries.length === 0) continue;
      let pushedBytes = 0;
      for (const { line } of entries) pushedBytes += line.length;
      this.counts.lines += entries.length;
      this.counts.bytes += pushedBytes;
      let known: KnownStream;
      try {
        known = this.#resolve(labels);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        errors.push(error.message);
        this.#discard(error.reason, entries.length, pushedBytes);
        continue;
      }
      const valid: ValidEntry[] = [];
      let validBytes = 0;
      for (const entry of entries) {
        try {
          const one = this.#validate(known, entry);
          valid.push(one);
          validBytes += one.lineBytes + one.metadataBytes;
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          errors.push(error.message);
          this.#discard(error.reason, 1, entry.line.length);
        }
      }
      if (valid.length === 0) continue;
      accepted.push({ known, entries: valid, bytes: validBytes });
      lines += valid.length;
      bytes += validBytes;
    }
    if (bytes > 0 && !this.#rate.allow(bytes)) {
      this.#discard('rate_limited', lines, bytes);
      throw new PushError(
        429,
        `Ingestion rate limit exceeded for user ${tenant} (limit: ${Math.round(limits.ingestion_rate_mb * mebibyte)} ` +
          `bytes/sec) while attempting to ingest '${lines}' lines totaling '${bytes}' bytes, reduce log volume or ` +
          'contact your Loki administrator to see if the limit can be increased',
      );
    }
    let failure: PushError | undefined;
    for (const one of accepted) failure = this.#write(one.known, one.entries, one.bytes) ?? failure;
    this.#store.sweep();
    if (failure !== undefined) throw failure;
    if (errors.length > 0) throw new PushError(400, groupErrors(errors));
  }

  #discard(reason: string, samples: number, bytes: number): void {
    const counts = this.counts.discarded.get(reason) ?? { samples: 0, bytes: 0 };
    counts.samples += samples;
    counts.bytes += bytes;
    this.counts.discarded.set(reason, counts);
  }

  /** The complete labels of a pushed stream: parsed and checked once, then known. */
  #resolve(text: string): KnownStream {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const limits = this.#config.limits_config;
    let labels: [string, string][];
    try {
      labels = parseStreamLabels(text);
    } catch (error) {
      throw new Refusal('invalid_labels', `couldn't parse labels: ${(error as Error).message}`);
    }
    const seen = new Set<string>();
    for (const [name] of labels) {
      if (seen.has(name)) {
        throw new Refusal('duplicate_label_names', `stream '${text}' has duplicate label name: '${name}'`);
      }
      seen.add(name);
    }
    const given = labels.filter(([name, value]) => name !== 'service_name' && value !== '').length;
    if (limits.discover_service_name.length > 0 && !seen.has('service_name')) {
      const map = new Map(labels);
      const source = limits.discover_service_name.find((name) => (map.get(name) ?? '') !== '');
      labels.push(['service_name', source === undefined ? 'unknown_service' : map.get(source)!]);
    } else if (given === 0 && labels.length === 0) {
      throw new Refusal('missing_labels', 'error at least one label pair is required per stream');
    }
    if (given > limits.max_label_names_per_series) {
      throw new Refusal(
        'max_label_names_per_series',
        `entry for stream '${text}' has ${given} label names; limit ${limits.max_label_names_per_series}`,
      );
    }
    for (const [name, value] of labels) {
      if (name.length > limits.max_label_name_length) {
        throw new Refusal('label_name_too_long', `stream '${text}' has label name too long: '${name}'`);
      }
      if (Buffer.byteLength(value) > limits.max_label_value_length) {
        throw new Refusal('label_value_too_long', `stream '${text}' has label value too long: '${value}'`);
      }
    }
    const stream = newStreamLabels(labels);
    const resolved: KnownStream = {
      stream,
      level: levelFromNames(stream.entries),
      rate: new RateLimit(limits.per_stream_rate_limit, limits.per_stream_rate_limit_burst, this.#now),
    };
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(text, resolved);
    return resolved;
  }

  #validate(known: KnownStream, { at, line, metadata }: PushedEntry): ValidEntry {
    const limits = this.#config.limits_config;
    const nowMs = this.#now();
    const atMs = at.seconds * 1000 + at.nanoseconds / 1e6;
    const labels = known.stream.text;
    if (limits.reject_old_samples && atMs < nowMs - limits.reject_old_samples_max_age) {
      const oldest = instantOfMilliseconds(nowMs - limits.reject_old_samples_max_age);
      throw new Refusal(
        'greater_than_max_sample_age',
        `entry for stream '${labels}' has timestamp too old: ${formatRfc3339(at, 'seconds')}, ` +
          `oldest acceptable timestamp is: ${formatRfc3339(oldest, 'seconds')}`,
      );
    }
    if (atMs > nowMs + limits.creation_grace_period) {
      throw new Refusal(
        'too_far_in_future',
        `entry for stream '${labels}' has timestamp too new: ${formatRfc3339(at, 'seconds')}`,
      );
    }
    let text = line;
    let lineBytes = typeof line === 'string' ? Buffer.byteLength(line) : line.length;
    if (limits.max_line_size > 0 && lineBytes > limits.max_line_size) {
      if (!limits.max_line_size_truncate) {
        throw new Refusal(
          'line_too_long',
          `Max entry size '${limits.max_line_size}' bytes exceeded for stream '${labels}' ` +
            `while adding an entry with length '${lineBytes}' bytes`,
        );
      }
      text = Buffer.from(line).subarray(0, limits.max_line_size);
      lineBytes = text.length;
    }
    return { at, line: text, lineBytes, ...this.#completeMetadata(known, text, metadata) };
  }

  /** Normalizes names, checks the limits, and adds the level that was detected. */
  #completeMetadata(
    known: KnownStream,
    line: string | Uint8Array,
    given: PushedEntry['metadata'],
  ): Pick<ValidEntry, 'metadata' | 'metadataKey' | 'metadataBytes'> {
    const limits = this.#config.limits_config;
    if (given === undefined || given.length === 0) {
      if (!limits.discover_log_levels || !limits.allow_structured_metadata) return plainMetadata;
      return levelMetadata(known.level ?? levelFromLine(asText(line)));
    }
    if (!limits.allow_structured_metadata) {
      throw new Refusal(
        'disallowed_structured_metadata',
        `stream '${known.stream.text}' includes structured metadata, but this feature is disallowed. Please see ` +
          '`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.',
      );
    }
    const metadata = new Map<string, string>();
    let bytes = 0;
    for (const [name, value] of given) {
      if (value === '') continue;
      metadata.set(sanitizeLabelName(name), value);
      bytes += name.length + Buffer.byteLength(value);
    }
    if (bytes > limits.max_structured_metadata_size) {
      throw new Refusal(
        'structured_metadata_too_large',
        `stream '${known.stream.text}' has structured metadata too large: '${bytes}' bytes, limit: ` +
          `'${limits.max_structured_metadata_size}' bytes. Please see \`limits_config.max_structured_metadata_size\` ` +
          'or contact your Loki administrator to increase it.',
      );
    }
    if (given.length > limits.max_structured_metadata_entries_count) {
      throw new Refusal(
        'structured_metadata_too_many',
        `stream '${known.stream.text}' has too many structured metadata labels: '${given.length}', limit: ` +
          `'${limits.max_structured_metadata_entries_count}'. Please see ` +
          '`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it.',
      );
    }
    this.counts.structuredMetadataBytes += bytes;
    if (limits.discover_log_levels && !metadata.has('detected_level')) {
      const severity = metadata.get('severity_number');
      const level =
        known.level ??
        levelFromNames(metadata) ??
        (severity === undefined ? levelFromLine(asText(line)) : levelFromSeverity(severity));
      metadata.set('detected_level', level);
      bytes += 'detected_level'.length + level.length;
    }
    const sorted = [...metadata].sort((left, right) => (left[0] < right[0] ? -1 : 1));
    return { metadata: new Map(sorted), metadataKey: JSON.stringify(sorted), metadataBytes: bytes };
  }

  #write(known: KnownStream, entries: readonly ValidEntry[], bytes: number): PushError | undefined {
    const labels = known.stream.text;
    let stream = this.#store.find(labels);
    if (stream === undefined) {
      const limit = this.#config.limits_config.max_global_streams_per_user;
      if (limit > 0 && this.#store.streamCount >= limit) {
        this.#discard('stream_limit', entries.length, bytes);
        return new PushError(
          429,
          `Maximum active stream limit exceeded when trying to create stream ${labels}, reduce the number of active ` +
            'streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit ' +
            `can be increased, user: '${tenant}'`,
        );
      }
      stream = this.#store.create(known.stream);
    }
    if (!known.rate.allow(bytes)) {
      this.#discard('per_stream_rate_limit', entries.length, bytes);
      return new PushError(
        429,
        `Per stream rate limit exceeded (limit: ${shortBytes(this.#config.limits_config.per_stream_rate_limit)}/sec) ` +
          `while attempting to ingest for stream '${labels}' totaling ${shortBytes(bytes)}, consider splitting a ` +
          'stream via additional labels or contact your Loki administrator to see if the limit can be increased',
      );
    }
    const toleranceNs = (this.#config.ingester.max_chunk_age / 2) * 1e6;
    const ignored: string[] = [];
    let ignoredCount = 0;
    for (const entry of entries) {
      if (stream.newest !== undefined && difference(stream.newest, entry.at) > toleranceNs) {
        this.#discard('too_far_behind', 1, entry.lineBytes);
        ignoredCount++;
        if (ignored.length < maxReported) ignored.push(farBehind(entry.at, stream.newest, toleranceNs));
        continue;
      }
      this.#store.append(stream, entry.at, entry.line, entry.lineBytes, entry.metadata, entry.metadataKey);
      this.listener?.(stream, entry.at, asText(entry.line), entry.metadata);
    }
    if (ignoredCount === 0) return undefined;
    return new PushError(
      400,
      `${ignored.join('')}user '${tenant}', total ignored: ${ignoredCount} out of ${entries.length} for stream: ${labels}`,
    );
  }
}

interface ValidEntry {
  readonly at: Instant;
  readonly line: string | Uint8Array;
  readonly lineBytes: number;
  readonly metadata: Metadata;
  readonly metadataKey: string;
  readonly metadataBytes: number;
}

class Refusal extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

const plainMetadata = { metadata: noMetadata, metadataKey: '', metadataBytes: 0 };
const levels = new Map<string, Pick<ValidEntry, 'metadata' | 'metadataKey' | 'metadataBytes'>>();

/** Metadata that holds a level alone: the same object for all lines of that level. */
function levelMetadata(level: string): Pick<ValidEntry, 'metadata' | 'metadataKey' | 'metadataBytes'> {
  let found = levels.get(level);
  if (found === undefined) {
    found = {
      metadata: new Map([['detected_level', level]]),
      metadataKey: `[["detected_level",${JSON.stringify(level)}]]`,
      metadataBytes: 'detected_level'.length + level.length,
    };
    if (levels.size > 100) levels.clear();
    levels.set(level, found);
  }
  return found;
}

function asText(line: string | Uint8Array): string {
  return typeof line === 'string' ? line : Buffer.from(line.buffer, line.byteOffset, line.length).toString();
}

/** Go prints a time's default format with the fraction only where there is one. */
function farBehind(at: Instant, newest: Instant, toleranceNs: number): string {
  const plain = formatRfc3339(at).replace('T', ' ').replace('Z', ' +0000 UTC');
  const oldest = addNanoseconds(newest, -toleranceNs);
  return (
    `entry with timestamp ${plain} ignored, reason: 'entry too far behind, entry timestamp is: ` +
    `${formatRfc3339(at, 'seconds')}, oldest acceptable timestamp is: ${formatRfc3339(oldest, 'seconds')}',\n`
  );
}

/** As Loki's GroupedErrors: one error as it is, several counted by what they say. */
function groupErrors(errors: readonly string[]): string {
  if (errors.length === 1) return errors[0]!;
  const groups = new Map<string, number>();
  for (const error of errors) groups.set(error, (groups.get(error) ?? 0) + 1);
  const shown = [...groups].slice(0, maxReported);
  const rest = groups.size > maxReported ? `; and ${groups.size - maxReported} more` : '';
  return shown.map(([message, times]) => `${times} errors like: ${message}`).join('; ') + rest;
}

/** Bytes as Loki's flags print them: `3MB` for 3 × 1024². */
function shortBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${units[unit]}`;
}

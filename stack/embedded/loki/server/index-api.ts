import type { LokiConfig } from '../config/config.ts';
import { newStatistics } from '../engine/statistics.ts';
import type { Matcher } from '../logql/ast.ts';
import { parseMatchers } from '../logql/parser.ts';
import { type Chunk, chunkBounds, SealedChunk } from '../storage/chunk.ts';
import { addNanoseconds, difference } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import type { Stream } from '../storage/stream.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { HttpError } from './http-error.ts';
import { type Bounds, checkRange, defaultStep, parseBounds, parseLimit, parseStep } from './parameters.ts';
import { labelsJson } from './query-api.ts';
import type { ApiRequest } from './request.ts';
import { statsOf } from './stats.ts';

/** Labels, series and index statistics are asked of the last six hours unless told otherwise. */
const sixHoursNs = 6 * 3600 * 1e9;
const kibibyte = 1024;

/** Answers what the index alone can tell: labels, series, statistics, volumes. */
export class IndexApi {
  readonly #config: LokiConfig;
  readonly #store: LogStore;
  readonly #now: () => number;

  constructor(config: LokiConfig, store: LogStore, now: () => number) {
    this.#config = config;
    this.#store = store;
    this.#now = now;
  }

  /** Streams that fit and have entries in the range. */
  #streams(matchers: readonly Matcher[], { start, end }: Bounds): Stream[] {
    return this.#store
      .select(matchers)
      .filter((stream) => this.#store.chunksWithin(stream, start, end).length > 0);
  }

  #bounds({ parameters }: ApiRequest): Bounds {
    const bounds = parseBounds(parameters, this.#now(), sixHoursNs);
    checkRange(bounds, this.#config.limits_config.max_query_length);
    return bounds;
  }

  #matchers({ parameters }: ApiRequest): readonly Matcher[] {
    const query = parameters.get('query') ?? '';
    return query === '' ? [] : parseMatchers(query, { validate: true });
  }

  labels(request: ApiRequest): object {
    const names = new Set<string>();
    for (const { labels } of this.#streams(this.#matchers(request), this.#bounds(request))) {
      for (const [name] of labels.entries) names.add(name);
    }
    return names.size === 0 ? { status: 'success' } : { status: 'success', data: [...names].sort() };
  }

  labelValues(request: ApiRequest, name: string): object {
    const values = new Set<string>();
    for (const { labels } of this.#streams(this.#matchers(request), this.#bounds(request))) {
      const value = labels.map.get(name);
      if (value !== undefined) values.add(value);
    }
    return values.size === 0 ? { status: 'success' } : { status: 'success', data: [...values].sort() };
  }

  series(request: ApiRequest): object {
    const bounds = this.#bounds(request);
    const groups = [...request.parameters.getAll('match[]'), ...request.parameters.getAll('match')];
    // Without a selector all streams are meant.
    const selectors =
      groups.length === 0 ? [[]] : groups.map((group) => parseMatchers(group, { validate: true }));
    const found = new Map<string, object>();
    for (const matchers of selectors) {
      for (const { labels } of this.#streams(matchers, bounds)) {
        found.set(labels.text, Object.fromEntries(labels.entries));
      }
    }
    return { status: 'success', data: [...found.values()] };
  }

  stats(request: ApiRequest): object {
    const bounds = parseBounds(request.parameters, this.#now(), 3600 * 1e9);
    checkRange(bounds, this.#config.limits_config.max_query_length);
    const matchers = parseMatchers(request.parameters.get('query') ?? '', { validate: true });
    const totals = { streams: 0, chunks: 0, bytes: 0, entries: 0 };
    for (const stream of this.#streams(matchers, bounds)) {
      totals.streams++;
      for (const chunk of this.#store.chunksWithin(stream, bounds.start, bounds.end)) {
        const share = overlap(chunk, bounds);
        totals.chunks++;
        totals.bytes += Math.floor(sizeOf(chunk) * share);
        totals.entries += Math.floor(chunk.count * share);
      }
    }
    return totals;
  }

  volume(request: ApiRequest): string {
    const bounds = parseBounds(request.parameters, this.#now());
    const volumes = this.#volumes(request, bounds);
    const at = bounds.end.seconds + Math.floor(bounds.end.nanoseconds / 1e6) / 1000;
    const result = volumes.map(
      ({ labels, bytes }) => `{"metric":${labelsJson(labels)},"value":[${at},"${bytes}"]}`,
    );
    return volumeAnswer('vector', result);
  }

  volumeRange(request: ApiRequest): string {
    const bounds = parseBounds(request.parameters, this.#now());
    const step = request.parameters.get('step');
    const stepNs = step === null || step === '' ? defaultStep(bounds) : parseStep(step);
    if (stepNs <= 0) {
      throw new HttpError(
        400,
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    const length = difference(bounds.end, bounds.start);
    if (length / stepNs > 11_000) {
      throw new HttpError(
        400,
        'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
      );
    }
    const series = new Map<string, { labels: [string, string][]; points: string[]; total: number }>();
    for (let from = 0; from < length; from += stepNs) {
      const last = from + stepNs >= length;
      const start = addNanoseconds(bounds.start, from);
      // A step ends a millisecond before the next one begins; the last one ends with the range.
      const end = last ? bounds.end : addNanoseconds(bounds.start, from + stepNs - 1e6);
      const at = end.seconds + Math.floor(end.nanoseconds / 1e6) / 1000;
      for (const { key, labels, bytes } of this.#volumes(request, { start, end })) {
        const one = getOrCreate(series, key, () => ({ labels, points: [], total: 0 }));
        one.points.push(`[${at},"${bytes}"]`);
        one.total += bytes;
      }
    }
    const result = [...series.values()].map(
      ({ labels, points }) => `{"metric":${labelsJson(labels)},"values":[${points.join(',')}]}`,
    );
    return volumeAnswer('matrix', result);
  }

  #volumes(
    { parameters }: ApiRequest,
    bounds: Bounds,
  ): { key: string; labels: [string, string][]; bytes: number }[] {
    if (!this.#config.limits_config.volume_enabled) {
      throw new HttpError(404, 'volume endpoint is disabled. Enable with -limits.volume-enabled');
    }
    checkRange(bounds, this.#config.limits_config.max_query_length);
    const query = parameters.get('query') ?? '';
    const matchers = query === '{}' ? [] : parseMatchers(query, { validate: true });
    const limit = parseLimit(parameters, 'limit', 100);
    const aggregateBy = parameters.get('aggregateBy') ?? 'series';
    if (aggregateBy !== 'series' && aggregateBy !== 'labels') {
      throw new HttpError(400, `invalid aggregation option`);
    }
    const targets = (parameters.get('targetLabels') ?? '').split(',').filter((name) => name !== '');
    const wanted = new Set(targets.length > 0 ? targets : matchers.map(({ name }) => name));
    const volumes = new Map<string, { key: string; labels: [string, string][]; bytes: number }>();
    const add = (labels: [string, string][], bytes: number): void => {
      const key = JSON.stringify(labels);
      const before = volumes.get(key);
      if (before === undefined) volumes.set(key, { key, labels, bytes });
      else before.bytes += bytes;
    };
    for (const stream of this.#streams(matchers, bounds)) {
      let bytes = 0;
      for (const chunk of this.#store.chunksWithin(stream, bounds.start, bounds.end)) {
        bytes += Math.floor(sizeOf(chunk) * overlap(chunk, bounds));
      }
      if (aggregateBy === 'labels') {
        for (const [name] of stream.labels.entries) {
          if (targets.length === 0 || wanted.has(name)) add([[name, '']], bytes);
        }
      } else {
        const labels = stream.labels.entries.filter(([name]) => wanted.has(name));
        if (labels.length > 0 || wanted.size === 0) {
          add(
            labels.map(([name, value]) => [name, value]),
            bytes,
          );
        }
      }
    }
    return [...volumes.values()]
      .sort((left, right) => right.bytes - left.bytes || (left.key < right.key ? -1 : 1))
      .slice(0, limit);
  }
}

/** Loki's size of a chunk: lines, eight bytes per label of metadata; the index of a finished one counts in KiB. */
function sizeOf(chunk: Chunk): number {
  const bytes = chunk.rawBytes + chunk.metadataPairs * 8 + chunk.metadataBytes;
  return chunk instanceof SealedChunk ? Math.round(bytes / kibibyte) * kibibyte : bytes;
}

/** Which part of the chunk's time lies within the range. */
function overlap(chunk: Chunk, { start, end }: Bounds): number {
  const { first, last } = chunkBounds(chunk);
  const length = difference(last, first);
  if (length === 0) return 1;
  const from = Math.max(0, difference(start, first));
  const to = Math.min(length, difference(end, first));
  return Math.max(0, to - from) / length;
}

function volumeAnswer(resultType: string, result: readonly string[]): string {
  const stats = JSON.stringify(statsOf(newStatistics(), 0));
  return `{"status":"success","data":{"resultType":"${resultType}","result":[${result.join(',')}],"stats":${stats}}}`;
}

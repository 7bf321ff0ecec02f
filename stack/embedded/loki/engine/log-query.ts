import { formatLabels } from '../ingest/stream-labels.ts';
import type { LogExpression } from '../logql/ast.ts';
import { sortedLabels } from '../pipeline/line-labels.ts';
import type { Instant } from '../pipeline/stage.ts';
import { addNanoseconds, formatNanoseconds } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { scan } from './scan.ts';
import type { QueryStatistics } from './statistics.ts';

export interface LogQueryOptions {
  readonly start: Instant;
  /** Exclusive. */
  readonly end: Instant;
  readonly limit: number;
  readonly direction: 'forward' | 'backward';
  /** Nanoseconds between the entries that are returned; 0 returns all. */
  readonly intervalNs: number;
  /** Tells labels of metadata and parsers apart from those of the stream. */
  readonly categorize: boolean;
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly statistics: QueryStatistics;
}

type Labels = [string, string][];

export interface LogEntry {
  readonly time: string;
  readonly line: string;
  readonly categories?: { readonly structuredMetadata: Labels; readonly parsed: Labels } | undefined;
}

export interface LogStreamResult {
  readonly labels: Labels;
  readonly entries: LogEntry[];
}

interface Candidate {
  readonly offset: number;
  readonly order: number;
  readonly line: string;
  readonly labels: Labels;
  readonly key: string;
  readonly categories: LogEntry['categories'];
}

/** An answer without a limit that still must not fill the memory (an interval thins it afterwards). */
const maxCandidates = 200_000;

/** Runs a log query: the newest (or oldest) entries up to the limit, grouped by their labels. */
export function runLogQuery(
  store: LogStore,
  query: LogExpression,
  options: LogQueryOptions,
): LogStreamResult[] {
  const backward = options.direction === 'backward';
  const wanted = options.intervalNs > 0 ? maxCandidates : options.limit;
  const sign = backward ? -1 : 1;
  let candidates: Candidate[] = [];
  let order = 0;
  const trim = (): void => {
    candidates.sort((left, right) => sign * (left.offset - right.offset) || left.order - right.order);
    if (candidates.length > wanted) candidates = candidates.slice(0, wanted);
  };
  let bound: number | undefined;
  scan(
    store,
    query,
    {
      ...options,
      includeStart: true,
      includeEnd: false,
      needsLine: true,
    },
    (offset, line, labels) => {
      if (bound !== undefined && sign * (offset - bound) > 0) return bound;
      const categories = options.categorize
        ? {
            structuredMetadata: sortedLabels(labels.layer('metadata')),
            parsed: sortedLabels(labels.layer('parsed')),
          }
        : undefined;
      const shown = sortedLabels(options.categorize ? labels.layer('stream') : labels.all());
      candidates.push({ offset, order: order++, line, labels: shown, key: formatLabels(shown), categories });
      if (candidates.length >= 2 * wanted + 16) {
        trim();
        bound = candidates.at(-1)!.offset;
      }
      return bound;
    },
  );
  trim();
  const chosen = options.intervalNs > 0 ? thin(candidates, options) : candidates;
  options.statistics.entriesReturned = chosen.length;
  return group(chosen, options.start);
}

/** Keeps an entry only when the interval has passed since the one kept before. */
function thin(candidates: readonly Candidate[], { intervalNs, limit }: LogQueryOptions): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    const last = kept.at(-1);
    if (last !== undefined && Math.abs(candidate.offset - last.offset) < intervalNs) continue;
    kept.push(candidate);
    if (kept.length >= limit) break;
  }
  return kept;
}

function group(candidates: readonly Candidate[], start: Instant): LogStreamResult[] {
  const streams = new Map<string, LogStreamResult>();
  for (const { offset, line, labels, key, categories } of candidates) {
    const stream = getOrCreate(streams, key, () => ({ labels, entries: [] }));
    stream.entries.push({ time: formatNanoseconds(addNanoseconds(start, offset)), line, categories });
  }
  return [...streams].sort((left, right) => (left[0] < right[0] ? -1 : 1)).map(([, stream]) => stream);
}

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LedgerSlice } from './ledger.ts';

interface OpenSlice {
  readonly statuses: Record<string, number>;
  readonly latencies: Map<number, number>;
  readonly written: string[];
}

const longestMs = 60_000;

/** The writing side of the ledger: collects by second and kind, and appends each second once it is over. */
export class LedgerWriter {
  readonly #path: string;
  readonly #seconds = new Map<number, Map<string, OpenSlice>>();

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** `writtenId`: of the note that this answer acknowledges. */
  answered(kind: string, status: number, durationMs: number, atMs: number, writtenId?: string): void {
    const slice = this.#slice(kind, atMs);
    slice.statuses[status] = (slice.statuses[status] ?? 0) + 1;
    const bucket = Math.min(longestMs, Math.max(0, Math.round(durationMs)));
    slice.latencies.set(bucket, (slice.latencies.get(bucket) ?? 0) + 1);
    if (writtenId !== undefined) slice.written.push(writtenId);
  }

  /** No answer came: refused, reset or timed out. */
  failed(kind: string, atMs: number): void {
    const { statuses } = this.#slice(kind, atMs);
    statuses.none = (statuses.none ?? 0) + 1;
  }

  /** Appends the seconds that are over; at the end of the traffic, all of them. */
  flush(nowMs: number): void {
    const before = Math.floor(nowMs / 1000);
    const lines: string[] = [];
    for (const [second, kinds] of this.#seconds) {
      if (second >= before) continue;
      this.#seconds.delete(second);
      for (const [kind, { statuses, latencies, written }] of kinds) {
        const line: LedgerSlice = {
          second,
          kind,
          statuses,
          latencies: [...latencies],
          ...(written.length === 0 ? {} : { written }),
        };
        lines.push(`${JSON.stringify(line)}\n`);
      }
    }
    if (lines.length > 0) appendFileSync(this.#path, lines.join(''));
  }

  close(): void {
    this.flush(Number.POSITIVE_INFINITY);
  }

  #slice(kind: string, atMs: number): OpenSlice {
    const second = Math.floor(atMs / 1000);
    let kinds = this.#seconds.get(second);
    if (kinds === undefined) {
      kinds = new Map();
      this.#seconds.set(second, kinds);
    }
    let slice = kinds.get(kind);
    if (slice === undefined) {
      slice = { statuses: {}, latencies: new Map(), written: [] };
      kinds.set(kind, slice);
    }
    return slice;
  }
}

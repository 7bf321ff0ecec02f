import { z } from 'zod';

const highestMs = 60_000;
/** Seconds are kept as long as a learner's traffic lives, tenths as long as a check looks back at them. */
const keptSeconds = 1_800;
const keptTenths = 1_500;

export const tallySchema = z.object({
  state: z.enum(['preparing', 'running', 'stopped', 'failed']),
  reason: z.string().optional(),
  startedAt: z.string(),
  updatedAt: z.string(),
  /** Requests that were answered, and those that never were. */
  requests: z.number(),
  /** Those without a 2xx answer: error answers, refused and broken connections, timeouts. */
  errors: z.number(),
  statuses: z.record(z.string(), z.number()),
  /** Whole milliseconds -> how many answers took that long. */
  latencies: z.array(z.tuple([z.number(), z.number()])),
  /** Epoch second in which the answers came -> requests, errors. */
  seconds: z.array(z.tuple([z.number(), z.number(), z.number()])),
  /** The same by tenths of a second, of the last few minutes. */
  tenths: z.array(z.tuple([z.number(), z.number(), z.number()])),
});

export type TallySnapshot = z.output<typeof tallySchema>;

/** The client's own count of its requests: the truth that the telemetry is compared with. Bounded in memory. */
export class Tally {
  readonly #startedAt: number;
  readonly #statuses = new Map<string, number>();
  readonly #latencies = new Map<number, number>();
  readonly #seconds = new Slices(1_000, keptSeconds);
  readonly #tenths = new Slices(100, keptTenths);
  #requests = 0;
  #errors = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  answered(status: number, durationMs: number, atMs: number): void {
    const failed = status < 200 || status > 299;
    this.#count(String(status), failed, atMs);
    const bucket = Math.min(highestMs, Math.max(0, Math.round(durationMs)));
    this.#latencies.set(bucket, (this.#latencies.get(bucket) ?? 0) + 1);
  }

  /** No answer came: refused, reset or timed out. */
  failed(atMs: number): void {
    this.#count('none', true, atMs);
  }

  #count(status: string, failed: boolean, atMs: number): void {
    this.#requests += 1;
    if (failed) this.#errors += 1;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    this.#seconds.count(failed, atMs);
    this.#tenths.count(failed, atMs);
  }

  snapshot(state: TallySnapshot['state'], nowMs: number, reason?: string): TallySnapshot {
    return {
      state,
      reason,
      startedAt: new Date(this.#startedAt).toISOString(),
      updatedAt: new Date(nowMs).toISOString(),
      requests: this.#requests,
      errors: this.#errors,
      statuses: Object.fromEntries(this.#statuses),
      latencies: [...this.#latencies].sort(([a], [b]) => a - b),
      seconds: this.#seconds.list(),
      tenths: this.#tenths.list(),
    };
  }
}

/** Counts by slices of time, the oldest forgotten. */
class Slices {
  readonly #widthMs: number;
  readonly #kept: number;
  readonly #slices = new Map<number, { requests: number; errors: number }>();

  constructor(widthMs: number, kept: number) {
    this.#widthMs = widthMs;
    this.#kept = kept;
  }

  count(failed: boolean, atMs: number): void {
    const index = Math.floor(atMs / this.#widthMs);
    let slice = this.#slices.get(index);
    if (slice === undefined) {
      slice = { requests: 0, errors: 0 };
      this.#slices.set(index, slice);
      for (const old of this.#slices.keys()) {
        if (old > index - this.#kept) break;
        this.#slices.delete(old);
      }
    }
    slice.requests += 1;
    if (failed) slice.errors += 1;
  }

  list(): [number, number, number][] {
    return [...this.#slices].map(([index, { requests, errors }]) => [index, requests, errors]);
  }
}

export interface TrafficSummary {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** The run in five numbers. Percentiles of no answers are 0. */
export function summarise(
  snapshot: Pick<TallySnapshot, 'requests' | 'errors' | 'latencies'>,
): TrafficSummary {
  const at = (quantile: number): number => percentile(snapshot.latencies, quantile) ?? 0;
  return {
    requests: snapshot.requests,
    errors: snapshot.errors,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  };
}

/** Nearest rank: the smallest latency that at least this share of the answers did not exceed. */
export function percentile(
  latencies: readonly (readonly [ms: number, count: number])[],
  quantile: number,
): number | undefined {
  const total = latencies.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(quantile * total));
  let seen = 0;
  for (const [ms, count] of latencies) {
    seen += count;
    if (seen >= rank) return ms;
  }
  return undefined;
}

/** Requests and errors whose answers came in [fromMs, toMs), by whole seconds. */
export function countSeconds(snapshot: Pick<TallySnapshot, 'seconds'>, fromMs: number, toMs: number): Count {
  return countSlices(snapshot.seconds, 1_000, fromMs, toMs);
}

/** The same, by tenths of a second; not for what lies further back than a few minutes. */
export function countTenths(snapshot: Pick<TallySnapshot, 'tenths'>, fromMs: number, toMs: number): Count {
  return countSlices(snapshot.tenths, 100, fromMs, toMs);
}

interface Count {
  readonly requests: number;
  readonly errors: number;
}

function countSlices(slices: TallySnapshot['seconds'], widthMs: number, fromMs: number, toMs: number): Count {
  let requests = 0;
  let errors = 0;
  for (const [index, count, failed] of slices) {
    // Half a slice at either edge: a slice belongs to the interval that holds its middle.
    const middle = (index + 0.5) * widthMs;
    if (middle < fromMs || middle >= toMs) continue;
    requests += count;
    errors += failed;
  }
  return { requests, errors };
}

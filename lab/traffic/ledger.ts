import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * One second of one kind of request, as the client saw it: a line of `.lab/<name>/ledger/<start>-<pid>.ndjson`. A
 * request counts in the second in which its answer came, or in which it was given up.
 */
const slice = z.object({
  /** Epoch second. */
  second: z.number().int(),
  /** What the user did: `read-note`, `create-note` and so on. */
  kind: z.string(),
  /** Answers by status; `none` where no answer came (refused, reset, timed out). */
  statuses: z.record(z.string(), z.number().int()),
  /** Whole milliseconds -> how many answers took that long. */
  latencies: z.array(z.tuple([z.number(), z.number()])),
  /** IDs of the notes whose writing was acknowledged (201). */
  written: z.array(z.string()).optional(),
});
export type LedgerSlice = z.output<typeof slice>;

export interface Interval {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** What the client counted in an interval. */
export interface LedgerCount {
  readonly requests: number;
  /** Answers 5xx, and requests without any answer: what a user feels as "it does not work". */
  readonly errors: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Whole milliseconds -> how many, ascending. */
  readonly latencies: readonly (readonly [ms: number, count: number])[];
}

export const ledgerFolder = 'ledger';

/** The client writes a second when it is over, and a busy machine later still: what is older than this is complete. */
export const ledgerLateMs = 3_000;

/**
 * The client's own record of every request, the truth that telemetry is compared with. It survives restarts of the
 * traffic and of commands: the traffic process appends, everybody else reads.
 */
export class Ledger {
  readonly #directory: string;

  /** `directory`: `.lab/<name>`. */
  constructor(directory: string) {
    this.#directory = join(directory, ledgerFolder);
  }

  /** Every whole second that lies in the interval, oldest first. A line that a crash has cut is passed over. */
  slices({ fromMs, toMs }: Interval): LedgerSlice[] {
    if (!existsSync(this.#directory)) return [];
    const first = Math.ceil(fromMs / 1000);
    const last = Math.floor(toMs / 1000) - 1;
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(this.#directory, name), 'utf8').split('\n'))
      .flatMap((line) => {
        const second = Number(/^\{"second":(\d+),/.exec(line)?.[1] ?? Number.NaN);
        if (!(second >= first && second <= last)) return [];
        try {
          return [slice.parse(JSON.parse(line))];
        } catch {
          return [];
        }
      })
      .sort((a, b) => a.second - b.second);
  }

  /** The sum over the interval, of all kinds or of these. */
  count(interval: Interval, kinds?: readonly string[]): LedgerCount {
    return sumSlices(this.slices(interval).filter((one) => kinds === undefined || kinds.includes(one.kind)));
  }

  /** IDs of all notes whose writing was acknowledged in the interval. */
  written(interval: Interval): string[] {
    return this.slices(interval).flatMap((one) => one.written ?? []);
  }
}

/** What these slices add up to. */
export function sumSlices(slices: readonly LedgerSlice[]): LedgerCount {
  const statuses: Record<string, number> = {};
  const latencies = new Map<number, number>();
  for (const one of slices) {
    for (const [status, count] of Object.entries(one.statuses))
      statuses[status] = (statuses[status] ?? 0) + count;
    for (const [ms, count] of one.latencies) latencies.set(ms, (latencies.get(ms) ?? 0) + count);
  }
  let requests = 0;
  let errors = 0;
  for (const [status, count] of Object.entries(statuses)) {
    requests += count;
    if (isError(status)) errors += count;
  }
  return { requests, errors, statuses, latencies: [...latencies].sort(([a], [b]) => a - b) };
}

/** 5xx, or no answer at all. A 4xx is the user's own mistake. */
export function isError(status: string): boolean {
  return status === 'none' || status.startsWith('5');
}

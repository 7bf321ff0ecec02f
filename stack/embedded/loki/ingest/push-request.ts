import type { Instant } from '../pipeline/stage.ts';

/** One line as it came in, not yet validated. */
export interface PushedEntry {
  readonly at: Instant;
  readonly line: string | Uint8Array;
  /** Structured metadata; undefined when there is none. */
  readonly metadata: readonly (readonly [string, string])[] | undefined;
}

export interface PushedStream {
  /** `{app="x"}`, as it stood in the request or as its labels write themselves. */
  readonly labels: string;
  readonly entries: readonly PushedEntry[];
}

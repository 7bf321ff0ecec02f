import type { Instant } from '../../go-time/index.ts';
import type { LineLabels } from './line-labels.ts';

export type { Instant };

/**
 * One stage: takes the line, may change its labels, returns the line (perhaps another), or undefined to drop it.
 * `now` is when the line was written; only templates ask for it.
 */
export type StageFunction = (line: string, labels: LineLabels, now: Instant) => string | undefined;

/** Which labels a query can see the difference of: the others need not be extracted. */
export class LabelHints {
  /** Undefined: all of them. */
  readonly wanted: ReadonlySet<string> | undefined;
  readonly #prefixes = new Set<string>();

  constructor(wanted: ReadonlySet<string> | undefined) {
    this.wanted = wanted;
    for (const name of wanted ?? []) {
      for (let at = name.indexOf('_'); at !== -1; at = name.indexOf('_', at + 1)) {
        this.#prefixes.add(name.slice(0, at));
      }
    }
  }

  /** Whether a wanted label could be nested under this one. */
  hasPrefix(name: string): boolean {
    return this.wanted === undefined || this.#prefixes.has(name);
  }
}

export const allLabels = new LabelHints(undefined);

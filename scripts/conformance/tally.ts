/** A recording that says less than equality: by name, with the reason for it. */
export interface Remark {
  readonly name: string;
  readonly reason: string;
}

export interface Outcome {
  /** Compared value by value. */
  readonly passed: number;
  /** What could be compared in part only: status and shape, or values within bounds. */
  readonly byShape: readonly Remark[];
  readonly skipped: readonly Remark[];
  readonly failures: readonly string[];
}

/** Collects what becomes of each recording of a suite. */
export class Tally implements Outcome {
  passed = 0;
  readonly byShape: Remark[] = [];
  readonly skipped: Remark[] = [];
  readonly failures: string[] = [];

  /** Counts a comparison: `difference` is undefined where there is none, `partly` says why not everything was compared. */
  add(name: string, difference: string | undefined, partly?: string): void {
    if (difference !== undefined) this.failures.push(`${name}: ${difference}`);
    else if (partly !== undefined) this.byShape.push({ name, reason: partly });
    else this.passed++;
  }

  skip(name: string, reason: string): void {
    this.skipped.push({ name, reason });
  }

  /**
   * Counts a comparison whose difference is known and cannot be repaired now: it is listed among the skipped. Where the
   * answers agree after all, that is a failure, so that the list does not outlive its reason.
   */
  addKnown(name: string, difference: string | undefined, reason: string): void {
    if (difference === undefined) {
      this.failures.push(
        `${name}: is listed as a known difference, but does not differ: take it off the list`,
      );
    } else this.skip(name, `known difference: ${reason} (${difference.slice(0, 200)})`);
  }

  merge(other: Outcome): void {
    this.passed += other.passed;
    this.byShape.push(...other.byShape);
    this.skipped.push(...other.skipped);
    this.failures.push(...other.failures);
  }
}

/** The report of a run: what was compared in part and what was not, with reasons; failures; the counts last. */
export function reportLines({ passed, byShape, skipped, failures }: Outcome): string[] {
  return [
    ...byShape.map(({ name, reason }) => `shape only ${name}: ${reason}`),
    ...skipped.map(({ name, reason }) => `skipped ${name}: ${reason}`),
    ...failures.map((failure) => `FAIL ${failure}`),
    `${passed} passed, ${byShape.length} by shape only, ${skipped.length} skipped, ${failures.length} failed`,
  ];
}

/** 0 without a failure. Nothing compared by value proves nothing: that is 1, too. */
export function exitCode({ passed, failures }: Outcome): 0 | 1 {
  return failures.length === 0 && passed > 0 ? 0 : 1;
}

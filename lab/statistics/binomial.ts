/** Chances and bounds of independent yes-or-no draws, such as "is this trace kept?". Pure. */

/** The probability that none of `count` draws says yes. */
export function missAll(probability: number, count: number): number {
  return (1 - probability) ** count;
}

/** How many draws are needed so that at least one says yes with this certainty (0.95: in 95 of 100 cases). */
export function drawsUntil(probability: number, certainty: number): number {
  return Math.ceil(Math.log(1 - certainty) / Math.log(1 - probability));
}

/**
 * Between which numbers of yes nearly all outcomes lie: `sigmas` standard deviations around the mean (3: 997 of 1,000),
 * widened to whole numbers.
 */
export function bounds(probability: number, count: number, sigmas = 3): { low: number; high: number } {
  const mean = probability * count;
  const deviation = Math.sqrt(count * probability * (1 - probability));
  return {
    low: Math.max(0, Math.floor(mean - sigmas * deviation)),
    high: Math.min(count, Math.ceil(mean + sigmas * deviation)),
  };
}

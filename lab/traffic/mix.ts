import type { MixEntry } from './profiles.ts';

/**
 * One round of a mix, each kind as often as its weight and spread as evenly as can be (smooth weighted round robin,
 * as nginx balances): no run of one kind, the same order every time.
 */
export function spreadMix(mix: readonly MixEntry[]): string[] {
  const total = mix.reduce((sum, entry) => sum + entry.weight, 0);
  const credit = new Map(mix.map((entry) => [entry, 0]));
  return Array.from({ length: total }, () => {
    let next = mix[0]!;
    for (const entry of mix) {
      credit.set(entry, credit.get(entry)! + entry.weight);
      if (credit.get(entry)! > credit.get(next)!) next = entry;
    }
    credit.set(next, credit.get(next)! - total);
    return next.name;
  });
}

/** The round begun elsewhere, so that connections side by side do not all send the same kind at once. */
export function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

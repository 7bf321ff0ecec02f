import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to move; for tests and replays. */
export class ManualClock implements Clock {
  #now: number;
  #sequence = 0;
  readonly #timers = new Map<number, { at: number; call: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const id = this.#sequence++;
    this.#timers.set(id, { at: this.#now + delayMs, call });
    return () => this.#timers.delete(id);
  }

  /** Moves on, calling every timer at its own moment and letting real input and output settle after each. */
  async advanceTo(target: number, settle: () => Promise<void>): Promise<void> {
    for (;;) {
      let next: { id: number; at: number; call: () => void } | undefined;
      for (const [id, timer] of this.#timers)
        if (timer.at <= target && (next === undefined || timer.at < next.at)) next = { id, ...timer };
      if (next === undefined) break;
      this.#timers.delete(next.id);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await settle();
    }
    this.#now = Math.max(this.#now, target);
  }
}

/** Waits in real time until all that is being sent has been answered, save what will never be. */
export async function settled(sending: { readonly count: number }, hanging = () => 0): Promise<void> {
  do await new Promise<void>((resolve) => setTimeout(resolve, 1));
  while (sending.count > hanging());
}

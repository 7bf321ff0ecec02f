import { Patience } from '../process/patience.ts';

const slowAfterMs = 20_000;

/**
 * How long a component is waited for: from the moment at which what its readiness depends on is there, and longer on a
 * busy machine. Says once that it is slow.
 */
export class StartDeadline {
  readonly #withinMs: number;
  readonly #note: (text: string) => void;
  readonly #component: string;
  #patience: Patience | undefined;
  #told = false;

  constructor(
    component: string,
    withinMs: number,
    options: { readonly awaited?: Promise<unknown> | undefined; readonly note: (text: string) => void },
  ) {
    this.#component = component;
    this.#withinMs = withinMs;
    this.#note = options.note;
    const begin = (): void => {
      this.#patience = new Patience(withinMs);
    };
    if (options.awaited === undefined) begin();
    else options.awaited.then(begin, begin);
  }

  /** Whether its time is over. To be asked at each look. */
  isOver(): boolean {
    if (this.#patience === undefined) return false;
    const over = this.#patience.isOver();
    if (!over && !this.#told && this.#patience.elapsedMs > slowAfterMs) {
      this.#told = true;
      this.#note(`${this.#component} is slow to start; the lab waits for it.`);
    }
    return over;
  }

  /** How long it was waited for, in words. */
  get waited(): string {
    const seconds = Math.round((this.#patience?.elapsedMs ?? 0) / 1000);
    const stated = this.#withinMs / 1000;
    return seconds > stated + 1
      ? `within ${seconds} s (${stated} s on a machine that is not busy)`
      : `within ${stated} s`;
  }
}

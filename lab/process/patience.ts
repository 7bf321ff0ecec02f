import { readFileSync } from 'node:fs';

/** Microseconds since boot in which some task waited for a processor (Linux PSI); undefined where the system does not tell. */
export function stalledMicros(): number | undefined {
  try {
    const total = /^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1];
    return total === undefined ? undefined : Number(total);
  } catch {
    return undefined;
  }
}

/** How much of a moment counts, at least: on a machine that has no time at all a deadline is five times as far. */
const leastShare = 0.2;
/** A longer stretch without a look is not held against anybody: a laptop slept, or this program had no processor itself. */
const longestLookMs = 2_000;
const lookMs = 100;

/** The clock, and what the operating system says of its processors. */
export interface Machine {
  readonly now: () => number;
  readonly stalledMicros: () => number | undefined;
}

const thisMachine: Machine = { now: () => performance.now(), stalledMicros };

/**
 * A deadline that does not count the machine's load against a component: time in which tasks waited for a processor
 * counts for a fifth. It is `withinMs` on a quiet machine, and at most five times as long on a busy one.
 */
export class Patience {
  readonly #withinMs: number;
  readonly #machine: Machine;
  readonly #beganMs: number;
  #counted = 0;
  #lastMs: number;
  #lastStall: number | undefined;

  constructor(withinMs: number, machine: Machine = thisMachine) {
    this.#withinMs = withinMs;
    this.#machine = machine;
    this.#beganMs = machine.now();
    this.#lastMs = this.#beganMs;
    this.#lastStall = machine.stalledMicros();
  }

  /** Milliseconds of the wall clock since it began. */
  get elapsedMs(): number {
    return this.#machine.now() - this.#beganMs;
  }

  /** Whether its time is over. To be asked again and again: it counts what passed between two looks. */
  isOver(): boolean {
    const now = this.#machine.now();
    const stall = this.#machine.stalledMicros();
    const passed = now - this.#lastMs;
    const stalled =
      stall === undefined || this.#lastStall === undefined ? 0 : (stall - this.#lastStall) / 1000;
    const share = passed <= 0 ? 1 : Math.max(leastShare, 1 - Math.max(0, stalled) / passed);
    this.#counted += Math.min(passed, longestLookMs) * share;
    this.#lastMs = now;
    this.#lastStall = stall;
    return this.#counted >= this.#withinMs;
  }
}

/** A signal that aborts when the patience is over. `done` lets go of its timer before. */
export function patientSignal(withinMs: number): { readonly signal: AbortSignal; done(): void } {
  const patience = new Patience(withinMs);
  const controller = new AbortController();
  const timer = setInterval(
    () => {
      if (!patience.isOver()) return;
      clearInterval(timer);
      controller.abort(new DOMException('Its time is over.', 'TimeoutError'));
    },
    Math.min(lookMs, withinMs),
  );
  timer.unref();
  return { signal: controller.signal, done: () => clearInterval(timer) };
}

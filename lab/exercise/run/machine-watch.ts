import { monitorEventLoopDelay } from 'node:perf_hooks';
import { stalledMicros } from '../../process/patience.ts';
import type { MachineSample } from './starvation.ts';

const everyMs = 500;
/** An hour of samples. */
const kept = 7_200;

/** Measures the machine while the engine measures the lab. */
export class MachineWatch {
  readonly #samples: MachineSample[] = [];
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  readonly #timer: NodeJS.Timeout;
  #lastMs = Date.now();
  #lastStallMicros = stalledMicros();

  constructor() {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#sample(), everyMs);
    this.#timer.unref();
  }

  get samples(): readonly MachineSample[] {
    return this.#samples;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #sample(): void {
    const now = Date.now();
    const lengthMs = now - this.#lastMs;
    const stall = stalledMicros();
    const cpuPressure =
      stall === undefined || this.#lastStallMicros === undefined || lengthMs <= 0
        ? null
        : Math.min(1, (stall - this.#lastStallMicros) / 1000 / lengthMs);
    // The histogram's resolution is part of every delay it records.
    const lagMs = Math.max(0, this.#delay.max / 1e6 - 10);
    this.#delay.reset();
    this.#lastMs = now;
    this.#lastStallMicros = stall;
    if (lengthMs > 0) this.#samples.push({ atMs: now, lengthMs, lagMs, cpuPressure });
    if (this.#samples.length > kept) this.#samples.shift();
  }
}

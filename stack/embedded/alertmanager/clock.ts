/** Time as the server sees it; tests bring their own. */
export interface Clock {
  now(): number;
  /** Calls back once after `delayMs`; the result cancels. */
  after(delayMs: number, call: () => void): () => void;
}

/** Node's timers overflow above 2^31-1 ms; waiting longer than this is cut into pieces. */
const longest = 2_000_000_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, call) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const step = Math.min(leftMs, longest);
      timer = setTimeout(() => (leftMs > step ? wait(leftMs - step) : call()), step);
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

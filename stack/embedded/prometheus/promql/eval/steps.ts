/** The times at which an expression is evaluated: start, start + step, … up to the end. */
export interface Steps {
  readonly startMs: number;
  readonly endMs: number;
  /** Never zero: an instant query has one step of any length. */
  readonly stepMs: number;
  readonly count: number;
}

export function makeSteps(startMs: number, endMs: number, stepMs: number): Steps {
  const count = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1;
  return { startMs, endMs, stepMs, count };
}

export function firstStep(steps: Steps): Steps {
  return { ...steps, endMs: steps.startMs, count: 1 };
}

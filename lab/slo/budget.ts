/** What an objective allows, and what is left of it. Pure. */
export interface Budget {
  /** The share of requests that may fail: 0.001 for 99.9 %. */
  readonly allowedRatio: number;
  /** Minutes of full outage that the window allows: 43.2 for 99.9 % over 30 days. */
  readonly allowedMinutes: number;
  /** Of the requests seen so far in the window. */
  readonly allowedRequests: number;
  readonly spentRequests: number;
  /** 1 is untouched, 0 is spent, below 0 overspent. */
  readonly remainingRatio: number;
  readonly remainingMinutes: number;
}

export function errorBudget(given: {
  readonly objective: number;
  readonly windowSeconds: number;
  readonly requests: number;
  readonly errors: number;
}): Budget {
  const allowedRatio = 1 - given.objective;
  const allowedMinutes = (allowedRatio * given.windowSeconds) / 60;
  const allowedRequests = allowedRatio * given.requests;
  const remainingRatio = given.requests === 0 ? 1 : 1 - given.errors / allowedRequests;
  return {
    allowedRatio,
    allowedMinutes,
    allowedRequests,
    spentRequests: given.errors,
    remainingRatio,
    remainingMinutes: remainingRatio * allowedMinutes,
  };
}

/** How many times faster than sustainable: 1 spends the budget exactly over its window. */
export function burnRate(errorRatio: number, objective: number): number {
  return errorRatio / (1 - objective);
}

/** How long what is left lasts at this burn rate; infinite when nothing burns, zero when nothing is left. */
export function secondsToExhaustion(remainingRatio: number, rate: number, windowSeconds: number): number {
  if (remainingRatio <= 0) return 0;
  return rate <= 0 ? Number.POSITIVE_INFINITY : (remainingRatio * windowSeconds) / rate;
}

export type PolicyStep = 'ship' | 'escalate' | 'alert' | 'halt';

/** What the team has agreed to do, by what is left of the budget. */
export function policyOf(remainingRatio: number): { readonly step: PolicyStep; readonly words: string } {
  if (remainingRatio <= 0)
    return { step: 'halt', words: 'the budget is spent: no feature releases until it is back' };
  if (remainingRatio < 0.1)
    return {
      step: 'alert',
      words: 'less than a tenth is left: everybody is told, only repairs are released',
    };
  if (remainingRatio < 0.5)
    return { step: 'escalate', words: 'less than half is left: reliability work comes first, as critical' };
  return { step: 'ship', words: 'more than half is left: ship' };
}

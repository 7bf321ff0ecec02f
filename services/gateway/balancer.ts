import type { Upstream } from './upstream.ts';

/**
 * The available upstream with the fewest outstanding requests. Among equals the turn goes round, so that an idle
 * system spreads its few requests too.
 */
export class Balancer {
  readonly #upstreams: readonly Upstream[];
  #turn = -1;

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
  }

  choose(tried: ReadonlySet<Upstream>): Upstream | undefined {
    // A retry belongs to its request's turn: else a failing upstream would come first every time.
    if (tried.size === 0) this.#turn++;
    const start = this.#turn % this.#upstreams.length;
    let best: Upstream | undefined;
    for (let step = 0; step < this.#upstreams.length; step++) {
      const candidate = this.#upstreams[(start + step) % this.#upstreams.length];
      if (candidate === undefined || tried.has(candidate) || !candidate.available) continue;
      if (best === undefined || candidate.outstanding < best.outstanding) best = candidate;
    }
    return best;
  }
}

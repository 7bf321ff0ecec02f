import type { Upstream } from './upstream.ts';

/**
 * The available upstream with the fewest outstanding requests. Among equals the turn goes round, so that an idle
 * system spreads its few requests too.
 */
export class Balancer {
  readonly #upstreams: readonly Upstream[];
  #turn = 0;

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
  }

  choose(tried: ReadonlySet<Upstream>): Upstream | undefined {
    const start = this.#turn++ % this.#upstreams.length;
    let best: Upstream | undefined;
    for (let step = 0; step < this.#upstreams.length; step++) {
      const candidate = this.#upstreams[(start + step) % this.#upstreams.length];
      if (candidate === undefined || tried.has(candidate) || !candidate.available) continue;
      if (best === undefined || candidate.outstanding < best.outstanding) best = candidate;
    }
    return best;
  }
}

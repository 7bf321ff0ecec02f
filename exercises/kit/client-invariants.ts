// What users feel, by the client's own record.
import type { Check, Invariant } from '../../lab/exercise/model/model.ts';
import { type TrafficProfileName, trafficProfiles } from '../../lab/traffic/profiles.ts';

const clientLink: Invariant['link'] = ({ observe }) =>
  observe.prometheus.link('sum by (status) (rate(http_requests_total{job="gateway"}[15s]))');

/** Nobody gets an error, or at most this share of all requests in percent. */
export function usersSeeNoErrors(violatedBy: string, atMostPercent = 0): Invariant {
  return {
    id: 'users-see-no-errors',
    claim:
      atMostPercent === 0
        ? 'users see no errors'
        : `at least ${100 - atMostPercent} % of the users' requests succeed`,
    pillar: 'traffic',
    query: 'client: answers 5xx, and requests without an answer',
    async measure({ ledger }, interval) {
      const { requests, errors } = ledger.count(interval);
      if (requests === 0) return { value: undefined, note: 'the client sent nothing' };
      return { value: (100 * errors) / requests, note: `${errors} of ${requests} requests` };
    },
    expect: { atMost: atMostPercent, unit: '%' },
    violatedBy,
    link: clientLink,
    next: 'look at the gateway: npm run lab -- logs gateway',
  };
}

/**
 * Users keep coming: without requests nothing is slow, and nothing is well. `share`: of the wanted requests, how many
 * have to be answered.
 */
export function usersKeepComing(load: TrafficProfileName, violatedBy: string, share = 0.8): Invariant {
  const wanted = trafficProfiles[load].requestsPerSecond;
  return {
    id: 'users-keep-coming',
    claim: `the load goes on, at ${wanted} requests a second`,
    pillar: 'traffic',
    query: 'client: answered requests a second',
    async measure({ ledger }, interval) {
      const fromMs = Math.ceil(interval.fromMs / 1000) * 1000;
      const toMs = Math.floor(interval.toMs / 1000) * 1000;
      if (toMs <= fromMs) return { value: undefined, note: 'the interval is shorter than a second' };
      const { requests } = ledger.count({ fromMs, toMs });
      return (1000 * requests) / (toMs - fromMs);
    },
    expect: { atLeast: share * wanted, unit: 'req/s' },
    violatedBy,
    link: clientLink,
    next: 'see whether the load runs: npm run lab -- exercise start takes it up again',
  };
}

/** Enough requests for a success rate to mean something; counted from the break on. */
export function usersWereServed(atLeast: number, load: TrafficProfileName): Check {
  return {
    id: 'users-were-served',
    claim: `users have been served ${atLeast} times since the break`,
    pillar: 'traffic',
    query: 'client: answered requests below 500',
    async measure({ ledger, timeline, clock }) {
      const { brokenAtMs } = timeline;
      if (brokenAtMs === undefined) return { value: 0, note: 'nothing is broken' };
      const { requests, errors } = ledger.count({ fromMs: brokenAtMs, toMs: clock.now() });
      return { value: requests - errors, note: `${errors} failed` };
    },
    expect: { atLeast, unit: 'requests' },
    withinSeconds: (2 * atLeast) / trafficProfiles[load].requestsPerSecond,
    seenOnce: true,
    link: clientLink,
    next: 'see whether the load runs: npm run lab -- exercise start takes it up again',
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { observedLocals } from '../../telemetry/observe-requests.ts';
import { Problem } from '../../telemetry/problem.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import { seededRandom } from '../seeded-random.ts';
import { defineFault, type EndFault, type ServiceFault } from '../service-fault.ts';

interface Active {
  latency?: { delayMs: number; endpoint?: string | undefined };
  errors?: { rate: number; status: number; endpoint?: string | undefined };
  rareError?: { oneIn: number };
  slowRare?: { oneIn: number; delayMs: number };
  /** Set while an episode lasts. */
  spike?: { delayMs: number };
  slowEndpoint?: { delayMs: number; endpoint: string };
  /** Set until as many requests have failed as the spike has. */
  errorSpike?: { status: number; endpoint?: string | undefined; left: number; over: () => void };
}

/** Faults that strike a request in its handler: before the work, inside the request's span. */
export function createRequestFaults(random: () => number = Math.random): {
  kinds: ServiceFault[];
  middleware: RequestHandler;
} {
  const active: Active = {};
  const hits = (endpoint: string | undefined, of: string | undefined) =>
    endpoint === undefined || endpoint === of;
  const kinds = [
    defineFault('latency', (params) => {
      active.latency = params;
      return () => {
        delete active.latency;
      };
    }),
    defineFault('errors', (params) => {
      active.errors = params;
      return () => {
        delete active.errors;
      };
    }),
    defineFault('rare-error', (params) => {
      active.rareError = params;
      return () => {
        delete active.rareError;
      };
    }),
    defineFault('slow-rare', (params) => {
      active.slowRare = params;
      return () => {
        delete active.slowRare;
      };
    }),
    defineFault('latency-spikes', ({ delayMs, ...when }) =>
      episodes(when, () => {
        active.spike = { delayMs };
        return () => {
          delete active.spike;
        };
      }),
    ),
    defineFault('slow-endpoint', ({ delayMs, endpoint, ...when }) =>
      episodes(when, () => {
        active.slowEndpoint = { delayMs, endpoint };
        return () => {
          delete active.slowEndpoint;
        };
      }),
    ),
    defineFault('error-spikes', ({ seed, everyMs, requests, status, endpoint }) => {
      const random = seededRandom(seed);
      let timer: NodeJS.Timeout;
      const wait = (ms: number): void => {
        timer = setTimeout(strike, ms).unref();
      };
      const over = (): void => {
        delete active.errorSpike;
        wait(everyMs * (0.75 + 0.5 * random()));
      };
      const strike = (): void => {
        active.errorSpike = { status, endpoint, left: requests, over };
      };
      // Who waits for the second one has the whole pause to look at the first.
      wait(firstSpikeAfterMs);
      return () => {
        clearTimeout(timer);
        delete active.errorSpike;
      };
    }),
  ];
  const middleware: RequestHandler = async (_request, response, next) => {
    const { endpoint } = observedLocals(response);
    const { latency, errors, rareError, slowRare, spike, slowEndpoint, errorSpike } = active;
    if (latency !== undefined && hits(latency.endpoint, endpoint)) await stall(latency.delayMs);
    if (spike !== undefined) await stall(spike.delayMs);
    if (slowEndpoint !== undefined && slowEndpoint.endpoint === endpoint) await stall(slowEndpoint.delayMs);
    if (slowRare !== undefined && random() < 1 / slowRare.oneIn) await stall(slowRare.delayMs);
    if (rareError !== undefined && random() < 1 / rareError.oneIn) {
      await inSpan('render response', {}, async () => {
        throw new TypeError("Cannot read properties of undefined (reading 'locale')");
      });
    }
    if (errors !== undefined && hits(errors.endpoint, endpoint) && random() < errors.rate) {
      throw new Problem(errors.status, 'internal-error', 'The service failed to handle the request.');
    }
    if (errorSpike !== undefined && hits(errorSpike.endpoint, endpoint)) {
      errorSpike.left -= 1;
      if (errorSpike.left === 0) errorSpike.over();
      throw new Problem(errorSpike.status, 'unavailable', 'The service is not available for a moment.');
    }
    next();
  };
  return { kinds, middleware };
}

/** The wait has a span of its own, so that a trace shows where the time went. */
async function stall(delayMs: number): Promise<void> {
  await inSpan('acquire lock', {}, () => sleep(delayMs));
}

const firstSpikeAfterMs = 500;

/**
 * Begins and ends `effect` again and again: each lasts `lastsMs`, and the pauses make it one in `everyMs` on average,
 * between 0.75 and 1.25 times the mean pause. The same seed gives the same moments.
 */
function episodes(
  { seed, lastsMs, everyMs }: { seed: number; lastsMs: number; everyMs: number },
  effect: () => () => void,
): EndFault {
  const random = seededRandom(seed);
  const meanPauseMs = Math.max(100, everyMs - lastsMs);
  let end: (() => void) | undefined;
  let timer: NodeJS.Timeout;
  const pause = (): void => {
    timer = setTimeout(strike, meanPauseMs * (0.75 + 0.5 * random())).unref();
  };
  const strike = (): void => {
    end = effect();
    timer = setTimeout(() => {
      end?.();
      end = undefined;
      pause();
    }, lastsMs).unref();
  };
  pause();
  return () => {
    clearTimeout(timer);
    end?.();
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { observedLocals } from '../../telemetry/observe-requests.ts';
import { Problem } from '../../telemetry/problem.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import {
  defineFault,
  delayMsSchema,
  type EndFault,
  type FaultKind,
  probabilitySchema,
} from '../fault-kind.ts';
import { seededRandom } from '../seeded-random.ts';

/** The route pattern that a fault is limited to; without it every endpoint is hit. */
const endpointSchema = z.string().startsWith('/').max(200).optional();
const oneInSchema = z.number().int().min(1).max(1_000_000);

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

/** Episodes that come again and again, at moments that the seed decides. */
const seedSchema = z.number().int().min(0).max(4_294_967_295);
const everyMsSchema = z.number().int().min(200).max(7_200_000);
const episodesShape = {
  seed: seedSchema,
  lastsMs: z.number().int().min(100).max(1_200_000),
  everyMs: everyMsSchema,
};

/** Faults that strike a request in its handler: before the work, inside the request's span. */
export function createRequestFaults(random: () => number = Math.random): {
  kinds: FaultKind[];
  middleware: RequestHandler;
} {
  const active: Active = {};
  const hits = (endpoint: string | undefined, of: string | undefined) =>
    endpoint === undefined || endpoint === of;
  const kinds = [
    defineFault('latency', { delayMs: delayMsSchema, endpoint: endpointSchema }, (params) => {
      active.latency = params;
      return () => {
        delete active.latency;
      };
    }),
    defineFault(
      'errors',
      {
        rate: probabilitySchema,
        status: z.number().int().min(400).max(599).default(500),
        endpoint: endpointSchema,
      },
      (params) => {
        active.errors = params;
        return () => {
          delete active.errors;
        };
      },
    ),
    defineFault('rare-error', { oneIn: oneInSchema }, (params) => {
      active.rareError = params;
      return () => {
        delete active.rareError;
      };
    }),
    defineFault('slow-rare', { oneIn: oneInSchema, delayMs: delayMsSchema }, (params) => {
      active.slowRare = params;
      return () => {
        delete active.slowRare;
      };
    }),
    defineFault('latency-spikes', { ...episodesShape, delayMs: delayMsSchema }, ({ delayMs, ...when }) =>
      episodes(when, () => {
        active.spike = { delayMs };
        return () => {
          delete active.spike;
        };
      }),
    ),
    defineFault(
      'slow-endpoint',
      { ...episodesShape, delayMs: delayMsSchema, endpoint: z.string().startsWith('/').max(200) },
      ({ delayMs, endpoint, ...when }) =>
        episodes(when, () => {
          active.slowEndpoint = { delayMs, endpoint };
          return () => {
            delete active.slowEndpoint;
          };
        }),
    ),
    defineFault(
      'error-spikes',
      {
        seed: seedSchema,
        everyMs: everyMsSchema,
        requests: z.number().int().min(1).max(100_000),
        status: z.number().int().min(400).max(599),
        endpoint: endpointSchema,
      },
      ({ seed, everyMs, requests, status, endpoint }) => {
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
      },
    ),
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

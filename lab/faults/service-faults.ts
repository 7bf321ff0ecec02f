import { z } from 'zod';
import type { FaultKind } from './fault.ts';
import { serviceFault } from './service-fault.ts';

const replicas = ['api-1', 'api-2', 'api-3'] as const;
const services = ['gateway', ...replicas] as const;

const ratio = z.coerce.number().gt(0, 'a share above 0').max(1, 'a share of at most 1');
const delayMs = z.coerce.number().int().min(1, 'at least 1 ms').max(30_000, 'at most 30000 ms');
const endpoint = z
  .string()
  .regex(/^\/[\w\-/:]{0,200}$/, 'a route pattern such as /api/v1/notes')
  .optional();
const seed = z.coerce.number().int().min(0, 'at least 0').max(4_294_967_295, 'at most 4294967295').default(1);
const everyMs = z.coerce.number().int().min(200, 'at least 200 ms').max(7_200_000, 'at most 7200000 ms');
/** Episodes that come again and again, at moments that the seed decides. */
const episodes = (lastsMs: number, meanMs: number) => ({
  seed,
  lastsMs: z.coerce
    .number()
    .int()
    .min(100, 'at least 100 ms')
    .max(1_200_000, 'at most 1200000 ms')
    .default(lastsMs),
  everyMs: everyMs.default(meanMs),
});
const oneIn = z.coerce.number().int().min(1, 'at least 1').max(1_000_000, 'at most 1000000');
const status = z.coerce.number().int().min(400, 'at least 400').max(599, 'at most 599');
const onEndpoint = (where: string | undefined): string => (where === undefined ? '' : ` on ${where}`);

/** The faults that a service carries inside itself. Ranges are those that the services enforce, or narrower. */
export const serviceFaults: readonly FaultKind[] = [
  serviceFault({
    id: 'slow-queries',
    summary: 'Every database query takes longer; its connection is held meanwhile.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({ delayMs: delayMs.default(500) }),
    paramsHelp: 'delayMs 1..30000 (500)',
    describe: (target, params) => `every query of ${target} takes ${params.delayMs} ms longer`,
  }),
  serviceFault({
    id: 'latency',
    summary: 'Requests wait before they are handled.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({ delayMs: delayMs.default(500), endpoint }),
    paramsHelp: 'delayMs 1..30000 (500), endpoint (all)',
    describe: (target, params) =>
      `requests wait ${params.delayMs} ms in ${target}${onEndpoint(params.endpoint)}`,
  }),
  serviceFault({
    id: 'errors',
    summary: 'A share of the requests is answered with an error.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({
      rate: ratio.default(0.1),
      status: status.default(500),
      endpoint,
    }),
    paramsHelp: 'rate 0..1 (0.1), status 400..599 (500), endpoint (all)',
    describe: (target, params) =>
      `${params.rate * 100} % of the requests of ${target} fail with ${params.status}${onEndpoint(params.endpoint)}`,
  }),
  serviceFault({
    id: 'rare-error',
    summary: 'One request in many fails.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({ oneIn: oneIn.default(1000) }),
    paramsHelp: 'oneIn 1..1000000 (1000)',
    describe: (target, params) => `one request in ${params.oneIn} of ${target} fails`,
  }),
  serviceFault({
    id: 'slow-rare',
    summary: 'One request in many is slow.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({ oneIn: oneIn.default(200), delayMs: delayMs.default(1000) }),
    paramsHelp: 'oneIn 1..1000000 (200), delayMs 1..30000 (1000)',
    describe: (target, params) =>
      `one request in ${params.oneIn} of ${target} takes ${params.delayMs} ms longer`,
  }),
  serviceFault({
    id: 'latency-spikes',
    summary: 'For a moment, every request is slow; again and again.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({ delayMs: delayMs.default(150), ...episodes(1_000, 6_000) }),
    paramsHelp: 'delayMs 1..30000 (150), lastsMs 100..1200000 (1000), everyMs 200..7200000 (6000), seed (1)',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, requests of ${target} take ${params.delayMs} ms longer for ${params.lastsMs} ms`,
  }),
  serviceFault({
    id: 'slow-endpoint',
    summary: 'One endpoint is slow for a while; again and again.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({
      delayMs: delayMs.default(900),
      endpoint: endpoint.unwrap().default('/api/v1/notes/search'),
      ...episodes(20_000, 42_000),
    }),
    paramsHelp:
      'delayMs 1..30000 (900), endpoint (/api/v1/notes/search), lastsMs 100..1200000 (20000), everyMs 200..7200000 (42000), seed (1)',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, ${params.endpoint} of ${target} takes ${params.delayMs} ms longer for ${params.lastsMs} ms`,
  }),
  serviceFault({
    id: 'error-spikes',
    summary: 'For a moment, every request fails; at once, and then again and again.',
    targets: services,
    defaultTarget: 'gateway',
    params: z.strictObject({
      requests: z.coerce.number().int().min(1, 'at least 1').max(100_000, 'at most 100000').default(10),
      everyMs: everyMs.default(90_000),
      seed,
      status: status.default(503),
      endpoint,
    }),
    paramsHelp:
      'requests 1..100000 (10), everyMs 200..7200000 (90000), status 400..599 (503), endpoint (all), seed (1)',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, the next ${params.requests} requests of ${target}${onEndpoint(params.endpoint)} fail with ${params.status}`,
  }),
  serviceFault({
    id: 'connection-leak',
    summary: 'Database connections are taken and never given back.',
    targets: replicas,
    defaultTarget: 'api-1',
    params: z.strictObject({
      perSecond: z.coerce.number().min(0.1, 'at least 0.1').max(10, 'at most 10').default(1),
    }),
    paramsHelp: 'perSecond 0.1..10 (1)',
    describe: (target, params) => `${target} loses ${params.perSecond} database connections a second`,
  }),
  serviceFault({
    id: 'memory-leak',
    summary: 'Memory is taken and never given back, up to a bound.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({
      mebibytesPerSecond: z.coerce.number().min(1, 'at least 1').max(50, 'at most 50').default(5),
      maxMebibytes: z.coerce.number().int().min(1, 'at least 1').max(512, 'at most 512').default(200),
    }),
    paramsHelp: 'mebibytesPerSecond 1..50 (5), maxMebibytes 1..512 (200)',
    describe: (target, params) =>
      `${target} leaks ${params.mebibytesPerSecond} MiB a second, ${params.maxMebibytes} MiB at most`,
  }),
  serviceFault({
    id: 'cpu-burn',
    summary: 'A share of the processor time is wasted.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({ utilization: ratio.default(0.8) }),
    paramsHelp: 'utilization 0..1 (0.8)',
    describe: (target, params) => `${target} wastes ${params.utilization * 100} % of a processor`,
  }),
  serviceFault({
    id: 'event-loop-block',
    summary: 'The event loop stands still again and again.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({
      blockMs: z.coerce.number().int().min(1, 'at least 1 ms').max(5_000, 'at most 5000 ms').default(300),
      everyMs: z.coerce
        .number()
        .int()
        .min(10, 'at least 10 ms')
        .max(60_000, 'at most 60000 ms')
        .default(1_000),
    }),
    paramsHelp: 'blockMs 1..5000 (300), everyMs 10..60000 (1000)',
    describe: (target, params) => `${target} stands still ${params.blockMs} ms of every ${params.everyMs} ms`,
  }),
  serviceFault({
    id: 'cardinality',
    summary: 'A metric grows new series all the time, up to a bound.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({
      seriesPerSecond: z.coerce.number().int().min(1, 'at least 1').max(1_000, 'at most 1000').default(50),
      maxSeries: z.coerce.number().int().min(1, 'at least 1').max(20_000, 'at most 20000').default(5_000),
    }),
    paramsHelp: 'seriesPerSecond 1..1000 (50), maxSeries 1..20000 (5000)',
    describe: (target, params) =>
      `${target} grows ${params.seriesPerSecond} series a second, up to ${params.maxSeries}`,
  }),
  serviceFault({
    id: 'debug-logging',
    summary: 'The service logs at debug level.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({}),
    paramsHelp: 'none',
    describe: (target) => `${target} logs at debug level`,
  }),
  serviceFault({
    id: 'log-level',
    summary: 'The service logs at another level.',
    targets: services,
    defaultTarget: 'api-1',
    params: z.strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug']).default('fatal') }),
    paramsHelp: 'level fatal, error, warn, info, debug (fatal)',
    describe: (target, params) => `${target} logs from the level ${params.level} on`,
  }),
  serviceFault({
    id: 'planted-errors',
    summary: 'Rare errors are logged, with a marker of their own.',
    targets: services,
    defaultTarget: 'gateway',
    params: z.strictObject({
      everyMs: z.coerce
        .number()
        .int()
        .min(100, 'at least 100 ms')
        .max(60_000, 'at most 60000 ms')
        .default(2_000),
      marker: z
        .string()
        .regex(/^[\w-]{4,64}$/, '4 to 64 letters, digits, - or _')
        .default('planted'),
    }),
    paramsHelp: 'everyMs 100..60000 (2000), marker (planted)',
    describe: (target, params) => `${target} logs a lost settlement every ${params.everyMs} ms`,
  }),
  serviceFault({
    id: 'logged-secret',
    summary: 'The service writes a secret into its log.',
    targets: services,
    defaultTarget: 'gateway',
    params: z.strictObject({}),
    paramsHelp: 'none',
    describe: (target) => `${target} writes its token into its log`,
  }),
  serviceFault({
    id: 'sampling',
    summary: 'Only a share of the traces is kept at the head.',
    targets: services,
    defaultTarget: 'gateway',
    params: z.strictObject({
      ratio: z.coerce.number().min(0, 'a share of at least 0').max(1, 'a share of at most 1').default(0.01),
    }),
    paramsHelp: 'ratio 0..1 (0.01)',
    describe: (target, params) => `${target} keeps ${params.ratio * 100} % of its traces`,
  }),
];
